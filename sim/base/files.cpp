// Whole files in and out.
#include "sim/base/files.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "sim/base/choices.hpp"
#include "sim/base/error.hpp"
#include "sim/base/quote.hpp"

namespace switchyard {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& path, const std::string& problem) {
  throw FileError(one_line(path), problem);
}

std::string reason() { return std::generic_category().message(errno); }

[[noreturn]] void refuse_size(const std::string& path, Bytes limit) {
  refuse(path, "is larger than " + to_text(limit) + "; give a smaller file");
}

/// The name nearest to the missing file's in its folder, for messages.
std::string near_file(const fs::path& path) {
  constexpr std::size_t kMost = 1000;
  std::vector<std::string> names;
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end && names.size() < kMost;
       entry.increment(error))
    names.push_back(entry->path().filename().string());
  const std::optional<std::string> near = near_miss(path.filename().string(), names);
  return near ? "; did you mean " + in_quotes(*near) + "?" : "; give the path of a file";
}

/// A pipe of a name of its own waits for a writer when it is opened; those under /dev and /proc have one.
void refuse_named_pipe(const std::string& path) {
  std::error_code error;
  if (!fs::is_fifo(path, error) || path.starts_with("/dev/") || path.starts_with("/proc/")) return;
  refuse(path, "is a named pipe; give a file");
}

void write_whole(const std::string& path, const std::function<void(std::ostream&)>& write) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (file) write(file);
  file.close();
  if (!file) throw std::system_error(errno == 0 ? EIO : errno, std::generic_category());
}

}  // namespace

bool is_path(std::string_view text) { return text.find('/') != text.npos || text.ends_with(".json"); }

std::string absolute_path(const std::string& folder, const std::string& path) {
  return fs::absolute(fs::path(folder) / path).lexically_normal().string();
}

std::ifstream open_to_read(const std::string& path) {
  if (path.empty()) throw InputError("file name", "is empty; give the path of a file");
  std::error_code error;
  if (fs::is_directory(path, error)) refuse(path, "is a directory; give a file");
  refuse_named_pipe(path);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file && errno == ENOENT) refuse(path, "cannot be read: " + reason() + near_file(path));
  if (!file) refuse(path, "cannot be read: " + reason() + "; give the path of a file that can be read");
  return file;
}

std::string read_text_file(const std::string& path, Bytes limit) {
  std::ifstream file = open_to_read(path);
  std::error_code error;
  // A pipe or a device has no size: what it gives is counted below.
  const auto size = fs::is_regular_file(path, error) ? fs::file_size(path, error) : 0;
  if (!error && static_cast<double>(size) > limit.value()) refuse_size(path, limit);
  std::string text;
  constexpr std::size_t kLeastChunk = 1 << 14;
  while (file) {
    const std::size_t before = text.size();
    const std::size_t chunk = std::max(kLeastChunk, before);
    text.resize(before + chunk);
    file.read(text.data() + before, static_cast<std::streamsize>(chunk));
    text.resize(before + static_cast<std::size_t>(file.gcount()));
    if (static_cast<double>(text.size()) > limit.value()) refuse_size(path, limit);
  }
  if (file.bad()) refuse(path, "cannot be read: " + reason());
  return text;
}

void write_file_atomically(const std::string& path, std::string_view text) {
  write_file_atomically(
      path, [&](std::ostream& out) { out.write(text.data(), static_cast<std::streamsize>(text.size())); });
}

void write_file_atomically(const std::string& path, const std::function<void(std::ostream&)>& write) {
  if (path.empty()) throw InputError("file name", "is empty; give the path of a file");
  std::error_code error;
  if (fs::is_directory(path, error)) refuse(path, "is a directory; give a file");
  const std::string partial = path + ".partial-" + std::to_string(getpid());
  try {
    write_whole(partial, write);
    fs::rename(partial, path);
  } catch (const std::system_error& failure) {
    fs::remove(partial, error);
    refuse(path, "cannot be written: " + failure.code().message());
  }
}

void make_folder(const std::string& path) {
  if (path.empty()) throw InputError("folder name", "is empty; give the path of a folder");
  std::error_code error, ignored;
  if (!fs::is_directory(path, error)) {
    if (fs::exists(path, error)) refuse(path, "is a file; give a folder");
    fs::create_directories(path, error);
    if (!fs::is_directory(path, ignored)) {
      refuse(path, "cannot be made: " + error.message() + "; give a folder that can be written to");
    }
  }
  const std::string trial = path + "/.trial-" + std::to_string(getpid());
  errno = 0;
  if (!std::ofstream(trial)) refuse(path, "cannot be written to: " + reason() + "; give another folder");
  fs::remove(trial, ignored);
}

}  // namespace switchyard
