// Greedy replication and greedy packing, in one level or in two.
#include "kernels/eplb.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

namespace switchyard {
namespace {

using Indices = std::vector<std::size_t>;

void require(bool holds, const std::string& problem) {
  if (!holds) throw std::invalid_argument("expert load balancer: " + problem);
}

bool divides(std::int64_t part, std::int64_t whole) { return part >= 1 && whole % part == 0; }

void check(std::span<const float> loads, const SlotShape& shape) {
  const auto experts = static_cast<std::int64_t>(loads.size());
  require(experts >= 1 && experts <= 2048, std::to_string(experts) + " experts are outside 1 to 2048");
  require(shape.slots >= experts && shape.slots <= 65536,
          std::to_string(shape.slots) + " slots for " + std::to_string(experts) + " experts");
  require(divides(shape.ranks, shape.slots), std::to_string(shape.slots) + " slots cannot be shared out " +
                                                 "equally among " + std::to_string(shape.ranks) + " ranks");
  require(
      std::all_of(loads.begin(), loads.end(), [](float load) { return std::isfinite(load) && load >= 0; }),
      "a load is negative or not finite");
}

/// Indices by descending load; equal ones in their order.
Indices by_load(std::span<const float> loads) {
  Indices order(loads.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return loads[a] > loads[b]; });
  return order;
}

/// Packs the items into `packs` packs of equally many: each, the heaviest first, goes to the lightest pack
/// with room. Returns the items, pack by pack, in the order in which they came.
Indices packed(std::span<const float> loads, std::size_t packs) {
  const std::size_t room = loads.size() / packs;
  Indices result(loads.size());
  std::vector<float> weight(packs, 0.0f);
  Indices taken(packs, 0);
  if (room == 1) {  // every item is a pack, in order
    std::iota(result.begin(), result.end(), std::size_t{0});
    return result;
  }
  for (const std::size_t item : by_load(loads)) {
    std::size_t lightest = packs;
    for (std::size_t pack = 0; pack < packs; ++pack)
      if (taken[pack] < room && (lightest == packs || weight[pack] < weight[lightest])) lightest = pack;
    result[lightest * room + taken[lightest]++] = item;
    weight[lightest] += loads[item];
  }
  return result;
}

/// Experts, then the replicas: each of the expert whose replicas are busiest by then.
struct Replicated {
  Indices experts;            // [slots]
  std::vector<float> counts;  // replicas of each expert
};

Replicated replicated(std::span<const float> loads, std::size_t slots) {
  Replicated result{Indices(loads.size()), std::vector<float>(loads.size(), 1.0f)};
  std::iota(result.experts.begin(), result.experts.end(), std::size_t{0});
  std::vector<float> each(loads.begin(), loads.end());  // load of one replica
  while (result.experts.size() < slots) {
    const auto busiest = static_cast<std::size_t>(std::max_element(each.begin(), each.end()) - each.begin());
    result.experts.push_back(busiest);
    result.counts[busiest] += 1.0f;
    each[busiest] = loads[busiest] / result.counts[busiest];
  }
  return result;
}

/// One node's experts on its ranks: indices into `loads` by slot.
Indices balanced_node(std::span<const float> loads, std::size_t slots, std::size_t ranks) {
  const Replicated all = replicated(loads, slots);
  std::vector<float> each;
  for (const std::size_t expert : all.experts) each.push_back(loads[expert] / all.counts[expert]);
  Indices result;
  for (const std::size_t slot : packed(each, ranks)) result.push_back(all.experts[slot]);
  return result;
}

/// Experts in the order of nodes: whole groups are packed onto them by their sums.
Indices experts_by_node(std::span<const float> loads, std::size_t groups, std::size_t nodes) {
  const std::size_t size = loads.size() / groups;
  std::vector<float> sums;
  for (std::size_t group = 0; group < groups; ++group) {
    const auto own = loads.subspan(group * size, size);
    sums.push_back(std::accumulate(own.begin(), own.end(), 0.0f));
  }
  Indices experts;
  for (const std::size_t group : packed(sums, nodes))
    for (std::size_t i = 0; i < size; ++i) experts.push_back(group * size + i);
  return experts;
}

}  // namespace

EplbPolicy eplb_policy(std::int64_t num_experts, const SlotShape& shape) {
  const bool fits = divides(shape.nodes, shape.groups) && divides(shape.groups, num_experts) &&
                    divides(shape.nodes, shape.ranks);
  return fits ? EplbPolicy::hierarchical : EplbPolicy::global;
}

std::vector<std::uint16_t> balance_experts(std::span<const float> loads, const SlotShape& shape,
                                           EplbPolicy policy) {
  check(loads, shape);
  const bool two_levels = policy == EplbPolicy::hierarchical;
  require(
      !two_levels || eplb_policy(static_cast<std::int64_t>(loads.size()), shape) == EplbPolicy::hierarchical,
      "nodes divide groups and ranks, and groups experts, in a hierarchical placement");
  const auto nodes = static_cast<std::size_t>(two_levels ? shape.nodes : 1);
  const auto groups = static_cast<std::size_t>(two_levels ? shape.groups : 1);
  const auto slots = static_cast<std::size_t>(shape.slots) / nodes;
  const auto ranks = static_cast<std::size_t>(shape.ranks) / nodes;
  const Indices experts = experts_by_node(loads, groups, nodes);
  const std::size_t of_node = experts.size() / nodes;
  std::vector<std::uint16_t> result;
  for (std::size_t node = 0; node < nodes; ++node) {
    std::vector<float> own;
    for (std::size_t i = 0; i < of_node; ++i) own.push_back(loads[experts[node * of_node + i]]);
    for (const std::size_t index : balanced_node(own, slots, ranks))
      result.push_back(static_cast<std::uint16_t>(experts[node * of_node + index]));
  }
  return result;
}

}  // namespace switchyard
