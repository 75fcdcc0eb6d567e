// Parts of systems that many points share, built once in the parent and inherited by its forks: a routing
// bank takes longer than a small point's simulation, sorting a GPU's measured tables a part of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include "sim/system.hpp"

namespace switchyard {

/// Equal for scenarios that have the same bank, or the same times of operators.
std::uint64_t bank_key(const Scenario& scenario);
std::uint64_t cost_key(const Scenario& scenario);

/// build_bank(), but null too where reading a bank changes it.
std::shared_ptr<const RoutingBank> bank_to_share(const Scenario& scenario, std::size_t threads);

/// Parts of one kind, the last few.
template <class Part>
class PartsByKey {
 public:
  /// Counts a point that is to be simulated.
  void expect(std::uint64_t key) { ++expected_[key]; }

  /// Builds the part if it is shared by more than `worth` points: with fewer, each worker had better build
  /// its own. What `build` throws is left for the worker to find; null: there is nothing to share.
  void prepare(std::uint64_t key, std::size_t worth,
               const std::function<std::shared_ptr<const Part>()>& build) {
    const auto expected = expected_.find(key);
    if (expected == expected_.end() || expected->second <= worth || find(key)) return;
    std::shared_ptr<const Part> part;
    try {
      part = build();
    } catch (const std::exception&) {
    }
    if (!part) {
      expected_.erase(expected);
      return;
    }
    if (parts_.size() == kMost) parts_.pop_front();
    parts_.emplace_back(key, std::move(part));
  }

  /// Null when not prepared.
  std::shared_ptr<const Part> find(std::uint64_t key) const {
    for (const auto& [known, part] : parts_)
      if (known == key) return part;
    return nullptr;
  }

 private:
  static constexpr std::size_t kMost = 4;  // a grid's fastest axis seldom goes through more

  std::unordered_map<std::uint64_t, std::size_t> expected_;
  std::deque<std::pair<std::uint64_t, std::shared_ptr<const Part>>> parts_;
};

}  // namespace switchyard
