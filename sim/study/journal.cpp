// Appending to a file that is locked as long as it is open; reading by place.
#include "sim/study/journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <thread>

#include "sim/base/files.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kLongestLine = 1'000'000;

struct Entry {
  std::uint64_t key;
  PointOutcome outcome;
};

std::string text_of(std::uint64_t key) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(key));
  return text;
}

/// parse_json() rather than the library's own: what is nested deep would overflow the stack when copied.
Json parse_line(const std::string& line) {
  try {
    return parse_json(line, "journal");
  } catch (const InputError&) {
    return nullptr;
  }
}

std::optional<Entry> parse_entry(const std::string& line) {
  const Json json = parse_line(line);
  if (!json.is_object() || !json.contains("key") || !json.contains("row") || !json["key"].is_string())
    return std::nullopt;
  const std::string& text = json["key"].get_ref<const std::string&>();
  std::uint64_t key = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), key, 16);
  std::optional<PointOutcome> outcome = outcome_from(json["row"]);
  if (error != std::errc() || end != text.data() + text.size() || !outcome) return std::nullopt;
  return Entry{key, std::move(*outcome)};
}

/// As std::getline, but a line too long for a journal is refused before it fills the memory.
bool next_line(std::istream& in, std::string& line, const std::string& path) {
  line.clear();
  std::array<char, 4096> piece{};
  while (in.getline(piece.data(), piece.size()), in.gcount() > 0) {
    const bool cut = in.fail() && !in.eof();
    line.append(piece.data(), static_cast<std::size_t>(in.gcount()) - (cut || in.eof() ? 0 : 1));
    if (!cut) return true;
    if (line.size() > kLongestLine) {
      throw InputError(path, "has a line of more than " + std::to_string(kLongestLine) +
                                 " bytes, so it is no journal; remove it or choose another folder");
    }
    in.clear();
  }
  return !line.empty();
}

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw InputError(path, what + ": " + std::strerror(errno));
}

}  // namespace

JournalReader::JournalReader(const std::string& path)
    : JournalReader(path, open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  find_entries();
}

JournalReader::JournalReader(std::string path, int file) : path_(std::move(path)), file_(file) {
  if (file_ < 0) refuse(path_, "cannot be opened");
}

JournalReader::~JournalReader() { close(file_); }

void JournalReader::find_entries() {
  std::ifstream in = open_to_read(path_);
  std::uint64_t offset = 0;
  for (std::string line; next_line(in, line, path_); offset += line.size() + 1) {
    if (const std::optional<Entry> entry = parse_entry(line)) entries_[entry->key] = {offset, line.size()};
  }
}

std::optional<PointOutcome> JournalReader::find(std::uint64_t key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  std::string line(found->second.length, '\0');
  const ssize_t got = pread(file_, line.data(), line.size(), static_cast<off_t>(found->second.offset));
  if (got < 0) refuse(path_, "cannot be read");
  std::optional<Entry> entry = parse_entry(line);
  if (!entry || entry->key != key)
    throw InputError(path_, "was changed by others while in use; run the sweep again");
  return std::move(entry->outcome);
}

Journal::Journal(const std::string& path, std::chrono::milliseconds patience)
    : JournalReader(path, open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  lock(patience);
  find_entries();
}

void Journal::add(std::uint64_t key, const PointOutcome& outcome) {
  const std::string line = Json({{"key", text_of(key)}, {"row", to_json(outcome)}})
                               .dump(-1, ' ', false, Json::error_handler_t::replace);
  const off_t size = lseek(file_, 0, SEEK_END);
  char last = '\n';
  if (size > 0 && pread(file_, &last, 1, size - 1) != 1) refuse(path_, "cannot be read");
  const std::string torn_end = last == '\n' ? "" : "\n";
  write_whole(torn_end + line + "\n");
  entries_[key] = {static_cast<std::uint64_t>(size) + torn_end.size(), line.size()};
}

void Journal::lock(std::chrono::milliseconds patience) const {
  constexpr std::chrono::milliseconds kPause{20};
  while (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return;  // a file system without locks
    if (patience <= std::chrono::milliseconds(0))
      throw InputError(path_, "is being written by another sweep; wait for its end, or give another folder");
    std::this_thread::sleep_for(kPause);
    patience -= kPause;
  }
}

void Journal::write_whole(const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = write(file_, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) refuse(path_, "cannot be written");
    done += static_cast<std::size_t>(written);
  }
}

}  // namespace switchyard
