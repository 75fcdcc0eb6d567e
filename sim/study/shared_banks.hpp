// Routing banks that many points share, built once in the parent and inherited
// by its forks: a bank takes longer than a small point's simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include "sim/system.hpp"

namespace switchyard {

/// Equal for scenarios that have the same bank.
std::uint64_t bank_key(const Scenario& scenario);

class SharedBanks {
 public:
  /// `threads` build a bank together; none is left when the workers are forked.
  explicit SharedBanks(std::size_t threads) : threads_(threads) {}

  /// Counts a point that is to be simulated.
  void expect(std::uint64_t key) { ++expected_[key]; }

  /// Builds the bank if it is shared by more than `worth` points: with fewer,
  /// each worker had better build its own. Holds the last two. What is wrong with the scenario is left for
  /// the worker to find. `scenario` is asked for only when its bank is to be built.
  void prepare(std::uint64_t key, std::size_t worth, const std::function<Scenario()>& scenario);

  /// Null when not prepared.
  std::shared_ptr<const RoutingBank> find(std::uint64_t key) const;

 private:
  std::size_t threads_;
  std::unordered_map<std::uint64_t, std::size_t> expected_;
  std::deque<std::pair<std::uint64_t, std::shared_ptr<const RoutingBank>>> banks_;
};

}  // namespace switchyard
