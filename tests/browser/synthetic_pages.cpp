// Writes pages of made-up runs for the browser's test: run.html, many-experts.html and most-experts.html,
// which differ in their experts; routers.html, whose nodes meet at routers; routing.html; sweep.html;
// comparison.html; plan.html and plan-without-winner.html; and empty.html of a run in which every request was
// rejected. Usage: synthetic_pages FOLDER
#include <algorithm>
#include <cmath>
#include <iostream>

#include "sim/base/files.hpp"
#include "sim/base/random.hpp"
#include "sim/record/metrics.hpp"
#include "sim/report/page.hpp"
#include "tests/browser/synthetic_studies.hpp"

namespace {

using namespace switchyard;

constexpr std::int64_t kSlots = 96;
constexpr std::uint64_t kBlocks = 40'000;

struct Load {
  double rate;        // requests/s
  double base_step;   // s
  double step_slope;  // s a sequence
};

Breakdown step_breakdown(double step) {
  constexpr std::array<double, 8> kShares = {0.17, 0.08, 0.41, 0.03, 0.16, 0.07, 0.02, 0.06};
  Breakdown breakdown;
  for (std::size_t i = 0; i < kShares.size(); ++i) breakdown.parts[i] = Seconds(step * kShares[i]);
  return breakdown;
}

// A server of kSlots whose step grows with its batch: simple, but its queue is a real one.
RunLog simulated(const Load& load, std::uint64_t requests) {
  struct Active {
    RequestRow row;
    std::int64_t left;
  };
  Random random(7, "browser");
  RunLog log;
  std::vector<RequestRow> queue;
  double arrival = 0;
  for (std::uint64_t i = 0; i < requests; ++i) {
    arrival += random.exponential(1.0 / load.rate);
    RequestRow row;
    row.id = i;
    row.arrival = Seconds(arrival);
    row.prompt_tokens = static_cast<std::int64_t>(random.lognormal(600, 0.9)) + 1;
    row.output_tokens = random.integer(64, 256);
    queue.push_back(row);
  }
  std::vector<Active> active;
  double clock = 0;
  for (std::size_t next = 0; next < queue.size() || !active.empty();) {
    if (active.empty()) clock = std::max(clock, queue[next].arrival.value());
    std::uint32_t prefill = 0;
    while (next < queue.size() && queue[next].arrival.value() <= clock && prefill < 4096 &&
           static_cast<std::int64_t>(active.size()) < kSlots) {
      prefill += static_cast<std::uint32_t>(queue[next].prompt_tokens);
      active.push_back({queue[next], queue[next].output_tokens});
      ++next;
    }
    const double step =
        load.base_step + load.step_slope * static_cast<double>(active.size()) + 1.1e-5 * prefill;
    const double start = clock;
    clock += step;
    log.spend(0, step_breakdown(step));
    std::uint64_t blocks = 0;
    std::uint32_t decodes = 0;
    for (Active& sequence : active) {
      if (sequence.row.first_token) ++decodes;
      else sequence.row.first_token = Seconds(clock);
      ++sequence.row.generated_tokens;
      --sequence.left;
      blocks +=
          static_cast<std::uint64_t>((sequence.row.prompt_tokens + sequence.row.generated_tokens + 15) / 16);
    }
    if (decodes > 0) log.append(IntervalRow{Seconds(step), decodes});
    const auto arrived = std::upper_bound(queue.begin(), queue.end(), Seconds(start),
                                          [](Seconds t, const RequestRow& row) { return t < row.arrival; });
    log.append(StepRow{
        Seconds(start), Seconds(clock), 0, 1, prefill, decodes, static_cast<std::uint32_t>(active.size()),
        static_cast<std::uint32_t>(
            arrived - queue.begin() -
            std::min<std::ptrdiff_t>(arrived - queue.begin(), static_cast<std::ptrdiff_t>(next))),
        blocks});
    for (const Active& sequence : active) {
      if (sequence.left > 0) continue;
      RequestRow row = sequence.row;
      row.finish = Seconds(clock);
      row.outcome = Outcome::completed;
      log.append(row);
    }
    active.erase(std::remove_if(active.begin(), active.end(), [](const Active& s) { return s.left <= 0; }),
                 active.end());
  }
  return log;
}

Slo bounds() { return {{{"ttft", "p99", Seconds(2.0)}, {"tpot", "p99", Seconds(0.05)}}}; }

/// Two replicas whose ranks are busier the higher their number; rank 0 was the busiest without EPLB.
void add_ranks(Summary& summary, std::int64_t gpus) {
  std::vector<double> loads, before, out, in;
  for (std::int64_t rank = 0; rank < gpus; ++rank) {
    loads.push_back(0.9 + 0.2 * static_cast<double>(rank) / static_cast<double>(gpus - 1));
    before.push_back(rank == 0 ? 1.8 : 0.8);
  }
  for (std::int64_t rank = 0; rank < 2 * gpus; ++rank) {
    out.push_back(0.4 * static_cast<double>(rank) / static_cast<double>(2 * gpus - 1));
    in.push_back(0.2);
  }
  summary.routing["rank_loads"] = loads;
  summary.routing["rank_loads_without_eplb"] = before;
  summary.routing["lost_to_imbalance_s"] = 2.5;
  summary.network["exposed_communication_s"] = 5.0;
  summary.network["hidden_communication_s"] = 1.25;
  summary.network["busiest_links"] = {{{"name", "node3/nic1>leaf1"}, {"utilisation", 0.4}}};
  summary.network["rank_link_utilisation"] = {
      {"in_node_out", in}, {"in_node_in", in}, {"fabric_out", out}, {"fabric_in", nullptr}};
}

Summary summary_of(const RunLog& log, std::int64_t gpus) {
  Summary summary;
  summary.metrics = compute_metrics(log, bounds(), gpus);
  summary.gpus = gpus;
  summary.breakdown = log.breakdown();
  summary.memory = {{"weights_per_gpu", "11.7 GB"}, {"kv_blocks", kBlocks}};
  summary.routing = {{"mode", "bank"}, {"max_over_mean", 1.31}};
  summary.network = {{"fidelity", "step"}};
  if (gpus > 1) add_ranks(summary, gpus);
  summary.trust = {"scaled", "Made-up GPU", "thin", "Made-up engine", 0.2, 0.4, 0.2, "Made-up error"};
  summary.notes = {"max_model_len is above the model's context of 32768 tokens."};
  return summary;
}

/// A map of one view in which expert e of row l has the load 2 at e = l, and what is left elsewhere.
ExpertLoadMap diagonal(std::size_t layers, std::size_t experts) {
  ExpertLoadMap map;
  map.text = "Loads made up: twice the mean on the diagonal.";
  map.views.push_back({"all", {}});
  const auto others = static_cast<double>(experts - 1);
  for (std::size_t layer = 0; layer < layers; ++layer) {
    map.layers.push_back(static_cast<std::int64_t>(layer) + 3);
    map.views[0].load.emplace_back(experts, (others - 1.0) / others)[layer % experts] = 2.0;
  }
  return map;
}

/// Two nodes of four GPUs whose NICs meet at two leaves; the last cable of each kind is the busiest.
NetworkMap two_nodes() {
  NetworkMap map;
  map.text = "Links made up.";
  const auto add = [&](std::string name, std::string place, std::string kind, std::int64_t row,
                       std::int64_t count = 1) {
    map.devices.push_back({std::move(name), std::move(place), std::move(kind), row, count, {}});
    return map.devices.size() - 1;
  };
  const auto join = [&](std::size_t from, std::size_t to, const char* kind, double rate, double busy) {
    map.links.push_back({from, to, map.devices[from].name + ">" + map.devices[to].name, kind, 1,
                         BytesPerSecond(rate), busy, busy / 2});
  };
  const std::size_t left = add("leaf0", "", "leaf", 3), right = add("leaf1", "", "leaf", 3);
  join(left, right, "uplink", 100e9, 0.31);
  for (const char* place : {"node 0", "7 more nodes"}) {
    const std::size_t hub = add("nvswitch", place, "nvswitch", 0);
    for (int g = 0; g < 4; ++g) {
      const std::size_t gpu = add("gpu" + std::to_string(g), place, "gpu", 1);
      const std::size_t nic = add("nic" + std::to_string(g), place, "nic", 2, g == 3 ? 5 : 1);
      join(gpu, hub, "nvlink", 450e9, 0.01 * g);
      join(gpu, nic, "pcie", 64e9, 0.05 * g);
      join(nic, g % 2 == 0 ? left : right, "nic", 50e9, 0.1 * g);
    }
  }
  map.links.back().count = 20;
  map.busiest = {{"node1/nic3>leaf1", "nic", BytesPerSecond(50e9), Bytes(1.25e12), 0.3}};
  return map;
}

/// A ring of six routers in a line; a node of three GPUs joined each with each on the first router, five more
/// nodes on the others.
NetworkMap ring_of_routers() {
  NetworkMap map;
  const auto add = [&](std::string name, std::string place, std::string kind, std::int64_t row,
                       std::optional<NetworkMap::Spot> spot = {}) {
    map.devices.push_back({std::move(name), std::move(place), std::move(kind), row, 1, spot});
    return map.devices.size() - 1;
  };
  const auto join = [&](std::size_t from, std::size_t to, const char* kind, double busy) {
    map.links.push_back({from, to, map.devices[from].name + ">" + map.devices[to].name, kind, 1,
                         BytesPerSecond(50e9), busy, busy / 2});
  };
  for (int r = 0; r < 6; ++r)
    add("router0." + std::to_string(r), "", "router", 5, NetworkMap::Spot{static_cast<double>(r), 0.0});
  for (std::size_t r = 0; r < 6; ++r) join(r, (r + 1) % 6, "uplink", 0.1 * static_cast<double>(r));
  std::vector<std::size_t> gpus;
  for (const char* name : {"gpu0", "gpu1", "gpu2"}) {
    gpus.push_back(add(name, "node 0", "gpu", 1));
    for (std::size_t i = 0; i + 1 < gpus.size(); ++i) join(gpus[i], gpus.back(), "xgmi", 0.2);
  }
  join(add("nic0", "node 0", "nic", 4), 0, "nic", 0.3);
  map.devices.push_back({"5 NICs", "5 more nodes", "nic", 4, 5, {}});
  for (std::size_t r = 1; r < 6; ++r) join(map.devices.size() - 1, r, "nic", 0.1 * static_cast<double>(r));
  return map;
}

std::string routers_html() {
  const RunLog log = simulated({17.5, 0.011, 1.9e-4}, 50);
  RunPage page =
      run_page_of({"llama-3.1-8b", "a ring of six nodes", "", "", ""}, summary_of(log, 1), log, kBlocks);
  page.network = ring_of_routers();
  return run_page(page);
}

std::string run_html(const ExpertLoadMap& experts) {
  const RunLog log = simulated({17.5, 0.011, 1.9e-4}, 1500);
  const RunDescription description = {"mixtral-8x7b, 46.7 B parameters, 12.9 B active",
                                      "hgx-h200: 1 node of 8 h200_sxm", "1 replica, tp 8, expert parallel",
                                      "vllm, chunked_prefill, 256 sequences",
                                      "1500 requests, poisson 17.5 /s, </script><b>lengths</b> & more"};
  RunPage page = run_page_of(description, summary_of(log, 8), log, kBlocks);
  page.expert_load = experts;
  page.network = two_nodes();
  return run_page(page);
}

std::string routing_html() {
  RoutingPage page;
  page.title = "made-up: 12 of 15 layers route";
  page.facts = {{"gate", "64 experts, 6 a token"}, {"ranks", "8, placement linear"}};
  page.notes = {"Nothing here is real."};
  page.routing = {{"expert_ranks", 8}, {"layers", Json::array()}};
  for (int layer = 3; layer < 15; ++layer)
    page.routing["layers"].push_back({{"layer", layer},
                                      {"experts", 64},
                                      {"top_k", 6},
                                      {"max_over_mean", 2.0 + 0.1 * layer},
                                      {"entropy_bits", 5.9 - 0.02 * layer},
                                      {"previous_token_overlap", 1.0 + 0.05 * layer},
                                      {"first_choice_repeat", 0.1 + 0.01 * layer},
                                      {"ep8_imbalance", 1.3},
                                      {"rank_imbalance", 1.1}});
  page.expert_load = diagonal(12, 64);
  page.expert_load->views.push_back({"domain 0", page.expert_load->views[0].load});
  for (std::vector<double>& row : page.expert_load->views[1].load) std::reverse(row.begin(), row.end());
  return routing_page(page);
}

std::string empty_html() {
  RunLog log;
  RequestRow row;
  row.outcome = Outcome::rejected;
  log.append(row);
  return run_page(
      run_page_of({"llama-3.1-8b", "one h100_sxm", "", "", ""}, summary_of(log, 1), log, std::nullopt));
}

std::string sweep_html() {
  SweepPage page = {"Dense, MoE and hybrid on eight H200",
                    "Chat traffic, 600 tokens in and 160 out, on one node.",
                    {"/model", "/workload/arrivals/rate"},
                    {},
                    {"Lengths are lognormal."}};
  struct Model {
    const char* name;
    double base_step, step_slope;
  };
  const std::vector<Model> models = {
      {"llama-3.1-70b", 0.021, 2.6e-4}, {"mixtral-8x7b", 0.011, 1.9e-4}, {"snowflake-arctic", 0.015, 2.2e-4}};
  for (const Model& model : models) {
    for (const double rate : {1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 15.0, 18.0}) {
      const RunLog log = simulated({rate, model.base_step, model.step_slope}, 400);
      Summary figures = summary_of(log, 8);
      if (model.name == std::string("mixtral-8x7b")) figures.trust.tpot_error = figures.trust.ttft_error = {};
      Json summary = summary_json(figures);
      summary["usd_per_million_output_tokens"] = 1e3 * model.base_step / rate;
      summary["energy_per_output_token_j"] = 5e3 * model.base_step / rate;
      page.points.push_back({{model.name, rate}, summary, summary["slo_met"] == true ? "ok" : "slo missed"});
    }
  }
  page.points.push_back(
      {{"deepseek-v3", 1.0}, nullptr, "infeasible: weights of 671 GB need 1.2 times the memory"});
  return sweep_page(page);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: synthetic_pages FOLDER\n";
    return 2;
  }
  const std::string folder = arguments[1];
  switchyard::make_folder(folder);
  switchyard::write_file_atomically(folder + "/run.html", run_html(diagonal(32, 8)));
  switchyard::write_file_atomically(folder + "/many-experts.html", run_html(diagonal(58, 256)));
  switchyard::write_file_atomically(folder + "/most-experts.html", run_html(diagonal(15, 2048)));
  switchyard::write_file_atomically(folder + "/empty.html", empty_html());
  switchyard::write_file_atomically(folder + "/routers.html", routers_html());
  switchyard::write_file_atomically(folder + "/routing.html", routing_html());
  switchyard::write_file_atomically(folder + "/sweep.html", sweep_html());
  switchyard::write_file_atomically(folder + "/comparison.html", switchyard::comparison_html());
  switchyard::write_file_atomically(folder + "/plan.html", switchyard::plan_html());
  switchyard::write_file_atomically(folder + "/plan-without-winner.html",
                                    switchyard::plan_without_winner_html());
}
