// What a run costs: all GPUs of the deployment, by the hour, busy or not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/base/units.hpp"
#include "sim/record/metrics.hpp"

namespace switchyard {

/// Of an hour of one GPU.
struct Price {
  std::optional<DollarsPerHour> per_gpu_hour;  // none: not known
  std::string source;                          // who asks for it; "the scenario"
  std::string date;                            // when that was read; may be empty
};

/// The prices of a million tokens are what serving them at this load costs, not what anybody asks for them.
/// They share out the whole cost: input tokens x their price + output tokens x theirs = total. Input tokens
/// bear Metrics::prompt_share of it, output tokens the rest; time without work goes with the rest of the
/// time.
struct Bill {
  Dollars total;
  std::optional<Dollars> per_million_input_tokens, per_million_output_tokens;  // none without such tokens
};

/// Of the deployment; none without a price.
std::optional<DollarsPerHour> per_hour(const Price& price, std::int64_t gpus);
/// None without a price, or when nothing completed.
std::optional<Bill> bill_of(const Price& price, std::int64_t gpus, const Metrics& metrics);

}  // namespace switchyard
