#include "sim/engine/coflows.hpp"

#include <algorithm>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

// A step on its own may fill a link wholly, to rounding.
constexpr double kFull = 1.0 + 1e-9;

}  // namespace

Coflows::Coflows(std::size_t links) : demands_(links) {}

std::vector<std::size_t> Coflows::enter(std::size_t owner, std::span<const LinkShare> shares) {
  bool news = false;
  for (const LinkShare& use : shares) {
    ensure(use.share >= 0.0 && use.share <= kFull, "no link of a step takes longer than the step");
    Demand& demand = demands_.at(use.link);
    const bool before = contended(demand);
    demand.share += use.share;
    ++demand.steps;
    demand.just_contended = !before && contended(demand);
    news = news || demand.just_contended;
  }
  std::vector<std::size_t> concerned;
  if (news) {
    const auto is_news = [&](const LinkShare& use) { return demands_[use.link].just_contended; };
    for (std::size_t other = 0; other < shares_.size(); ++other) {
      if (std::any_of(shares_[other].begin(), shares_[other].end(), is_news)) concerned.push_back(other);
    }
    for (const LinkShare& use : shares) demands_[use.link].just_contended = false;
  }
  if (owner >= shares_.size()) shares_.resize(owner + 1);
  ensure(shares_[owner].empty(), "a replica has one step in flight");
  shares_[owner].assign(shares.begin(), shares.end());
  return concerned;
}

void Coflows::leave(std::size_t owner) {
  for (const LinkShare& use : shares_.at(owner)) {
    Demand& demand = demands_[use.link];
    --demand.steps;
    demand.share = demand.steps == 0 ? 0.0 : demand.share - use.share;  // no rounding is carried along
  }
  shares_[owner].clear();
}

std::vector<LinkShare> Coflows::contended(std::size_t owner) const {
  std::vector<LinkShare> result;
  for (const LinkShare& use : shares_.at(owner)) {
    if (contended(demands_[use.link])) result.push_back(use);
  }
  return result;
}

bool Coflows::contended(const Demand& demand) const { return demand.steps > 1 && demand.share > kFull; }

}  // namespace switchyard
