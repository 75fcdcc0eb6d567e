// Adding up what a collective puts on links, per byte of its message.
#pragma once

#include <span>
#include <vector>

#include "sim/collectives/collective.hpp"

namespace switchyard {

/// The share of a link's rate that a transport reaches on all links of a route: one that crosses NICs is of
/// the fabric.
double efficiency(const LinkGraph& graph, std::span<const LinkId> route, const Transport& transport);

class LoadSum {
 public:
  /// `graph` must outlive this.
  LoadSum(const LinkGraph& graph, const Transport& transport);
  /// `per_byte` bytes travel from one GPU to another for each byte of the message.
  void add(GpuId from, GpuId to, double per_byte);
  CollectiveCost cost(Seconds latency) const;

 private:
  const LinkGraph& graph_;
  Transport transport_;
  std::vector<double> busy_;  // by link: wire bytes / efficiency
  std::vector<Transfer> transfers_;
  bool all_noted_ = true;
};

}  // namespace switchyard
