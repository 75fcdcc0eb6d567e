// Building a system from its scenario.
#include "sim/system.hpp"

#include <chrono>

#include "sim/base/menu.hpp"
#include "sim/base/quote.hpp"
#include "workloads/routing/checkpoint_gates.hpp"

namespace switchyard {
namespace {

void refuse_unless_it_generates(const Architecture& model, const std::string& source) {
  if (model.form == ModelForm::decoder) return;
  throw InputError(source + ": /model",
                   "is " + model.name + ", of the kind " + std::string(name_of(model.form)) +
                       ": it generates no tokens one by one, so it cannot be served; ask "
                       "`switchyard model` or `switchyard step --prefill` about it");
}

Scenario checked(Scenario scenario, Scope scope) {
  if (scope == Scope::step) return scenario;
  if (const std::uint64_t left_out = check_workload(scenario); left_out > 0) {
    scenario.notes.push_back(
        std::to_string(left_out) +
        " rows of the trace are left out: without tokens, they are requests that failed.");
  }
  return scenario;
}

}  // namespace

std::uint64_t check_workload(const Scenario& scenario) {
  refuse_unless_it_generates(scenario.model, scenario.source);
  if (!scenario.workload)
    throw InputError(scenario.source + ": /workload", "is missing; give arrivals and lengths, or a trace");
  return scenario.workload->trace ? read_through(*scenario.workload) : 0;
}

std::shared_ptr<const RoutingBank> build_bank(const Scenario& scenario, std::size_t threads) {
  if (scenario.model.moe_layers() == 0) return nullptr;
  if (scenario.routing.mode == "trace") {
    const std::string& trace = scenario.routing.trace;
    const std::string where = scenario.source + ": /routing/trace";
    RoutingRecording recording = named_at(where, [&] { return read_recording(trace, where); });
    return std::make_shared<RoutingBank>(prompt_part(scenario.model), std::move(recording),
                                         where + ": " + one_line(trace));
  }
  const std::string& mode = scenario.routing.mode;
  const Choice choice = mode == "uniform" ? Choice::uniform : mode == "exact" ? Choice::exact : Choice::gates;
  const Architecture model = prompt_part(scenario.model);
  std::vector<GeneratedGate> gates;
  if (choice != Choice::uniform && !scenario.routing.gate_weights.empty())
    gates = named_at(scenario.source + ": /routing/gate_weights",
                     [&] { return read_gates(model, scenario.routing.gate_weights, scenario.seed); });
  return std::make_shared<RoutingBank>(model, scenario.routing.preset, scenario.seed, choice,
                                       std::move(gates), static_cast<std::int64_t>(threads));
}

std::shared_ptr<const OperatorCost> build_cost(const Scenario& scenario) {
  const EngineProfile& engine = scenario.engine.profile;
  return std::make_shared<OperatorCost>(scenario.cluster.gpu, engine.expert_tiling, engine.efficiency);
}

System::System(Scenario scenario, Scope scope, SharedParts shared)
    : scenario_(checked(std::move(scenario), scope)),
      timed_(prompt_part(scenario_.model)),
      graph_(scenario_.cluster),
      cost_(shared.cost ? std::move(shared.cost) : build_cost(scenario_)),
      memory_(fit_memory(scenario_.model, scenario_.precision, scenario_.deployment, scenario_.cluster,
                         scenario_.engine.profile, scenario_.engine.limits)),
      model_{&timed_,
             &scenario_.deployment,
             &scenario_.engine.profile,
             cost_.get(),
             &graph_,
             scenario_.precision,
             scope},
      kinds_(std::make_shared<LayerKinds>(model_)),
      bank_(std::move(shared.bank)) {
  if (!bank_) {
    const auto start = std::chrono::steady_clock::now();
    bank_ = build_bank(scenario_);
    bank_time_ = Seconds(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  if (bank_) placed_ = place_experts(scenario_, *bank_);
  replicas_share_links_ = find_shared_links();
}

std::unique_ptr<StepTimer> System::timer(std::int64_t replica) const { return timer(replica, placed_.slots); }

std::unique_ptr<StepTimer> System::timer_without_eplb(std::int64_t replica) const {
  if (!balancing() || !balancing()->before) return nullptr;
  return timer(replica, balancing()->before);
}

std::unique_ptr<StepTimer> System::timer(std::int64_t replica,
                                         std::shared_ptr<const ExpertSlots> slots) const {
  std::unique_ptr<RoutedLoad> routed;
  if (bank_) routed = build_routed_load(scenario_, *bank_, std::move(slots));
  return std::make_unique<StepTimer>(
      model_, kinds_, replica_network(scenario_.deployment, replica, network_spec()), std::move(routed));
}

std::vector<double> System::rank_loads() const {
  return bank_ ? switchyard::rank_loads(scenario_, *bank_, *placed_.slots) : std::vector<double>();
}

std::vector<double> System::rank_loads_without_eplb() const {
  if (!balancing() || !balancing()->before) return {};
  return switchyard::rank_loads(scenario_, *bank_, *balancing()->before);
}

NetworkSpec System::network_spec() const {
  const auto gpus = static_cast<GpuId>(scenario_.deployment.gpus());
  return {&graph_, collective_parameters(scenario_.cluster, graph_, gpus),
          scenario_.engine.profile.all_reduce,
          exchange_shape(timed_, scenario_.precision, scenario_.deployment)};
}

const FidelityRow& System::fidelity() const {
  const std::string chosen = scenario_.fidelity != "auto" ? scenario_.fidelity
                             : replicas_share_links_      ? "collective"
                                                          : "step";
  return choose(fidelities(), chosen, "/network/fidelity");
}

bool System::find_shared_links() const {
  std::vector<bool> taken(graph_.links().size(), false);
  const NetworkSpec spec = network_spec();
  for (std::int64_t replica = 0; replica < scenario_.deployment.replicas; ++replica) {
    for (LinkId link : links_of(replica_network(scenario_.deployment, replica, spec))) {
      if (taken[link]) return true;
      taken[link] = true;
    }
  }
  return false;
}

}  // namespace switchyard
