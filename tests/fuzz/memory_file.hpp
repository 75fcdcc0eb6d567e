// A file in memory, for readers that take a path: a disk would be slower than they are.
#pragma once

#include <string>
#include <string_view>

namespace switchyard {

class MemoryFile {
 public:
  MemoryFile();
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  /// Replaces the content; returns the path.
  const std::string& hold(std::string_view content);

 private:
  int file_;
  std::string path_;
};

}  // namespace switchyard
