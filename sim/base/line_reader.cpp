// A buffer that slides over the file and always holds one whole line.
#include "sim/base/line_reader.hpp"

#include <cstring>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/quote.hpp"

namespace switchyard {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kFirstBuffer = 1 << 12;  // small files need no more; it grows with the file

bool is_ascii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

/// The first byte that starts no UTF-8 character; the length of the text when there is none.
std::size_t first_bad_byte(std::string_view text) {
  if (is_ascii(text)) return text.size();
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

}  // namespace

LineReader::LineReader(const std::string& path)
    : file_(std::make_unique<std::ifstream>(open_to_read(path))),
      in_(file_.get()),
      name_(one_line(path)),
      buffer_(kFirstBuffer) {}

LineReader::LineReader(std::istream& in, const std::string& name)
    : in_(&in), name_(one_line(name)), buffer_(kFirstBuffer) {}

bool LineReader::next(std::string_view& line) {
  std::size_t searched = 0;
  const char* newline = nullptr;
  for (;;) {
    const char* from = buffer_.data() + begin_ + searched;
    newline = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_ - searched));
    searched = end_ - begin_;
    if (newline != nullptr || searched > kLongest || !fill()) break;
  }
  const char* first = buffer_.data() + begin_;
  std::size_t length = newline != nullptr ? static_cast<std::size_t>(newline - first) : end_ - begin_;
  if (newline == nullptr && length == 0) return false;
  begin_ += length + (newline != nullptr ? 1 : 0);
  ++line_number_;
  if (std::memchr(first, '\0', length) != nullptr) fail("has a NUL byte; give a text file in UTF-8");
  if (length > kLongest) fail("is longer than " + std::to_string(kLongest) + " bytes; give shorter lines");
  if (length > 0 && first[length - 1] == '\r') --length;
  line = {first, length};
  if (line_number_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (const std::size_t bad = first_bad_byte(line); bad < line.size()) {
    fail("byte " + std::to_string(bad + 1) + " of the line, " + in_quotes(line.substr(bad, 1)) +
         ", is not UTF-8; save the file as UTF-8");
  }
  return true;
}

void LineReader::fail_at(std::int64_t line, const std::string& problem) const {
  throw InputError(name_, "line " + std::to_string(line) + ": " + problem);
}

/// Moves what is left to the front and reads more behind it, into a buffer twice as large up to that of two
/// longest lines; false at the end of the file.
bool LineReader::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (buffer_.size() < 2 * kLongest) buffer_.resize(2 * buffer_.size());
  in_->read(buffer_.data() + end_, static_cast<std::streamsize>(buffer_.size() - end_));
  if (in_->bad()) throw InputError(name_, "cannot be read to its end");
  end_ += static_cast<std::size_t>(in_->gcount());
  return in_->gcount() > 0;
}

}  // namespace switchyard
