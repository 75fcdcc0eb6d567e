// The tables of units, one per dimension. Included by units.cpp alone.
#pragma once

#include <array>
#include <string_view>

#include "sim/base/units.hpp"

namespace switchyard {

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

inline constexpr auto kRead = Unit::Use::read;
inline constexpr auto kAlias = Unit::Use::alias;
inline constexpr double kKi = 1024.0;

// Written units ascend, and the base unit is among them. What is read is 0 or lies from kSmallest to
// kLargest: far beyond any cluster, and near enough that no product of a few overflows.
struct TimeDimension {
  static constexpr std::string_view kDescription = "a time";
  static constexpr std::string_view kExample = "2 s";
  static constexpr double kSmallest = 1e-12, kLargest = 3.6e9;
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
  static constexpr double kSmallest = 1e-3, kLargest = 1e18;
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
  static constexpr double kSmallest = 1.0, kLargest = 1e27;
  static constexpr std::array kUnits = {
      Unit{"FLOP"},        Unit{"kFLOP", 1e3},  Unit{"MFLOP", 1e6},  Unit{"GFLOP", 1e9},
      Unit{"TFLOP", 1e12}, Unit{"PFLOP", 1e15}, Unit{"EFLOP", 1e18}, Unit{"ZFLOP", 1e21},
  };
};

struct BandwidthDimension {
  static constexpr std::string_view kDescription = "a bandwidth";
  static constexpr std::string_view kExample = "400 Gb/s";
  static constexpr double kSmallest = 1.0, kLargest = 1e18;
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
  static constexpr double kSmallest = 1.0, kLargest = 1e24;
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
  static constexpr double kSmallest = 1e-9, kLargest = 1e15;
  static constexpr std::array kUnits = {Unit{"$"}, Unit{"USD", 1.0, 1.0, kAlias}};
};

struct PriceRateDimension {
  static constexpr std::string_view kDescription = "a price";
  static constexpr std::string_view kExample = "2.5 $/h";
  static constexpr double kSmallest = 1e-9, kLargest = 1e9;
  static constexpr std::array kUnits = {Unit{"$/h"}, Unit{"USD/h", 1.0, 1.0, kAlias}};
};

struct EnergyDimension {
  static constexpr std::string_view kDescription = "an energy";
  static constexpr std::string_view kExample = "5 kJ";
  static constexpr double kSmallest = 1e-9, kLargest = 1e21;
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
  static constexpr double kSmallest = 1e-9, kLargest = 1e12;
  static constexpr std::array kUnits = {Unit{"W"}, Unit{"kW", 1e3}, Unit{"MW", 1e6}};
};

}  // namespace switchyard
