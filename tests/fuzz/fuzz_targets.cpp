// Every reader of the program with its seeds: files of the tree, and texts with what those lack.
#include <unistd.h>

#include <array>
#include <filesystem>
#include <map>
#include <sstream>

#include "sim/base/files.hpp"
#include "sim/cost/engine_profile.hpp"
#include "sim/study/journal.hpp"
#include "sim/study/plan/plan_study.hpp"
#include "sim/study/sweep/study_file.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/memory_file.hpp"
#include "tests/support/small_scenarios.hpp"
#include "topologies/cluster.hpp"
#include "topologies/drawing.hpp"
#include "topologies/graphs/graph.hpp"
#include "workloads/catalogue.hpp"
#include "workloads/requests/token_rows.hpp"
#include "workloads/requests/trace.hpp"
#include "workloads/routing/preset.hpp"
#include "workloads/routing/recording.hpp"
#include "workloads/routing/safetensors.hpp"

namespace switchyard {
namespace {

namespace fs = std::filesystem;

/// The JSON files of a folder of the tree.
std::vector<std::string> files_in(const std::string& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(fs::path(SWITCHYARD_SOURCE_DIR) / folder))
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const fs::path& path : paths) texts.push_back(read_text_file(path.string()));
  return texts;
}

MemoryFile& memory_file() {
  static MemoryFile file;
  return file;
}

/// `file` holding the input, as the value of "cluster" or another key that may be a path.
Json wish_for(std::string_view input) { return memory_file().hold(input); }

std::vector<std::string> scenario_seeds() {
  Json full = small_moe();
  full["engine"] = {{"max_num_seqs", 16}, {"gpu_memory_utilization", 0.9}, {"cudagraph_capture_sizes", {1}}};
  full["precision"] = {{"weights", "fp8"}};
  full["routing"] = {{"mode", "uniform"}, {"gate_bias_zipf", 0.5}};
  full["network"] = {{"fidelity", "step"}};
  full["slo"] = {{"ttft_p99", "2 s"}};
  full["seed"] = 3;
  std::vector<std::string> seeds = files_in("workloads/scenarios");
  seeds.push_back(full.dump());
  seeds.emplace_back(R"({"model": "llama-3.1-8b", "model_overrides": {"num_hidden_layers": 2},
    "workload": {"arrivals": {"process": "gamma", "rate": 1, "cv": 2}, "num_requests": 9, "num_warmups": 1,
      "prompt_tokens": {"distribution": "fixed", "value": 5, "scale": 2},
      "output_tokens": {"distribution": "lognormal", "mean": 60, "cv": 0.5}}})");
  return seeds;
}

void read_scenario_text(std::string_view input) {
  read_scenario(parse_json(input, "fuzz.json"), "fuzz.json", ".");
}

void read_study_text(std::string_view input) {
  const Study study = read_study(memory_file().hold(input), {});
  for (const std::uint64_t point : {std::uint64_t{0}, study.points() - 1}) scenario_json_of(study, point);
  to_json(study);
}

std::vector<std::string> study_seeds() {
  return {
      read_text_file(SWITCHYARD_SOURCE_DIR "/results/01-dense-vs-moe/study.json"),
      R"({"title": "t", "question": "q", "scenario": {"seed": 1}, "sweep": {"/b": [1, "x"], "/a~1/0": [{}]}})",
      R"({"scenario": {"a": [1, 2]}, "zip": {"/a/1": [3, 4], "/c": [null, true]}, "sweep": {"/d": [0.5]}})"};
}

void read_plan_text(std::string_view input) { to_json(read_plan_study(memory_file().hold(input), "")); }

std::vector<std::string> plan_seeds() {
  return {
      R"({"models": ["llama-3.1-8b", {"model": "mixtral-8x7b", "model_overrides": {"num_hidden_layers": 2}}],
    "gpus": ["h100_sxm"], "budget": {"gpus": 8}, "workload": {"arrivals": {"process": "poisson", "rate": 1}},
    "slo": {"ttft_p99": "2 s"}, "objective": "minimise_cost", "precisions": ["auto", {"weights": "fp8"}],
    "layouts": {"tensor_parallel_size": [1, 2], "enable_expert_parallel": [true], "all2all_backend": ["pairwise"]},
    "clusters": {"h100_sxm": "hgx-h100"}, "prices": {"h100_sxm": 2.5}, "seed": 3, "title": "t"})",
      R"({"models": [{}], "gpus": [{"base": "l40s"}], "budget": {"usd_per_hour": 1e3}, "workload": "sharegpt",
    "slo": {"e2el_p90": "1 min"}, "objective": "maximise_goodput"})"};
}

void read_config_text(std::string_view input) {
  read_hugging_face_config(parse_json(input, "config.json"), "fuzz", "config.json");
}

std::vector<std::string> config_seeds() {
  std::vector<std::string> seeds = files_in("workloads/models");
  Json quantised = small_moe_model(8, 2);
  quantised["quantization_config"] = {{"quant_method", "fp8"}};
  quantised["sliding_window"] = 4096;
  seeds.push_back(quantised.dump());
  return seeds;
}

std::vector<std::string> cluster_seeds() {
  std::vector<std::string> seeds = files_in("topologies/clusters");
  seeds.emplace_back(R"({"base": "hgx-h100", "nodes": 4, "nvlink_latency": "1 us", "fabric_latency": "3 us",
    "fabric": {"kind": "rail_optimised", "nics_per_node": 4, "nic": "400 Gbps", "oversubscription": 2,
               "routing": "ecmp"}})");
  seeds.emplace_back(R"({"base": "hgx-h100", "nodes": 4, "fabric": {"kind": "torus", "dimensions": [2, 2],
    "link": "1 Tb/s", "hop_latency": "100 ns", "routing": "dimension_order"}})");
  seeds.emplace_back(
      R"({"base": "hgx-h100", "nodes": 9, "fabric": {"kind": "dragonfly", "nodes_per_router": 1,
    "routers_per_group": 3, "global_links": 2, "local_link": "1 Tb/s", "global_link": "400 Gb/s"}})");
  seeds.emplace_back(R"({"base": "hgx-h100", "nodes": 9, "fabric": {"kind": "fat_tree", "nodes_per_leaf": 2,
    "leaves_per_pod": 2}})");
  return seeds;
}

/// What a graph is for: links, routes, and the JSON that it is resolved to.
void read_graph_text(std::string_view input, const GraphFormat& format) {
  const Blueprint graph = blueprint_of(format.read(std::string(input), "fuzz"), "fuzz");
  if (graph.devices.size() > 100) return;
  read_cluster({{"gpu", "h100_sxm"}, {"graph", to_json(graph)}}, "", "fuzz.json");
}

std::vector<std::string> graph_seeds(const GraphFormat& format) {
  const LinkGraph tree(read_cluster("rtx-4090-pcie", "", "seed"));
  std::ostringstream text;
  if (format.name == ".graphml") write_graphml(tree, text);
  else
    text << R"({"directed": false, "devices": [{"name": "a", "kind": "gpu", "node": "x"},
    {"name": "b", "kind": "gpu", "node": "y"}, {"name": "s", "kind": "router"}], "links": [
    {"from": "a", "to": "s", "bandwidth": "1 GB/s", "latency": "1 us", "kind": "nic", "name": "l"},
    {"from": "b", "to": "s", "bandwidth": "400 Gb/s", "length": 2, "turn": 1}]})";
  return {text.str()};
}

std::vector<std::string> gpu_seeds() {
  std::vector<std::string> seeds = files_in("topologies/gpus");
  seeds.push_back(round_gpu().dump());
  seeds.emplace_back(R"({"base": "h100_sxm", "profile": {"measured": true, "smoothness": 3,
    "device": "NVIDIA H100", "driver": "570", "date": "2026-11-27", "libraries": {"torch": "2.8"},
    "gemm": {"fp8": {"compute": 0.7, "memory": 0.8}},
    "gemm_table": {"precision": "bf16", "columns": ["m", "n", "k", "time_us"], "rows": [[64, 128, 256, 9.5]]},
    "elementwise_table": {"columns": ["bytes", "time_us"], "rows": [[1024, 2], [4096, 3]]}}})");
  return seeds;
}

/// "POINTER=VALUE", one a line, as --set takes them.
void read_overrides(std::string_view input) {
  static const Json base = small_moe();
  Json scenario = base;
  while (!input.empty()) {
    const std::string line(input.substr(0, input.find('\n')));
    input.remove_prefix(std::min(line.size() + 1, input.size()));
    const std::size_t equals = std::min(line.find('='), line.size());
    const std::string value = line.substr(std::min(equals + 1, line.size()));
    apply_override(scenario, {line.substr(0, equals), value}, "fuzz.json");
  }
  pretty(scenario);
}

void read_journal(std::string_view input) {
  Journal journal(memory_file().hold(input));
  for (const std::uint64_t key : {1u, 2u, 3u}) journal.find(key);
}

template <class Q>
void read_as(std::string_view text) {
  try {
    const Q quantity = parse<Q>(text);
    parse<Q>(to_text(quantity));
  } catch (const std::invalid_argument& error) {
    throw InputError("quantity", error.what());
  }
}

/// The first letter says of what.
void read_quantity(std::string_view input) {
  using Read = void (*)(std::string_view);
  static constexpr std::array<std::pair<char, Read>, 9> kKinds = {{{'s', read_as<Seconds>},
                                                                   {'B', read_as<Bytes>},
                                                                   {'F', read_as<Flops>},
                                                                   {'b', read_as<BytesPerSecond>},
                                                                   {'f', read_as<FlopsPerSecond>},
                                                                   {'$', read_as<Dollars>},
                                                                   {'h', read_as<DollarsPerHour>},
                                                                   {'J', read_as<Joules>},
                                                                   {'W', read_as<Watts>}}};
  for (const auto& [letter, read] : kKinds)
    if (input.starts_with(letter)) return read(input.substr(1));
  throw InputError("quantity", "is none");
}

/// A good trace of each format by its name.
const std::map<std::string, std::string>& traces() {
  static const std::map<std::string, std::string> texts = {
      {"csv", "arrival_s,prompt_tokens,output_tokens\n0.5,100,20\n0.75,7,1\n\"1e1\",4096,512\n"},
      {"azure",
       "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n"
       "2023-11-16T19:15:50.995+01:00,396,109\n2023-11-16 18:15:51Z,879,55\n"},
      {"burstgpt",
       "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log "
       "Type\n5,ChatGPT,472,18,490,Conversation log\n"
       "45.5,GPT-4,1087,0,1087,API log\n118,ChatGPT,417,276,693,API log\n"},
      {"mooncake",
       "{\"timestamp\": 0, \"input_length\": 6758, \"output_length\": 500, \"hash_ids\": [0, 1, 2]}\n"
       "{\"timestamp\": 3000.5, \"input_length\": 7319, \"output_length\": 490, \"hash_ids\": [0, 14]}\n"},
      {"lengths",
       "{\"prompt_len\": 12, \"output_len\": 7}\n{\"prompt_tokens\": 3, \"completion_tokens\": 1}\n"}};
  return texts;
}

void read_trace(std::string_view input, const TraceFormat& format) {
  const auto requests = format.open(memory_file().hold(input));
  while (requests->next()) {
  }
}

/// Two short sequences, of two domains.
RoutingRecording small_recording() {
  return {2, 2, {{"law/a", "law", {0, 1, 2, 3, 4, 5, 6, 7}}, {"b", "", {1, 0, kNotRecorded, 3}}}};
}

/// What a recording is when it is written with `write`, and read with `read`.
FuzzTarget recording_target(const RecordingFormat& format) {
  const std::string name(format.name.substr(1));
  const std::filesystem::path file =
      fs::temp_directory_path() / ("seed-" + std::to_string(getpid()) + "." + name);
  format.write(file.string(), small_recording());
  FuzzTarget target{"routing_" + name,
                    [&format](std::string_view input) { format.read(memory_file().hold(input)); },
                    {read_text_file(file.string())}};
  fs::remove(file);
  return target;
}

/// A header and its data.
std::string safetensors_file(const std::string& header, std::size_t bytes) {
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size());
  return file + header + std::string(bytes, '\x3f');
}

void read_safetensors(std::string_view input) {
  const Safetensors file(memory_file().hold(input));
  for (const auto& [name, entry] : file.tensors()) file.read(name, entry.shape);
}

/// Each format by name, and the one that the first line tells.
void add_traces(std::vector<FuzzTarget>& targets) {
  for (const TraceFormat& format : trace_menu()) {
    targets.push_back({"trace_" + std::string(format.name),
                       [&format](std::string_view input) { read_trace(input, format); },
                       {traces().at(std::string(format.name))}});
  }
  const auto recognise = [](std::string_view input) {
    read_trace(input, recognise_trace(memory_file().hold(input)));
  };
  FuzzTarget any{"trace", recognise, {}};
  for (const TraceFormat& format : trace_menu()) any.seeds.push_back(traces().at(std::string(format.name)));
  targets.push_back(std::move(any));
}

std::vector<FuzzTarget> all_targets() {
  std::vector<FuzzTarget> targets = {
      {"json",
       [](std::string_view input) { pretty(parse_json(input, "fuzz.json")); },
       {R"({"a": [1, -2.5e3, "\u00e9\n", true, null, {}], /* c */ "b": {"~/": []}} // end)"}},
      {"quantity",
       read_quantity,
       {"s2 s", "b400 Gbps", "b3.35 TB/s", "B80 GiB", "f989 TFLOPS", "h$2.5/h", "W700W", "J1e-3 kWh",
        "F5 FLOP", "$2 USD"}},
      {"overrides",
       read_overrides,
       {"/workload/num_requests=7\n/model=llama-3.1-8b\n/engine={\"max_num_seqs\": 4}\n/slo/a~1b=[1,\"x\"]"}},
      {"scenario", read_scenario_text, scenario_seeds()},
      {"study", read_study_text, study_seeds()},
      {"plan", read_plan_text, plan_seeds()},
      {"config", read_config_text, config_seeds()},
      {"cluster", [](std::string_view input) { to_json(read_cluster(wish_for(input), "", "fuzz.json")); },
       cluster_seeds()},
      {"gpu", [](std::string_view input) { to_json(read_gpu(wish_for(input), "", "fuzz.json")); },
       gpu_seeds()},
      {"engine_profile",
       [](std::string_view input) { read_engine_profile(memory_file().hold(input), "fuzz.json"); },
       files_in("sim/cost/engines")},
      {"routing_preset",
       [](std::string_view input) { read_routing_preset(memory_file().hold(input), "fuzz.json"); },
       files_in("workloads/routing/presets")},
      {"safetensors",
       read_safetensors,
       {safetensors_file(R"({"a.layers.0.mlp.gate.weight": {"dtype": "BF16", "shape": [2, 3],
         "data_offsets": [0, 12]}, "b": {"dtype": "F32", "shape": [], "data_offsets": [12, 16]},
         "__metadata__": {"k": "v"}})",
                         16)}},
      {"lengths",
       [](std::string_view input) { read_token_column(memory_file().hold(input), "prompt_tokens"); },
       {traces().at("csv"), "prompt_tokens\n1\n100000000\n"}},
      {"journal",
       read_journal,
       {R"({"key": "0000000000000001", "row": {"verdict": "ok", "reason": "", "summary": {"steps": 3}}})"
        "\n{\"key\": \"2\"}\n"}},
  };
  for (const GraphFormat& format : graph_formats())
    targets.push_back({"graph_" + std::string(format.name.substr(1)),
                       [&format](std::string_view input) { read_graph_text(input, format); },
                       graph_seeds(format)});
  for (const RecordingFormat& format : recording_formats()) targets.push_back(recording_target(format));
  add_traces(targets);
  return targets;
}

}  // namespace

const std::vector<FuzzTarget>& fuzz_targets() {
  static const std::vector<FuzzTarget> targets = all_targets();
  return targets;
}

bool reads(const FuzzTarget& target, std::string_view input) {
  try {
    target.read(input);
    return true;
  } catch (const InputError&) {
    return false;
  } catch (const Infeasible&) {
    return false;
  }
}

}  // namespace switchyard
