// What the gates did: load, entropy, locality and imbalance per MoE layer, from a routing bank.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "workloads/routing/bank.hpp"
#include "workloads/routing/preset.hpp"

namespace switchyard {

/// Of one layer: in one domain, or the mean of all.
struct DomainRoutingStatistics {
  double max_over_mean = 0.0;           // load of the busiest expert
  double entropy_bits = 0.0;            // of the load
  double previous_token_overlap = 0.0;  // mean number of experts shared with the token before, same stream
  double first_choice_repeat = 0.0;     // share of tokens whose first choice is that of the token before
  double ep8_imbalance = 0.0;  // mean over batches of 256 consecutive tokens of one domain of max / mean load
                               // of 8 equal blocks of experts
};

struct LayerRoutingStatistics : DomainRoutingStatistics {
  std::vector<DomainRoutingStatistics> domains;
  /// Mean number of distinct experts that a batch of kDecodeBatches[i] tokens visits, each token from another
  /// stream, streams in turn from every domain. Beyond the number of streams a stream gives several tokens,
  /// as far apart as it has room for. Of a long recording every so manieth place of the streams is a batch.
  std::array<double, kDecodeBatches.size()> distinct_experts{};
};

struct RoutingStatistics {
  std::vector<LayerRoutingStatistics> layers;
  std::array<double, kDecodeBatches.size()> distinct_experts{};  // mean over layers
  double domain_load_cosine = 1.0;  // mean over pairs of domains and layers; 1 when there is one domain
  std::int64_t tokens = 0;          // in the bank
};

RoutingStatistics routing_statistics(const RoutingBank& bank);

}  // namespace switchyard
