// What the gates did: load, entropy, locality and imbalance per MoE layer, from a routing bank.
#pragma once

#include <cstdint>
#include <vector>

#include "workloads/routing/bank.hpp"

namespace switchyard {

struct LayerRoutingStatistics {
  double max_over_mean = 1.0;           // load of the busiest expert; per domain, then averaged
  double entropy_bits = 0.0;            // of the load; per domain, then averaged
  double previous_token_overlap = 0.0;  // mean number of experts shared with the token before, same stream
  double first_choice_repeat = 0.0;     // share of tokens whose first choice is that of the token before
  double ep8_imbalance =
      1.0;  // mean over batches of 256 tokens of max / mean load of 8 equal blocks of experts
};

struct RoutingStatistics {
  std::vector<LayerRoutingStatistics> layers;
  double domain_load_cosine = 1.0;  // mean over pairs of domains and layers; 1 when there is one domain
  std::int64_t tokens = 0;          // in the bank
};

RoutingStatistics routing_statistics(const RoutingBank& bank);

}  // namespace switchyard
