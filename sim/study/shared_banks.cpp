// The last two banks: a grid seldom alternates between more within its fastest
// pointer.
#include "sim/study/shared_banks.hpp"

#include <functional>

namespace switchyard {
namespace {

/// None when the model has no gates, or when reading changes the bank.
std::shared_ptr<const RoutingBank> bank_to_share(const Scenario& scenario, std::size_t threads) {
  return scenario.routing.mode == "exact" ? nullptr : build_bank(scenario, threads);
}

}  // namespace

std::uint64_t bank_key(const Scenario& scenario) {
  Json parts = Json::array();
  for (const char* block : {"model", "model_overrides", "routing", "seed"})
    parts.push_back(scenario.json.value(block, Json()));
  return std::hash<std::string>()(parts.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void SharedBanks::prepare(std::uint64_t key, std::size_t worth, const std::function<Scenario()>& scenario) {
  const auto expected = expected_.find(key);
  if (expected == expected_.end() || expected->second <= worth || find(key)) return;
  try {
    std::shared_ptr<const RoutingBank> bank = bank_to_share(scenario(), threads_);
    if (!bank) {
      expected_.erase(expected);
      return;
    }
    constexpr std::size_t kMost = 2;
    if (banks_.size() == kMost) banks_.pop_front();
    banks_.emplace_back(key, std::move(bank));
  } catch (const std::exception&) {
    expected_.erase(key);
  }
}

std::shared_ptr<const RoutingBank> SharedBanks::find(std::uint64_t key) const {
  for (const auto& [known, bank] : banks_) {
    if (known == key) return bank;
  }
  return nullptr;
}

}  // namespace switchyard
