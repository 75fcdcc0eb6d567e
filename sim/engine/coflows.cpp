// Steps in flight: alone each lasts its own time; those that bind on a link run as one SimGrid task each.
#include "sim/engine/coflows.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

// A step on its own may fill a link wholly, to rounding.
constexpr double kFull = 1.0 + 1e-9;

}  // namespace

Coflows::Coflows(std::size_t links) : demands_(links) {}

std::vector<std::size_t> Coflows::enter(std::size_t owner, std::span<const LinkShare> shares) {
  for (const LinkShare& use : shares) {
    ensure(use.share >= 0.0 && use.share <= kFull, "no link of a step takes longer than the step");
    demands_.at(use.link).share += use.share;
    ++demands_[use.link].steps;
  }
  if (owner >= shares_.size()) shares_.resize(owner + 1);
  ensure(shares_[owner].empty(), "a replica has one step in flight");
  shares_[owner].assign(shares.begin(), shares.end());
  if (std::none_of(shares.begin(), shares.end(), [&](const LinkShare& use) { return contended(use); }))
    return {};

  std::vector<std::size_t> owners = contending();
  choose_binding(owners);
  owners.erase(std::find(owners.begin(), owners.end(), owner));
  return owners;
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
    if (contended(use) && demands_[use.link].binding) result.push_back(use);
  }
  return result;
}

bool Coflows::contended(const LinkShare& use) const {
  const Demand& demand = demands_[use.link];
  return demand.steps > 1 && demand.share > kFull;
}

std::vector<std::size_t> Coflows::contending() const {
  std::vector<std::size_t> owners;
  for (std::size_t owner = 0; owner < shares_.size(); ++owner) {
    const auto& shares = shares_[owner];
    if (std::any_of(shares.begin(), shares.end(), [&](const LinkShare& use) { return contended(use); })) {
      owners.push_back(owner);
    }
  }
  return owners;
}

/// Keeps a contended link unless a kept one has at least its share of every owner: the Pareto front, from the
/// most asked for on.
void Coflows::choose_binding(const std::vector<std::size_t>& owners) {
  std::map<LinkId, std::vector<double>> by_link;  // share by owner
  for (std::size_t k = 0; k < owners.size(); ++k) {
    for (const LinkShare& use : shares_[owners[k]]) {
      if (!contended(use)) continue;
      std::vector<double>& row = by_link[use.link];
      row.resize(owners.size());
      row[k] = use.share;
    }
  }
  std::vector<std::pair<LinkId, std::vector<double>>> rows(by_link.begin(), by_link.end());
  std::stable_sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
    return demands_[a.first].share > demands_[b.first].share;
  });
  std::vector<const std::vector<double>*> kept;
  for (const auto& [link, row] : rows) {
    bool covered = false;
    for (const std::vector<double>* other : kept) {
      covered = covered || std::equal(row.begin(), row.end(), other->begin(), std::less_equal<>());
    }
    demands_[link].binding = !covered;
    if (!covered) kept.push_back(&row);
  }
}

}  // namespace switchyard
