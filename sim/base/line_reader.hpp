// The lines of a text file of any size in bounded memory: traces of ten million rows are read through it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <istream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard {

/// Lines end in "\n" or "\r\n"; the last may lack its end. A UTF-8 byte order mark is skipped.
/// Throws InputError "FILE: line 17: …" at a NUL byte (a binary file), at what is not UTF-8 and at a line
/// beyond kLongest.
class LineReader {
 public:
  static constexpr std::size_t kLongest = 1'000'000;  // bytes of a line

  /// Throws InputError when the file is missing, a directory or unreadable.
  explicit LineReader(const std::string& path);
  /// `in` must outlive the reader; `name` stands for the file in errors.
  LineReader(std::istream& in, const std::string& name);

  /// The next line without its end, valid until the next call; false at the end of the file.
  bool next(std::string_view& line);

  std::int64_t line_number() const { return line_number_; }  // of the last line read, from 1
  const std::string& name() const { return name_; }

  /// Throws InputError "FILE: line 17: problem" (of the last line read).
  [[noreturn]] void fail(const std::string& problem) const { fail_at(line_number_, problem); }
  [[noreturn]] void fail_at(std::int64_t line, const std::string& problem) const;

 private:
  bool fill();

  std::unique_ptr<std::ifstream> file_;
  std::istream* in_;
  std::string name_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of the text in the buffer that is still to be read
  std::size_t end_ = 0;
  std::int64_t line_number_ = 0;
};

}  // namespace switchyard
