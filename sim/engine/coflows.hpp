// The steps in flight and the links they use: which links they ask for more than there is of. A step runs at
// most at its own pace, so a link whose steps together need no more than all of it binds nobody and need not
// be simulated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "topologies/link_graph.hpp"

namespace switchyard {

/// The share of a link's capacity that a step uses at its own pace: its bytes / bandwidth / the step's own
/// time.
struct LinkShare {
  LinkId link = 0;
  double share = 0.0;  // 0 to 1
};

class Coflows {
 public:
  explicit Coflows(std::size_t links);

  /// Starts the one step of `owner` (a small number, an index). Returns the owners of the other steps in
  /// flight that must be planned anew: those that use a contended link, when this step uses one.
  std::vector<std::size_t> enter(std::size_t owner, std::span<const LinkShare> shares);
  void leave(std::size_t owner);
  /// The shares of this owner's step on contended links, without those links of which no step needs more than
  /// of another of them: where that one has room, they have. Many collectives load all their links alike: one
  /// is left.
  std::vector<LinkShare> contended(std::size_t owner) const;

 private:
  struct Demand {
    double share = 0.0;  // sum over the steps in flight
    std::uint32_t steps = 0;
    bool binding = false;  // chosen when a step met contention last; what leaves later cannot make it wrong
  };
  bool contended(const LinkShare& use) const;
  std::vector<std::size_t> contending() const;
  void choose_binding(const std::vector<std::size_t>& owners);

  std::vector<Demand> demands_;                 // by link
  std::vector<std::vector<LinkShare>> shares_;  // by owner; empty when none is in flight
};

}  // namespace switchyard
