// One reader and one writer of quantities, over the tables of units.
#include "sim/base/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include "sim/base/choices.hpp"
#include "sim/base/quote.hpp"
#include "sim/base/text.hpp"
#include "sim/base/unit_tables.hpp"

namespace switchyard {
namespace {

template <class D>
D dimension_of(Quantity<D>);

struct NumberAndUnit {
  double number;
  std::string unit;
};

/// Splits "2.5 $/h", "2.5$/h" and "$2.5/h". nullopt when there is no number; infinity or the least double
/// when it is beyond them.
std::optional<NumberAndUnit> split(std::string_view text) {
  text = trimmed(text);
  std::string currency;
  if (text.starts_with('$')) {
    currency = "$";
    text.remove_prefix(1);
  }
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  // std::from_chars also reads "inf" and "nan", which are no quantities.
  if (digits.empty() || !((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.')) return std::nullopt;
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    const std::string_view written = text.substr(0, static_cast<std::size_t>(end - text.data()));
    const bool tiny = written.starts_with('.') || written.starts_with("0.") ||
                      written.find("e-") != written.npos || written.find("E-") != written.npos;
    number = tiny ? std::numeric_limits<double>::denorm_min() : HUGE_VAL;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return NumberAndUnit{number, currency + std::string(trimmed(text))};
}

/// `; did you mean GB?` or `; did you mean GB/s or Gb/s?`, or nothing.
template <class Units>
std::string suggestion(const std::string& unit, const Units& units) {
  std::string meant;
  std::vector<std::string> names;
  for (const Unit& candidate : units) {
    if (lower(unit) == lower(candidate.name))
      meant += (meant.empty() ? "" : " or ") + std::string(candidate.name);
    if (candidate.name.size() > 2) names.emplace_back(candidate.name);
  }
  if (meant.empty() && unit.size() > 2) meant = near_miss(unit, names).value_or("");
  return meant.empty() ? "" : "; did you mean " + meant + "?";
}

template <class D>
std::string accepted() {
  std::string text = "a number with one of ";
  bool first = true;
  for (const Unit& unit : D::kUnits) {
    if (unit.use == kAlias) continue;
    text += (first ? "" : ", ") + std::string(unit.name);
    first = false;
  }
  return text;
}

std::string escaped(std::string_view unit) {
  std::string text;
  for (const char c : unit) text += c == '$' ? std::string("\\$") : std::string(1, c);
  return text;
}

/// The number with the fewest digits that reads back to `value` in this unit; failing that, the nearest one.
double shortest(double value, const Unit& unit) {
  const double number = unit.from_base(value);
  std::array<char, 40> digits;
  for (int precision = 0; precision < 17; ++precision) {
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number,
                                   std::chars_format::scientific, precision);
    double candidate = number;
    std::from_chars(digits.data(), end.ptr, candidate);
    if (unit.to_base(candidate) == value) return candidate;
  }
  return number;
}

template <class Units>
const Unit& readable_unit(double value, const Units& units) {
  const Unit* base = nullptr;
  const Unit* smallest = nullptr;
  const Unit* largest = nullptr;
  for (const Unit& unit : units) {
    if (unit.use != Unit::Use::written) continue;
    const double number = std::fabs(unit.from_base(value));
    if (number >= 1.0 && number < 1000.0) return unit;
    if (unit.times == 1.0 && unit.per == 1.0) base = &unit;
    if (smallest == nullptr) smallest = &unit;
    largest = &unit;
  }
  if (value == 0.0 || !std::isfinite(value)) return *base;
  return std::fabs(smallest->from_base(value)) < 1.0 ? *smallest : *largest;
}

}  // namespace

template <class Q>
Q parse(std::string_view text) {
  using D = decltype(dimension_of(Q()));
  const auto refuse = [&](const std::string& problem, const std::string& give = accepted<D>()) {
    throw std::invalid_argument(in_quotes(text) + " " + problem + "; give " + give);
  };
  const std::string wrong = "is not " + std::string(D::kDescription);
  const auto parts = split(text);
  if (!parts) refuse(wrong);
  if (parts->unit.empty()) refuse("has no unit");
  for (const Unit& unit : D::kUnits) {
    if (unit.name != parts->unit) continue;
    const double value = unit.to_base(parts->number);
    if (std::signbit(parts->number)) refuse("is negative", "0 or more");
    if (value > D::kLargest) refuse("is out of range", "at most " + to_text(Q(D::kLargest)));
    if (value < D::kSmallest && parts->number != 0.0)
      refuse("is out of range", "0 or at least " + to_text(Q(D::kSmallest)));
    return Q(value);
  }
  refuse(wrong + suggestion(parts->unit, D::kUnits));
  return Q();
}

template <class Q>
std::string how_to_write() {
  using D = decltype(dimension_of(Q()));
  return accepted<D>() + ", such as \"" + std::string(D::kExample) + "\"";
}

template <class Q>
std::string pattern() {
  using D = decltype(dimension_of(Q()));
  const std::string number = R"((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[ \t]*)";
  std::string behind, around;  // "2.5 $/h" and "$2.5/h"
  for (const Unit& unit : D::kUnits) {
    behind += (behind.empty() ? "" : "|") + escaped(unit.name);
    if (unit.name.starts_with('$')) around += R"(|\$)" + number + escaped(unit.name.substr(1));
  }
  return R"(^[ \t]*(?:)" + number + "(?:" + behind + ")" + around + R"()[ \t]*$)";
}

template <class Q>
std::string to_text(Q quantity) {
  using D = decltype(dimension_of(Q()));
  const Unit& unit = readable_unit(quantity.value(), D::kUnits);
  std::array<char, 40> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), shortest(quantity.value(), unit));
  return std::string(digits.data(), end.ptr) + " " + std::string(unit.name);
}

#define SWITCHYARD_INSTANTIATE(Q)         \
  template Q parse<Q>(std::string_view);  \
  template std::string how_to_write<Q>(); \
  template std::string pattern<Q>();      \
  template std::string to_text<Q>(Q);

SWITCHYARD_INSTANTIATE(Seconds)
SWITCHYARD_INSTANTIATE(Bytes)
SWITCHYARD_INSTANTIATE(Flops)
SWITCHYARD_INSTANTIATE(BytesPerSecond)
SWITCHYARD_INSTANTIATE(FlopsPerSecond)
SWITCHYARD_INSTANTIATE(Dollars)
SWITCHYARD_INSTANTIATE(DollarsPerHour)
SWITCHYARD_INSTANTIATE(Joules)
SWITCHYARD_INSTANTIATE(Watts)

}  // namespace switchyard
