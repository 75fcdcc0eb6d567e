// Building the routing bank of every MoE model of the catalogue on one core, with the model's own preset and
// with `random`: how long it takes, and how much memory it keeps.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <optional>
#include <string>

#include "workloads/catalogue.hpp"
#include "workloads/routing/bank.hpp"

namespace {

using namespace switchyard;

double mib_in_use() {
  const struct mallinfo2 heap = mallinfo2();
  return static_cast<double>(heap.uordblks + heap.hblkhd) / 0x1p20;
}

void build_bank(benchmark::State& state, const std::string& model, const std::string& preset_name) {
  const Architecture architecture = read_model(Json(model), Json(), ".", "benchmark");
  const RoutingPreset preset =
      read_routing_preset(preset_name.empty() ? architecture.routing_preset : preset_name, "benchmark");
  const double before = mib_in_use();
  std::optional<RoutingBank> bank;
  for (auto _ : state) bank.emplace(architecture, preset, 1);
  if (architecture.moe_layers() == 0) state.SetLabel("no layer routes");
  state.counters["tokens"] = static_cast<double>(bank->tokens());
  state.counters["MiB"] = mib_in_use() - before;
}

const bool kRegistered = [] {
  for (const std::string& model : model_names()) {
    for (const std::string preset : {"", "random"}) {
      const std::string name = "bank/" + model + (preset.empty() ? "" : "/" + preset);
      benchmark::RegisterBenchmark(name.c_str(), build_bank, model, preset)->Unit(benchmark::kMillisecond);
    }
  }
  return true;
}();

}  // namespace
