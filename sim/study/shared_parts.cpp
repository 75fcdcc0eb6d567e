// What parts depend on, as scenarios write it, and whether there is one to share.
#include "sim/study/shared_parts.hpp"

#include <string>

namespace switchyard {
namespace {

std::uint64_t key_of(const Json& parts) {
  return std::hash<std::string>()(parts.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

std::uint64_t bank_key(const Scenario& scenario) {
  Json parts = Json::array();
  for (const char* block : {"model", "model_overrides", "routing", "seed"})
    parts.push_back(scenario.json.value(block, Json()));
  return key_of(parts);
}

std::uint64_t cost_key(const Scenario& scenario) {
  return key_of({scenario.json.at("cluster").at("gpu"), scenario.json.at("engine").at("profile")});
}

std::shared_ptr<const RoutingBank> bank_to_share(const Scenario& scenario, std::size_t threads) {
  return scenario.routing.mode == "exact" ? nullptr : build_bank(scenario, threads);
}

}  // namespace switchyard
