// A file of memfd_create, reached through /proc.
#include "tests/fuzz/memory_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>

namespace switchyard {

MemoryFile::MemoryFile() : file_(memfd_create("fuzz", MFD_CLOEXEC)) {
  if (file_ < 0) throw std::runtime_error("cannot make a file in memory");
  path_ = "/proc/self/fd/" + std::to_string(file_);
}

MemoryFile::~MemoryFile() { close(file_); }

const std::string& MemoryFile::hold(std::string_view content) {
  const bool cut = ftruncate(file_, 0) == 0;
  const ssize_t written = pwrite(file_, content.data(), content.size(), 0);
  if (!cut || written != static_cast<ssize_t>(content.size()))
    throw std::runtime_error("cannot write a file in memory");
  return path_;
}

}  // namespace switchyard
