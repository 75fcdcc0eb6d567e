// The power of a GPU and its price: reading, and the arithmetic.
#include "topologies/power.hpp"

#include <algorithm>

#include "sim/base/quote.hpp"

namespace switchyard {
namespace {

constexpr NumberRange kShare{0.0, 2.0, NumberRange::Ends::closed};
constexpr NumberRange kIdle{0.0, 1.0, NumberRange::Ends::closed};
constexpr NumberRange kUsdPerHour{0.0, 1e6, NumberRange::Ends::open_below};

/// Those of gpus/h100_sxm.json (a test holds the two together): shares of the TDP differ less between GPUs
/// than watts do.
GpuPower shares_of_an_h100() {
  return {"Shares of the TDP as measured on an H100", "h100_sxm", 0.175, 0.101, 1.496, 0.591};
}

}  // namespace

std::string read_date(ObjectReader& reader) {
  std::string date = reader.optional_text("date", "");
  const auto digits = [&](std::size_t from, std::size_t count) {
    return std::all_of(date.begin() + static_cast<std::ptrdiff_t>(from),
                       date.begin() + static_cast<std::ptrdiff_t>(from + count),
                       [](char c) { return c >= '0' && c <= '9'; });
  };
  const bool written =
      date.size() == 10 && date[4] == '-' && date[7] == '-' && digits(0, 4) && digits(5, 2) && digits(8, 2);
  if (!date.empty() && !written) reader.fail("date", in_quotes(date) + " is no date; give YYYY-MM-DD");
  return date;
}

GpuPower read_power(ObjectReader& gpu) {
  if (!gpu.has("power")) {
    gpu.known("power");
    return shares_of_an_h100();
  }
  ObjectReader reader = gpu.object("power");
  GpuPower power;
  power.source = reader.text("source");
  power.measured_on = reader.optional_text("measured_on", "");
  power.idle = reader.number("idle", kIdle);
  power.active = reader.number("active", kShare);
  power.compute = reader.number("compute", kShare);
  power.memory = reader.number("memory", kShare);
  reader.finish();
  return power;
}

std::optional<GpuPrice> read_price(ObjectReader& gpu) {
  if (!gpu.has("price")) {
    gpu.known("price");
    return std::nullopt;
  }
  ObjectReader reader = gpu.object("price");
  GpuPrice price;
  price.per_hour = DollarsPerHour(reader.number("usd_per_hour", kUsdPerHour));
  price.source = reader.text("source");
  price.date = read_date(reader);
  reader.finish();
  return price;
}

Json to_json(const GpuPower& power) {
  Json json{{"source", power.source}};
  if (!power.measured_on.empty()) json["measured_on"] = power.measured_on;
  json["idle"] = power.idle;
  json["active"] = power.active;
  json["compute"] = power.compute;
  json["memory"] = power.memory;
  return json;
}

Json to_json(const GpuPrice& price) {
  Json json{{"usd_per_hour", price.per_hour.value()}, {"source", price.source}};
  if (!price.date.empty()) json["date"] = price.date;
  return json;
}

EnergyUse energy_use(const GpuPower& power, Watts tdp, const Activity& activity) {
  const Seconds busy = std::min(activity.busy, activity.time);
  EnergyUse use;
  use.idle = tdp * power.idle * activity.time;
  use.active = tdp * power.active * busy;
  use.compute = tdp * power.compute * activity.compute;
  use.memory = tdp * power.memory * activity.memory;
  const Joules above_idle = use.active + use.compute + use.memory;
  const Joules most = tdp * (1.0 - power.idle) * busy;
  if (above_idle <= most) return use;
  const double share = most / above_idle;
  for (Joules* part : {&use.active, &use.compute, &use.memory}) *part *= share;
  return use;
}

}  // namespace switchyard
