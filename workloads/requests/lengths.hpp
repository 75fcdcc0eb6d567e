// How many tokens a request has. A distribution is one row: how its keys are read, shown, and how it is drawn
// from.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "sim/base/random.hpp"
#include "workloads/requests/request.hpp"

namespace switchyard {

/// No prompt or output is longer: a bound on what is surely a slip, far above any model's context.
inline constexpr std::int64_t kMaxTokens = 100'000'000;
/// Of lengths: what a "scale" may be.
inline constexpr NumberRange kLengthScales{0.001, 1000.0};

struct LengthDistribution {
  std::string_view name;
  std::string_view description;
  void (*read)(ObjectReader&, Workload::Lengths&, const std::string& base_folder);  // throws InputError
  void (*show)(const Workload::Lengths&, Json&);
  std::int64_t (*draw)(const Workload::Lengths&, Random&);  // from 1 to kMaxTokens
};

/// The menu behind length_distributions().
std::span<const LengthDistribution> length_menu();

/// The block "prompt_tokens" or "output_tokens": {"distribution": name, …}, with a "scale" if it likes.
/// Throws InputError.
Workload::Lengths read_lengths(ObjectReader reader, const std::string& base_folder);
/// The same beside a trace, whose own lengths it scales: {"scale": 2}. Throws InputError.
Workload::Lengths read_scale(ObjectReader reader);
Json to_json(const Workload::Lengths& lengths);

/// So many times as long, in whole tokens from 1 to kMaxTokens.
std::int64_t scaled(std::int64_t tokens, double scale);

/// The longest that can be drawn; kMaxTokens, which stands for no limit, whatever the scale.
std::int64_t longest(const Workload::Lengths& lengths);

/// The mean of lognormal lengths as drawn before they are scaled, below `mean` where `max` cuts off a tail
/// (rounding aside).
double clipped_mean(const Workload::Lengths& lognormal);

/// Draws lengths one after the other from the random stream of this name.
std::function<std::int64_t()> start_lengths(const Workload::Lengths& lengths, std::uint64_t seed,
                                            std::string_view stream);

}  // namespace switchyard
