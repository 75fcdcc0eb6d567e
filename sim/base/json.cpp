// Parsing: the library's event parser (which does not recurse) drives a builder that refuses what a tree
// would hide: duplicate keys and deep nesting.
#include "sim/base/json.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "sim/base/quote.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kMostKeys = 10'000;     // of an object
constexpr std::size_t kMostValues = 500'000;  // of a text

/// "line 3, column 7": of the byte at `offset`; columns count characters.
std::string position(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::string_view row = before.substr(before.rfind('\n') + 1);
  const auto column = std::count_if(row.begin(), row.end(), [](char c) { return (c & 0xc0) != 0x80; }) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// A walk over the text that tells how far the parser has read.
struct Cursor {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  const char** reached;

  reference operator*() const { return *at; }
  Cursor& operator++() {
    *reached = ++at;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at == other.at; }
  bool operator!=(const Cursor& other) const { return at != other.at; }
};

/// Receives the parser's events and builds values from the inside out, so that nothing is copied or searched
/// twice.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, std::string source)
      : text_(text), source_(std::move(source)), reached_(text.data()) {}

  Json build() {
    const Cursor first{text_.data(), &reached_};
    const Cursor last{text_.data() + text_.size(), &reached_};
    const bool strict = true;  // nothing may follow the value
    const bool ignore_comments = true;
    Json::sax_parse(first, last, this, nlohmann::detail::input_format_t::json, strict, ignore_comments);
    return std::move(root_);
  }

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(Json::number_integer_t value) { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return add(value); }
  bool number_float(Json::number_float_t value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t& value) { return add(std::move(value)); }

  bool start_object(std::size_t) { return open(); }
  bool start_array(std::size_t) { return open(); }

  bool key(std::string& name) {
    Frame& frame = frames_.back();
    if (!frame.names.insert(name).second)
      fail(reached(), "duplicate key " + in_quotes(name) + "; give it once");
    if (frame.keys.size() == kMostKeys)
      fail(reached(), "more than " + std::to_string(kMostKeys) + " keys in an object; give fewer");
    frame.keys.push_back(std::move(name));
    return true;
  }

  bool end_object() {
    Frame frame = close();
    Json::object_t object;
    object.reserve(frame.values.size());
    for (std::size_t i = 0; i < frame.values.size(); ++i) {
      object.emplace_back(std::move(frame.keys[i]), std::move(frame.values[i]));
    }
    return add(std::move(object));
  }

  bool end_array() { return add(close().values); }

  bool parse_error(std::size_t characters_read, const std::string& token,
                   const nlohmann::detail::exception& error) {
    constexpr int kNumberOverflow = 406;
    const std::size_t offset = characters_read == 0 ? 0 : characters_read - 1;
    if (error.id == kNumberOverflow) {
      fail(characters_read - token.size(),
           "number " + one_line(token, 40) + " is too large; give one below 1.8e308");
    }
    std::string_view message =
        error.what();  // "[json.exception…] parse error at line 1, column 5: what is wrong"
    if (const auto colon = message.find(": "); colon != std::string_view::npos)
      message.remove_prefix(colon + 2);
    fail(offset, one_line(message));
  }

 private:
  /// An object or a list whose end is still to come.
  struct Frame {
    std::vector<Json> values;
    std::vector<std::string> keys;  // of an object
    std::unordered_set<std::string> names;
  };

  bool open() {
    if (frames_.size() == kDeepestJson)
      fail(reached(), "nested deeper than " + std::to_string(kDeepestJson) + " levels; give a flatter text");
    frames_.emplace_back();
    return true;
  }

  Frame close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    return frame;
  }

  bool add(Json value) {
    if (++values_ > kMostValues)
      fail(reached(), "more than " + std::to_string(kMostValues) + " values; give a shorter text");
    if (frames_.empty()) {
      root_ = std::move(value);
    } else {
      frames_.back().values.push_back(std::move(value));
    }
    return true;
  }

  std::size_t reached() const { return static_cast<std::size_t>(reached_ - text_.data()) - 1; }

  [[noreturn]] void fail(std::size_t offset, const std::string& problem) const {
    throw InputError(source_, position(text_, offset) + ": " + problem);
  }

  std::string_view text_;
  std::string source_;
  const char* reached_;
  std::vector<Frame> frames_;
  std::size_t values_ = 0;
  Json root_;
};

void refuse_binary(std::string_view text, const std::string& source) {
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t length = text[offset] == '\0' ? 0 : utf8_length(text.substr(offset));
    if (length == 0) {
      throw InputError(source, position(text, offset) + ": byte " + in_quotes(text.substr(offset, 1)) +
                                   " at offset " + std::to_string(offset) +
                                   " is not UTF-8 text; save the file as UTF-8");
    }
    offset += length;
  }
}

}  // namespace

Json parse_json(std::string_view text, const std::string& source) {
  const std::string name = one_line(source);
  if (text.find_first_not_of(" \t\r\n") == text.npos) throw InputError(name, "is empty; give JSON");
  refuse_binary(text, name);
  return TreeBuilder(text, name).build();
}

std::string pretty(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json read_json_file(const std::string& path, Bytes limit) {
  return parse_json(read_text_file(path, limit), path);
}

}  // namespace switchyard
