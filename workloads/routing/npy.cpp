// A header is a Python dictionary, {'descr': '<i4', 'fortran_order': False, 'shape': (54, 48, 8), }.
#include "workloads/routing/npy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "sim/base/quote.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kLongestHeader = 10'000;
constexpr std::size_t kMostDimensions = 32;  // NumPy's
constexpr std::int64_t kMostElements = std::int64_t{1} << 40;
constexpr std::string_view kMagic = "\x93NUMPY";

[[noreturn]] void refuse(const std::string& problem) { throw std::invalid_argument(problem); }

/// Reads the dictionary from front to back.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : rest_(text) {}

  NpyArray read() {
    NpyArray array;
    take('{');
    while (!accept('}')) {
      const std::string key = quoted();
      if (std::find(seen_.begin(), seen_.end(), key) != seen_.end())
        refuse("the header has " + in_quotes(key) + " twice");
      take(':');
      if (key == "descr") array.type = type();
      else if (key == "fortran_order") refuse_columns_first();
      else if (key == "shape") array.shape = shape();
      else refuse("the header has the unknown key " + in_quotes(key));
      seen_.push_back(key);
      if (accept(',')) continue;
      take('}');
      break;
    }
    skip_blanks();
    if (!rest_.empty()) refuse("text follows the header's dictionary: " + in_quotes(rest_, 20));
    if (seen_.size() != 3) refuse("the header lacks one of 'descr', 'fortran_order' and 'shape'");
    return array;
  }

 private:
  void skip_blanks() {
    const std::size_t next = rest_.find_first_not_of(" \n\t");
    rest_.remove_prefix(next == rest_.npos ? rest_.size() : next);
  }
  bool accept(char c) {
    skip_blanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void take(char c) {
    if (!accept(c))
      refuse("the header is no dictionary of an array: " + std::string(1, c) + " is missing before " +
             in_quotes(rest_, 20));
  }
  bool accept_word(std::string_view word) {
    skip_blanks();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  std::string quoted() {
    skip_blanks();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const std::size_t end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : rest_.npos;
    if (end == rest_.npos) refuse("the header has no name in quotes at " + in_quotes(rest_, 20));
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return text;
  }
  std::string type() {
    skip_blanks();
    if (rest_.starts_with('[')) refuse("holds records; give an array of whole numbers");
    std::string type = quoted();
    if (type.size() == 3 && type[0] == '>')
      refuse("is of " + in_quotes(type) + ", high bytes first; save it with .astype('<i4')");
    const bool known = type.size() == 3 && (type[0] == '<' || type[0] == '|') &&
                       std::string_view("iufb").find(type[1]) != std::string_view::npos &&
                       std::string_view("1248").find(type[2]) != std::string_view::npos;
    if (!known) refuse("is of type " + in_quotes(type) + "; save it with .astype('<i4')");
    return type;
  }
  void refuse_columns_first() {
    if (accept_word("True")) refuse("is stored columns first; save numpy.ascontiguousarray() of it");
    if (!accept_word("False")) refuse("the header's 'fortran_order' is neither True nor False");
  }
  std::vector<std::int64_t> shape() {
    std::vector<std::int64_t> shape;
    take('(');
    while (!accept(')')) {
      shape.push_back(length());
      if (shape.size() > kMostDimensions) refuse("has more than 32 dimensions");
      if (accept(',')) continue;
      take(')');
      break;
    }
    std::int64_t elements = 1;
    for (const std::int64_t size : shape) {
      if (size != 0 && elements > kMostElements / size) refuse("has more than 2^40 elements");
      elements *= size;
    }
    return shape;
  }
  std::int64_t length() {
    skip_blanks();
    std::int64_t value = -1;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || value < 0 || value > kMostElements)
      refuse("the header's shape has no length at " + in_quotes(rest_, 20));
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }

  std::string_view rest_;
  std::vector<std::string> seen_;
};

}  // namespace

std::size_t NpyArray::element_bytes() const { return static_cast<std::size_t>(type[2] - '0'); }

NpyArray read_npy_header(const ByteSource& next) {
  std::array<unsigned char, 8> start{};
  next(start);
  if (!std::equal(kMagic.begin(), kMagic.end(), reinterpret_cast<const char*>(start.data())))
    refuse("is no NumPy array: it does not begin with \\x93NUMPY");
  const unsigned major = start[6];
  if (major < 1 || major > 3) refuse("is of version " + std::to_string(major) + " of .npy; 1 to 3 are known");
  std::array<unsigned char, 4> bytes{};
  next(std::span(bytes).first(major == 1 ? 2 : 4));
  std::size_t size = 0;
  for (std::size_t i = 4; i-- > 0;) size = size << 8 | bytes[i];
  if (size > kLongestHeader)
    refuse("has a header of " + std::to_string(size) + " bytes; at most 10000 are read");
  std::string text(size, '\0');
  next({reinterpret_cast<unsigned char*>(text.data()), size});
  return HeaderReader(text).read();
}

std::string npy_header(std::string_view type, std::span<const std::int64_t> shape) {
  std::string text = "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (";
  for (const std::int64_t size : shape) text += std::to_string(size) + ", ";
  if (shape.size() > 1) text.resize(text.size() - 2);
  text += "), }";
  constexpr std::size_t kStart = 10;  // magic, version and the length itself
  text.append(63 - (kStart + text.size()) % 64, ' ');
  text += '\n';
  std::string header(kMagic);
  header += {'\x01', '\0', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace switchyard
