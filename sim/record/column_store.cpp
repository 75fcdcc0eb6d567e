// The nameless temporary file behind the tables of a log.
#include "sim/record/column_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace switchyard {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), "temporary file of the run's log: " + what);
}

int open_unlinked_file() {
  std::string path = (std::filesystem::temp_directory_path() / "switchyard-log-XXXXXX").string();
  const int file = mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) fail("cannot create " + path);
  unlink(path.c_str());
  return file;
}

}  // namespace

ChunkSpace::~ChunkSpace() {
  if (file_ != kNoFile) close(file_);
}

ChunkSpace::Place ChunkSpace::place(Bytes size) {
  if (held_ + size > limit_) return Place::file;
  held_ += size;
  return Place::memory;
}

std::uint64_t ChunkSpace::write(const void* data, std::size_t size) {
  if (file_ == kNoFile) file_ = open_unlinked_file();
  const std::uint64_t begin = end_;
  const char* bytes = static_cast<const char*>(data);
  for (std::size_t done = 0; done < size;) {
    const ssize_t count = pwrite(file_, bytes + done, size - done, static_cast<off_t>(end_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot write");
    done += static_cast<std::size_t>(count);
    end_ += static_cast<std::uint64_t>(count);
  }
  return begin;
}

void ChunkSpace::read(void* data, std::size_t size, std::uint64_t offset) const {
  char* bytes = static_cast<char*>(data);
  for (std::size_t done = 0; done < size;) {
    const ssize_t count = pread(file_, bytes + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = EIO;
    if (count <= 0) fail("cannot read back");
    done += static_cast<std::size_t>(count);
  }
}

}  // namespace switchyard
