// The tables of units, one per dimension, and the one reader and writer that use them.
#include "sim/base/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <vector>

#include "sim/base/choices.hpp"
#include "sim/base/quote.hpp"

namespace switchyard {
namespace {

/// One unit is times / per base units; one of the two is 1, so that a conversion rounds once.
struct Unit {
  enum class Use { written, read, alias };  // written by to_text; read, named in errors; read only
  std::string_view name;
  double times = 1.0;
  double per = 1.0;
  Use use = Use::written;

  double to_base(double number) const { return number * times / per; }
  double from_base(double value) const { return value * per / times; }
};

constexpr auto kRead = Unit::Use::read;
constexpr auto kAlias = Unit::Use::alias;
constexpr double kKi = 1024.0;

}  // namespace

// Written units ascend, and the base unit is among them.
struct TimeDimension {
  static constexpr std::string_view kDescription = "a time";
  static constexpr std::string_view kExample = "2 s";
  static constexpr std::array kUnits = {
      Unit{"ns", 1.0, 1e9},
      Unit{"us", 1.0, 1e6},
      Unit{"ms", 1.0, 1e3},
      Unit{"s"},
      Unit{"min", 60.0},
      Unit{"h", 3600.0},
      Unit{"\u00b5s", 1.0, 1e6, kAlias},
      Unit{"\u03bcs", 1.0, 1e6, kAlias},  // both signs for micro
  };
};

struct DataDimension {
  static constexpr std::string_view kDescription = "an amount of data";
  static constexpr std::string_view kExample = "80 GB";
  static constexpr std::array kUnits = {
      Unit{"B"},
      Unit{"kB", 1e3},
      Unit{"MB", 1e6},
      Unit{"GB", 1e9},
      Unit{"TB", 1e12},
      Unit{"PB", 1e15},
      Unit{"KiB", kKi, 1.0, kRead},
      Unit{"MiB", kKi* kKi, 1.0, kRead},
      Unit{"GiB", kKi* kKi* kKi, 1.0, kRead},
      Unit{"TiB", kKi* kKi* kKi* kKi, 1.0, kRead},
  };
};

struct WorkDimension {
  static constexpr std::string_view kDescription = "an amount of work";
  static constexpr std::string_view kExample = "2 TFLOP";
  static constexpr std::array kUnits = {
      Unit{"FLOP"},        Unit{"kFLOP", 1e3},  Unit{"MFLOP", 1e6},  Unit{"GFLOP", 1e9},
      Unit{"TFLOP", 1e12}, Unit{"PFLOP", 1e15}, Unit{"EFLOP", 1e18}, Unit{"ZFLOP", 1e21},
  };
};

struct BandwidthDimension {
  static constexpr std::string_view kDescription = "a bandwidth";
  static constexpr std::string_view kExample = "400 Gb/s";
  static constexpr std::array kUnits = {
      Unit{"B/s"},
      Unit{"kB/s", 1e3},
      Unit{"MB/s", 1e6},
      Unit{"GB/s", 1e9},
      Unit{"TB/s", 1e12},
      Unit{"PB/s", 1e15},
      Unit{"KiB/s", kKi, 1.0, kRead},
      Unit{"MiB/s", kKi* kKi, 1.0, kRead},
      Unit{"GiB/s", kKi* kKi* kKi, 1.0, kRead},
      Unit{"TiB/s", kKi* kKi* kKi* kKi, 1.0, kRead},
      Unit{"b/s", 1.0, 8.0, kRead},
      Unit{"kb/s", 125.0, 1.0, kRead},
      Unit{"Mb/s", 125e3, 1.0, kRead},
      Unit{"Gb/s", 125e6, 1.0, kRead},
      Unit{"Tb/s", 125e9, 1.0, kRead},
      Unit{"bps", 1.0, 8.0, kAlias},
      Unit{"kbps", 125.0, 1.0, kAlias},
      Unit{"Mbps", 125e3, 1.0, kAlias},
      Unit{"Gbps", 125e6, 1.0, kAlias},
      Unit{"Tbps", 125e9, 1.0, kAlias},
  };
};

struct ComputeRateDimension {
  static constexpr std::string_view kDescription = "a compute rate";
  static constexpr std::string_view kExample = "989 TFLOPS";
  static constexpr std::array kUnits = {
      Unit{"FLOPS"},
      Unit{"kFLOPS", 1e3},
      Unit{"MFLOPS", 1e6},
      Unit{"GFLOPS", 1e9},
      Unit{"TFLOPS", 1e12},
      Unit{"PFLOPS", 1e15},
      Unit{"EFLOPS", 1e18},
      Unit{"FLOP/s", 1.0, 1.0, kAlias},
      Unit{"kFLOP/s", 1e3, 1.0, kAlias},
      Unit{"MFLOP/s", 1e6, 1.0, kAlias},
      Unit{"GFLOP/s", 1e9, 1.0, kAlias},
      Unit{"TFLOP/s", 1e12, 1.0, kAlias},
      Unit{"PFLOP/s", 1e15, 1.0, kAlias},
      Unit{"EFLOP/s", 1e18, 1.0, kAlias},
  };
};

struct MoneyDimension {
  static constexpr std::string_view kDescription = "an amount of money";
  static constexpr std::string_view kExample = "2.5 $";
  static constexpr std::array kUnits = {Unit{"$"}, Unit{"USD", 1.0, 1.0, kAlias}};
};

struct PriceRateDimension {
  static constexpr std::string_view kDescription = "a price";
  static constexpr std::string_view kExample = "2.5 $/h";
  static constexpr std::array kUnits = {Unit{"$/h"}, Unit{"USD/h", 1.0, 1.0, kAlias}};
};

struct EnergyDimension {
  static constexpr std::string_view kDescription = "an energy";
  static constexpr std::string_view kExample = "5 kJ";
  static constexpr std::array kUnits = {
      Unit{"J"},
      Unit{"kJ", 1e3},
      Unit{"MJ", 1e6},
      Unit{"GJ", 1e9},
      Unit{"TJ", 1e12},
      Unit{"Wh", 3.6e3, 1.0, kRead},
      Unit{"kWh", 3.6e6, 1.0, kRead},
      Unit{"MWh", 3.6e9, 1.0, kRead},
  };
};

struct PowerDimension {
  static constexpr std::string_view kDescription = "a power";
  static constexpr std::string_view kExample = "700 W";
  static constexpr std::array kUnits = {Unit{"W"}, Unit{"kW", 1e3}, Unit{"MW", 1e6}};
};

namespace {

template <class D>
D dimension_of(Quantity<D>);

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

struct NumberAndUnit {
  double number;
  std::string unit;
};

/// Splits "2.5 $/h", "2.5$/h" and "$2.5/h". nullopt when there is no number; infinity when it is beyond
/// double.
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
  if (error == std::errc::result_out_of_range) number = HUGE_VAL;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return NumberAndUnit{number, currency + std::string(trimmed(text))};
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
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
  const auto refuse = [&](const std::string& problem) {
    throw std::invalid_argument(in_quotes(text) + " " + problem + "; give " + accepted<D>());
  };
  const std::string wrong = "is not " + std::string(D::kDescription);
  const auto parts = split(text);
  if (!parts) refuse(wrong);
  if (parts->unit.empty()) refuse("has no unit");
  for (const Unit& unit : D::kUnits) {
    if (unit.name != parts->unit) continue;
    const double value = unit.to_base(parts->number);
    if (std::signbit(parts->number)) refuse("is negative");
    if (!std::isfinite(value) || (value == 0.0 && parts->number != 0.0)) refuse("is out of range");
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
