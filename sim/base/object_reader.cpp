// Reading an object key by key, and the messages when a member is not what it should be.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "sim/base/json.hpp"
#include "sim/base/quote.hpp"

namespace switchyard {
namespace {

std::string decimal(double value) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end.ptr};
}

std::string wanted(const IntegerRange& range) {
  const bool from = range.min != std::numeric_limits<std::int64_t>::min();
  const bool to = range.max != std::numeric_limits<std::int64_t>::max();
  if (from && to) return "an integer from " + std::to_string(range.min) + " to " + std::to_string(range.max);
  if (from) return "an integer of at least " + std::to_string(range.min);
  return to ? "an integer of at most " + std::to_string(range.max) : "an integer";
}

std::string wanted(const NumberRange& range) {
  const bool from = range.min > std::numeric_limits<double>::lowest();
  const bool to = range.max < std::numeric_limits<double>::max();
  const bool open = range.ends == NumberRange::Ends::open_below;
  if (from && open)
    return "a number above " + decimal(range.min) + (to ? " and at most " + decimal(range.max) : "");
  if (from && to) return "a number from " + decimal(range.min) + " to " + decimal(range.max);
  if (from) return "a number of at least " + decimal(range.min);
  return to ? "a number of at most " + decimal(range.max) : "a number";
}

bool within(double value, const NumberRange& range) {
  const bool above = range.ends == NumberRange::Ends::open_below ? value > range.min : value >= range.min;
  return above && value <= range.max;
}

/// As wanted(), with both ends: for an integer beyond them.
std::string wanted_to_the_end(const IntegerRange& range) {
  if (range.min == std::numeric_limits<std::int64_t>::min()) return wanted(range);
  return "an integer from " + std::to_string(range.min) + " to " + std::to_string(range.max);
}

/// "1e18", and an integer token beyond 64 bits, which is read as a double: out of range rather than no
/// integer.
bool is_integer_beyond(const Json& value, const IntegerRange& range) {
  if (!value.is_number_float()) return false;
  const double number = value.get<double>();
  return number == std::trunc(number) &&
         (number < static_cast<double>(range.min) || number > static_cast<double>(range.max));
}

bool is_beyond_64_bits(const Json& value) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX};
}

const Json& empty_object() {
  static const Json empty = Json::object();
  return empty;
}

}  // namespace

std::string nature(const Json& value) {
  constexpr std::size_t kFew = 8;
  if (value.is_string()) return in_quotes(value.get_ref<const std::string&>()) + " is text";
  if (value.is_boolean()) return value.dump() + " is a boolean";
  if (value.is_number()) return value.dump() + " is a number";
  if (value.is_null()) return "null is no value";
  const std::string kind = value.is_array() ? "a list" : "an object";
  if (value.size() > kFew) return "is " + kind + " of " + std::to_string(value.size());
  return one_line(value.dump(-1, ' ', false, Json::error_handler_t::replace), 60) + " is " + kind;
}

ObjectReader::ObjectReader(const Json& value, const std::string& source, std::string pointer)
    : value_(&value), source_(one_line(source)), pointer_(std::move(pointer)) {
  if (value.is_object()) return;
  throw InputError(pointer_.empty() ? source_ : source_ + ": " + pointer_,
                   nature(value) + "; give an object");
}

bool ObjectReader::has(std::string_view key) const {
  const auto member = value_->find(std::string(key));
  return member != value_->end() && !member->is_null();
}

const Json& ObjectReader::raw(std::string_view key, const std::string& wanted_value) {
  const Json* value = optional_raw(key);
  if (value == nullptr) miss(key, "give " + wanted_value);
  return *value;
}

const Json* ObjectReader::optional_raw(std::string_view key) {
  known(key);
  const auto member = value_->find(std::string(key));
  return member == value_->end() || member->is_null() ? nullptr : &*member;
}

std::string ObjectReader::text(std::string_view key) {
  const Json* value = optional_raw(key);
  if (value == nullptr) miss(key, "give text");
  if (!value->is_string()) fail(key, nature(*value) + "; give text");
  return value->get<std::string>();
}

std::string ObjectReader::optional_text(std::string_view key, std::string fallback) {
  return optional_raw(key) == nullptr ? std::move(fallback) : text(key);
}

std::int64_t ObjectReader::integer(std::string_view key, IntegerRange range) {
  const Json* value = optional_raw(key);
  const std::string give = "; give " + wanted(range);
  if (value == nullptr) miss(key, "give " + wanted(range));
  if (!value->is_number()) fail(key, nature(*value) + give);
  if (is_integer_beyond(*value, range) || is_beyond_64_bits(*value))
    fail(key, value->dump() + " is out of range; give " + wanted_to_the_end(range));
  if (!value->is_number_integer()) fail(key, value->dump() + " is not an integer" + give);
  const auto number = value->get<std::int64_t>();
  if (number < range.min || number > range.max) fail(key, value->dump() + " is out of range" + give);
  return number;
}

std::int64_t ObjectReader::optional_integer(std::string_view key, std::int64_t fallback, IntegerRange range) {
  return maybe_integer(key, range).value_or(fallback);
}

std::optional<std::int64_t> ObjectReader::maybe_integer(std::string_view key, IntegerRange range) {
  if (optional_raw(key) == nullptr) return std::nullopt;
  return integer(key, range);
}

std::vector<std::int64_t> ObjectReader::optional_integers(std::string_view key,
                                                          std::vector<std::int64_t> fallback,
                                                          IntegerRange range) {
  const Json* list = optional_raw(key);
  if (list == nullptr) return fallback;
  if (!list->is_array()) fail(key, nature(*list) + "; give a list of integers");
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < list->size(); ++i) {  // each read as a member, so that messages name its place
    const Json member = {{std::to_string(i), (*list)[i]}};
    numbers.push_back(ObjectReader(member, source_, pointer(key)).integer(std::to_string(i), range));
  }
  return numbers;
}

double ObjectReader::number(std::string_view key, NumberRange range) {
  const Json* value = optional_raw(key);
  const std::string give = "; give " + wanted(range);
  if (value == nullptr) miss(key, "give " + wanted(range));
  if (!value->is_number()) fail(key, nature(*value) + give);
  const double number = value->get<double>();
  if (!within(number, range)) fail(key, value->dump() + " is out of range" + give);
  return number;
}

double ObjectReader::optional_number(std::string_view key, double fallback, NumberRange range) {
  return optional_raw(key) == nullptr ? fallback : number(key, range);
}

bool ObjectReader::optional_boolean(std::string_view key, bool fallback) {
  const Json* value = optional_raw(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) fail(key, nature(*value) + "; give true or false");
  return value->get<bool>();
}

std::string ObjectReader::choice(std::string_view key, std::span<const std::string> names) {
  const Json* value = optional_raw(key);
  if (value == nullptr) miss(key, choices("", names));
  if (!value->is_string()) fail(key, nature(*value) + "; " + choices("", names));
  std::string name = value->get<std::string>();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    fail(key, "unknown name " + in_quotes(name) + "; " + choices(name, names));
  }
  return name;
}

std::string ObjectReader::optional_choice(std::string_view key, std::string fallback,
                                          std::span<const std::string> names) {
  return optional_raw(key) == nullptr ? std::move(fallback) : choice(key, names);
}

ObjectReader ObjectReader::object(std::string_view key) {
  const Json* value = optional_raw(key);
  if (value == nullptr) miss(key, "give an object");
  return {*value, source_, pointer(key)};
}

ObjectReader ObjectReader::optional_object(std::string_view key) {
  const Json* value = optional_raw(key);
  return {value == nullptr ? empty_object() : *value, source_, pointer(key)};
}

void ObjectReader::known(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
}

std::vector<std::string> ObjectReader::keys() const {
  std::vector<std::string> result;
  for (const auto& [key, value] : value_->get_ref<const Json::object_t&>()) result.push_back(key);
  return result;
}

void ObjectReader::finish() const {
  for (const auto& [key, value] : value_->get_ref<const Json::object_t&>()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    fail(key, "unknown key " + in_quotes(key) + "; " + choices(key, known_));
  }
}

void ObjectReader::fail(std::string_view key, const std::string& problem) const {
  throw InputError(source_ + ": " + pointer(key), problem);
}

/// Refuses a required member that is not there. A key of the object that nobody asked for yet may be it,
/// misspelt.
void ObjectReader::miss(std::string_view key, const std::string& remedy) const {
  std::vector<std::string> unknown;
  for (const std::string& given : keys()) {
    if (std::find(known_.begin(), known_.end(), given) == known_.end()) unknown.push_back(given);
  }
  const std::optional<std::string> near = near_miss(key, unknown);
  fail(key, "is missing; " + (near ? "is " + in_quotes(*near) + " meant to be it?; " : "") + remedy);
}

std::string ObjectReader::pointer(std::string_view key) const {
  std::string escaped = pointer_ + "/";  // RFC 6901, section 3
  for (const char c : one_line(key)) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string ObjectReader::quantity_text(std::string_view key, const std::string& wanted_text) {
  const Json* value = optional_raw(key);
  if (value == nullptr) miss(key, "give " + wanted_text);
  if (value->is_number()) fail(key, value->dump() + " has no unit; give as text " + wanted_text);
  if (!value->is_string()) fail(key, nature(*value) + "; give " + wanted_text);
  return value->get<std::string>();
}

}  // namespace switchyard
