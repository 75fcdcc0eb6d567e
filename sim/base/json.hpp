// Strict reading of JSON: every key is asked for by name, what is left over is an error that names the near
// miss.
//
//   const Json root = parse_json(text, "scenario.json");
//   ObjectReader scenario(root, "scenario.json");
//   ObjectReader engine = scenario.object("engine");
//   engine.optional_integer("block_size", 16, {1, 1024});
//   engine.finish();                       // unknown keys -> InputError with a suggestion
//
// Errors: InputError "FILE: /engine/block_size: 0 is out of range; give an integer from 1 to 1024".
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/choices.hpp"
#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/units.hpp"

namespace switchyard {

/// Keys keep the order of the file, so that scenario.json and summary.json read as written.
using Json = nlohmann::ordered_json;

/// Parses text with `//` and `/* */` comments. `source` is the name used in errors (a file name). Throws
/// InputError with line and column on bad syntax, duplicate keys, non-UTF-8, numbers beyond double (1e999),
/// nesting deeper than kDeepestJson, more than 10 000 keys in an object or 500 000 values in all: bounds that
/// keep any file's memory small, and what costs the square of an object's size quick.
Json parse_json(std::string_view text, const std::string& source);
inline constexpr std::size_t kDeepestJson = 64;

/// Indented by two, ending with a newline. Bytes that are no UTF-8, as file names may have, become U+FFFD.
std::string pretty(const Json& json);

/// Reads and parses a file. Throws InputError when it is missing, a directory, larger than `limit`, or not
/// JSON.
Json read_json_file(const std::string& path, Bytes limit = kLargestText);

/// What a value is, for messages when something else was wanted: `"8" is text`, "[1] is a list".
std::string nature(const Json& value);

struct IntegerRange {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};
struct NumberRange {
  double min = 0.0;
  double max = std::numeric_limits<double>::max();
  enum class Ends { closed, open_below } ends = Ends::closed;  // open_below: min itself is refused
};

/// Reads one JSON object key by key. Each accessor marks its key as known; finish() refuses the rest.
/// A null member is as good as absent for the optional_ forms and an error for the required ones.
class ObjectReader {
 public:
  /// `value` must outlive the reader. Throws InputError when it is not an object.
  ObjectReader(const Json& value, const std::string& source, std::string pointer = "");

  bool has(std::string_view key) const;  // present and not null
  /// Required, of any type; `wanted` says in messages what it may be.
  const Json& raw(std::string_view key, const std::string& wanted = "a value");
  const Json* optional_raw(std::string_view key);

  std::string text(std::string_view key);
  std::string optional_text(std::string_view key, std::string fallback);
  std::int64_t integer(std::string_view key, IntegerRange range = {});
  std::int64_t optional_integer(std::string_view key, std::int64_t fallback, IntegerRange range = {});
  std::optional<std::int64_t> maybe_integer(std::string_view key, IntegerRange range = {});
  double number(std::string_view key, NumberRange range = {});
  double optional_number(std::string_view key, double fallback, NumberRange range = {});
  bool optional_boolean(std::string_view key, bool fallback);
  /// A list of integers.
  std::vector<std::int64_t> optional_integers(std::string_view key, std::vector<std::int64_t> fallback,
                                              IntegerRange range = {});
  /// One of `names`, or InputError with the choices and the near miss.
  std::string choice(std::string_view key, std::span<const std::string> names);
  std::string optional_choice(std::string_view key, std::string fallback, std::span<const std::string> names);

  /// A quantity as text with a unit ("400 Gbps"); a bare number is an error that shows how to write it.
  template <class Q>
  Q quantity(std::string_view key) {
    return parse_member<Q>(key, quantity_text(key, how_to_write<Q>()));
  }
  template <class Q>
  std::optional<Q> maybe_quantity(std::string_view key) {
    return has(key) ? std::optional<Q>(quantity<Q>(key)) : (known(key), std::nullopt);
  }
  template <class Q>
  Q optional_quantity(std::string_view key, Q fallback) {
    return maybe_quantity<Q>(key).value_or(fallback);
  }

  /// A reader of a member object (required), e.g. object("engine"). An absent optional object reads as {}.
  ObjectReader object(std::string_view key);
  ObjectReader optional_object(std::string_view key);

  /// Marks a key as known without reading it.
  void known(std::string_view key);
  /// Keys of the object in file order.
  std::vector<std::string> keys() const;
  /// Refuses unknown keys, naming the path and the near miss. Call it last.
  void finish() const;

  /// Throws InputError at this key: fail("rate", "-1 is negative; give requests per second above 0").
  [[noreturn]] void fail(std::string_view key, const std::string& problem) const;

  const std::string& source() const { return source_; }
  /// The JSON pointer of a member, for messages.
  std::string pointer(std::string_view key) const;

 private:
  template <class Q>
  Q parse_member(std::string_view key, const std::string& value) const {
    try {
      return parse<Q>(value);
    } catch (const std::invalid_argument& error) {
      fail(key, error.what());
    }
  }

  [[noreturn]] void miss(std::string_view key, const std::string& remedy) const;
  /// The member as text, or InputError with `wanted`.
  std::string quantity_text(std::string_view key, const std::string& wanted);

  const Json* value_;
  std::string source_;
  std::string pointer_;
  std::vector<std::string> known_;
};

}  // namespace switchyard
