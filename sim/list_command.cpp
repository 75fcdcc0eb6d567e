// switchyard list: every menu and catalogue.
#include <array>
#include <cstdio>
#include <iostream>

#include "kernels/expert_placement.hpp"
#include "kernels/expert_router.hpp"
#include "sim/base/menu.hpp"
#include "sim/collectives/exchange.hpp"
#include "sim/collectives/implementations.hpp"
#include "sim/command.hpp"
#include "sim/menus.hpp"
#include "sim/plan/routed_load.hpp"
#include "sim/serving/dispatcher.hpp"
#include "sim/serving/scheduler.hpp"
#include "topologies/fabrics/fabric.hpp"
#include "topologies/graphs/graph.hpp"
#include "topologies/nodes/node_kind.hpp"
#include "topologies/profile.hpp"
#include "workloads/catalogue.hpp"
#include "workloads/hugging_face/family.hpp"
#include "workloads/parameters.hpp"
#include "workloads/routing/balance_dynamics.hpp"
#include "workloads/routing/recording.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

using Lines = std::vector<MenuLine>;

template <class Row>
Lines menu_lines(std::span<const Row> table) {
  Lines lines;
  for (const Row& row : table) lines.push_back({std::string(row.name), std::string(row.description)});
  return lines;
}

Lines name_lines(const std::vector<std::string>& catalogue) {
  Lines lines;
  for (const std::string& name : catalogue) lines.push_back({name, ""});
  return lines;
}

std::string billions(std::int64_t parameters) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g B", static_cast<double>(parameters) * 1e-9);
  return text.data();
}

Lines model_lines() {
  Lines lines;
  for (const std::string& name : model_names()) {
    const Architecture model = read_model(name, Json(), "", "list");
    const ParameterCount count = count_parameters(model);
    std::string description = std::string(name_of(kind_of(model))) + " " + std::string(name_of(model.form)) +
                              ", " + billions(count.total) + " parameters";
    if (count.active != count.total) description += ", " + billions(count.active) + " active a token";
    lines.push_back({name, description});
  }
  return lines;
}

/// "NVLink 450 GB/s": what a GPU reaches its peers by, in each direction.
std::string peer_link(const Gpu& gpu) {
  if (gpu.nvlink.value() > 0.0) return "NVLink " + to_text(gpu.nvlink);
  if (gpu.xgmi.value() > 0.0) return std::to_string(gpu.xgmi_links) + " xGMI links of " + to_text(gpu.xgmi);
  return "PCIe " + to_text(gpu.pcie);
}

/// ", 3.2 $/h"; nothing where no price is known.
std::string price_words(const Gpu& gpu) { return gpu.price ? ", " + to_text(gpu.price->per_hour) : ""; }

Lines gpu_lines() {
  Lines lines;
  for (const std::string& name : gpu_names()) {
    const Gpu gpu = read_gpu(name, "", "list");
    lines.push_back({name, gpu.description + "; " + to_text(gpu.memory_bandwidth) + ", " +
                               to_text(peak_rate(gpu, Precision::bf16)) + " bf16 dense, " + peer_link(gpu) +
                               "; " + to_text(gpu.tdp) + price_words(gpu) + "; operators " +
                               provenance_text(gpu)});
  }
  return lines;
}

Lines cluster_lines() {
  Lines lines;
  for (const std::string& name : cluster_names())
    lines.push_back({name, read_cluster(name, "", "list").description});
  return lines;
}

Lines implementation_lines() {
  Lines lines;
  for (const CollectiveImplementation& row : collective_implementations())
    lines.push_back({std::string(row.operation) + " " + std::string(row.name), std::string(row.description)});
  for (const ExchangeBackend& row : exchange_backends())
    lines.push_back({"moe_dispatch, moe_combine " + std::string(row.name), std::string(row.description)});
  return lines;
}

constexpr std::array<Menu, 29> kMenus = {{
    {"models", "scenario /model", model_lines},
    {"gpus", "inline clusters /cluster/gpu", gpu_lines},
    {"clusters", "scenario /cluster; NAMExN has N nodes", cluster_lines},
    {"gpu-profiles", "GPUs' /profile", [] { return name_lines(gpu_profile_names()); }},
    {"node-fabrics", "inline clusters /cluster/node_fabric/kind", [] { return menu_lines(node_kinds()); }},
    {"fabrics", "inline clusters /cluster/fabric/kind", [] { return menu_lines(fabric_kinds()); }},
    {"graphs", "endings of inline clusters /cluster/graph", [] { return menu_lines(graph_formats()); }},
    {"device-kinds", "inline clusters /cluster/graph/devices/0/kind",
     [] { return menu_lines(device_kinds()); }},
    {"link-kinds", "inline clusters /cluster/graph/links/0/kind", [] { return menu_lines(link_kinds()); }},
    {"engines", "scenario /engine/profile", [] { return name_lines(engine_names()); }},
    {"schedulers", "scenario /engine/scheduler", [] { return menu_lines(schedulers()); }},
    {"dispatchers", "scenario /engine/dispatcher", [] { return menu_lines(dispatchers()); }},
    {"routers", "gates of the models", [] { return menu_lines(expert_routers()); }},
    {"routing-modes", "scenario /routing/mode", [] { return menu_lines(routing_modes()); }},
    {"routing-presets", "scenario /routing/preset", [] { return name_lines(routing_preset_names()); }},
    {"recordings", "endings of scenario /routing/trace", [] { return menu_lines(recording_formats()); }},
    {"placements", "scenario /deployment/expert_placement", [] { return menu_lines(expert_placements()); }},
    {"balance-remedies", "switchyard balance REMEDY", [] { return menu_lines(balance_remedies()); }},
    {"all2all-backends", "scenario /deployment/all2all_backend",
     [] { return menu_lines(all2all_backends()); }},
    {"collectives", "switchyard collective CLUSTER OP --implementation I", implementation_lines},
    {"algorithms", "shapes of collectives: what they put on links",
     [] { return menu_lines(collective_algorithms()); }},
    {"fidelities", "scenario /network/fidelity", [] { return menu_lines(fidelities()); }},
    {"precisions", "scenario /precision", [] { return menu_lines(precisions()); }},
    {"arrivals", "scenario /workload/arrivals/process", [] { return menu_lines(arrival_processes()); }},
    {"lengths", "scenario /workload/prompt_tokens/distribution",
     [] { return menu_lines(length_distributions()); }},
    {"traces", "scenario /workload/format", [] { return menu_lines(trace_formats()); }},
    {"workloads", "scenario /workload/preset", [] { return menu_lines(workload_presets()); }},
    {"families", "inline models /model/model_type", [] { return menu_lines(model_families()); }},
    {"slo-bounds", "scenario /slo", [] { return name_lines(slo_bounds()); }},
}};

void print(const Lines& lines, std::string_view indent) {
  std::size_t width = 0;
  for (const MenuLine& line : lines) width = std::max(width, line.name.size());
  for (const MenuLine& line : lines) {
    std::cout << indent << line.name;
    if (!line.description.empty())
      std::cout << std::string(width + 2 - line.name.size(), ' ') << line.description;
    std::cout << "\n";
  }
}

}  // namespace

std::span<const Menu> menus() { return kMenus; }

int list_command(const Arguments& arguments) {
  po::options_description options("switchyard list [MENU]: the names of one menu, or of all");
  options.add_options()("menu", po::value<std::string>(), "which; else all")("help", "this text");
  const po::variables_map values =
      parse_arguments(arguments, options, "list", {"menu", Positional::Need::optional});
  if (values.count("help")) {
    std::cout << options;
    return 0;
  }
  if (values.count("menu")) {
    print(choose(menus(), values["menu"].as<std::string>(), "switchyard list").lines(), "");
    return 0;
  }
  for (const Menu& menu : menus()) {
    std::cout << menu.name << " (" << menu.description << ")\n";
    print(menu.lines(), "  ");
    std::cout << "\n";
  }
  return 0;
}

}  // namespace switchyard
