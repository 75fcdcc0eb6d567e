// The library's event parser, which does not recurse, with a receiver that keeps the wanted members alone.
#include "workloads/requests/json_lines.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sim/base/quote.hpp"
#include "sim/base/text.hpp"
#include "workloads/requests/lengths.hpp"

namespace switchyard {
namespace {

/// Events of the parser. Members are taken at depth 1 of an object, after a key that is wanted.
class Receiver {
 public:
  explicit Receiver(const std::vector<std::string>& keys) : keys_(keys), members_(keys.size()) {}

  std::vector<Json> take() {
    if (!is_object_) throw std::invalid_argument("is not a JSON object; give one object a line");
    return std::move(members_);
  }

  bool null() { return keep(nullptr); }
  bool boolean(bool value) { return keep(value); }
  bool number_integer(Json::number_integer_t value) { return keep(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return keep(value); }
  bool number_float(Json::number_float_t value, const std::string&) { return keep(value); }
  bool string(std::string& value) { return wanted_ == kNone || keep(value); }
  bool binary(Json::binary_t&) { return true; }
  bool key(std::string& name) {
    if (depth_ != 1 || !is_object_) return true;
    wanted_ = static_cast<std::size_t>(std::find(keys_.begin(), keys_.end(), name) - keys_.begin());
    if (wanted_ == keys_.size()) {
      wanted_ = kNone;
    } else if (std::find(seen_.begin(), seen_.end(), wanted_) != seen_.end()) {
      throw std::invalid_argument("duplicate key " + in_quotes(name) + "; give it once");
    } else {
      seen_.push_back(wanted_);
    }
    return true;
  }
  bool start_object(std::size_t) {
    if (depth_ == 0) is_object_ = true;
    return open(Json::object());
  }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool parse_error(std::size_t characters_read, const std::string& token,
                   const nlohmann::detail::exception& error) {
    constexpr int kNumberOverflow = 406;
    const auto column = [](std::size_t number) { return "column " + std::to_string(number) + ": "; };
    if (error.id == kNumberOverflow)
      throw std::invalid_argument(column(characters_read - token.size() + 1) + "number " +
                                  one_line(token, 40) + " is too large");
    std::string_view message = error.what();  // "[json.exception…] parse error at …, column 5: what is wrong"
    if (const auto colon = message.find(": "); colon != std::string_view::npos)
      message.remove_prefix(colon + 2);
    throw std::invalid_argument(column(std::max<std::size_t>(characters_read, 1)) + one_line(message) +
                                "; give one JSON object a line");
  }

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};

  bool keep(Json value) {
    if (wanted_ != kNone && depth_ == 1) members_[std::exchange(wanted_, kNone)] = std::move(value);
    return true;
  }
  bool open(Json empty) {
    keep(std::move(empty));
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }

  const std::vector<std::string>& keys_;
  std::vector<Json> members_;
  std::vector<std::size_t> seen_;  // the keys that the line has given
  std::size_t wanted_ = kNone;     // whose value comes next
  std::size_t depth_ = 0;
  bool is_object_ = false;
};

}  // namespace

JsonLines::JsonLines(const std::string& path, std::vector<std::string> keys)
    : lines_(path), keys_(std::move(keys)), members_(keys_.size()) {}

bool JsonLines::next() {
  std::string_view line;
  do {
    if (!lines_.next(line)) return false;
  } while (trimmed(line).empty());
  try {
    members_ = read_members(line, keys_);
  } catch (const std::invalid_argument& error) {
    lines_.fail(error.what());
  }
  return true;
}

double JsonLines::number(std::size_t key) const {
  if (!members_[key].is_number()) fail(key, shown(key) + " is not a number; give one that is finite");
  return members_[key].get<double>();
}

std::int64_t JsonLines::tokens(std::size_t key) const {
  const std::string give = "; give a number of tokens from 1 to " + std::to_string(kMaxTokens);
  const Json& member = members_[key];
  if (!member.is_number_integer()) fail(key, shown(key) + " is not an integer" + give);
  const bool huge =
      member.is_number_unsigned() && member.get<std::uint64_t>() > static_cast<std::uint64_t>(kMaxTokens);
  const std::int64_t count = huge ? 0 : member.get<std::int64_t>();
  if (count < 1 || count > kMaxTokens) fail(key, shown(key) + " is out of range" + give);
  return count;
}

void JsonLines::fail(std::size_t key, const std::string& problem) const {
  lines_.fail(keys_[key] + ": " + problem);
}

std::string JsonLines::shown(std::size_t key) const {
  const Json& member = members_[key];
  if (member.is_string()) return in_quotes(member.get_ref<const std::string&>());
  if (member.is_array()) return "a list";
  return member.is_object() ? "an object" : member.dump();
}

std::vector<Json> read_members(std::string_view line, const std::vector<std::string>& keys) {
  Receiver receiver(keys);
  const bool strict = true;  // nothing may follow the value
  Json::sax_parse(line.begin(), line.end(), &receiver, nlohmann::detail::input_format_t::json, strict);
  return receiver.take();
}

bool has_members(std::string_view line, const std::vector<std::string>& keys) {
  try {
    const std::vector<Json> members = read_members(line, keys);
    return std::none_of(members.begin(), members.end(), [](const Json& member) { return member.is_null(); });
  } catch (const std::invalid_argument&) {
    return false;
  }
}

}  // namespace switchyard
