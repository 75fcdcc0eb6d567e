// Scenarios of candidates are copies of one that was read and checked, with a few fields set: reading each
// would take longer than simulating it.
#include "sim/study/plan/bases.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/quote.hpp"
#include "sim/energy.hpp"
#include "sim/scenario_blocks.hpp"
#include "sim/system.hpp"
#include "workloads/requests/lengths.hpp"

namespace switchyard {
namespace {

constexpr Seconds kUsualStay{10.0};
constexpr std::int64_t kSampledRequests = 400;

/// The catalogue's cluster of this GPU: an HGX board where there is one, else the first by name.
Json usual_node(const std::string& gpu) {
  std::optional<std::string> found;
  for (const std::string& name : cluster_names()) {
    if (read_cluster(name, "", name).gpu.name != gpu) continue;
    if (!found || (name.starts_with("hgx") && !found->starts_with("hgx"))) found = name;
  }
  if (found) return {{"base", *found}, {"nodes", 1}};
  return {{"gpu", gpu}, {"gpus_per_node", 8}, {"nodes", 1}};
}

std::string name_of_gpu(const PlanStudy& study, std::size_t index) {
  const Json& gpu = study.gpus[index];
  return gpu.is_string() ? gpu.get<std::string>() : gpu.value("name", gpu.value("base", ""));
}

Json node_of(const PlanStudy& study, std::size_t index) {
  const Json& gpu = study.gpus[index];
  const std::string name = name_of_gpu(study, index);
  const auto own = study.clusters.find(name);
  if (own != study.clusters.end()) {
    Json node = own->second.is_string() ? Json{{"base", own->second}} : own->second;
    if (!node.contains("graph")) node["nodes"] = 1;
    return node;
  }
  if (gpu.is_string() && !is_path(name)) {
    const std::vector<std::string> known = gpu_names();
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw InputError(study.source + ": /gpus/" + std::to_string(index),
                       "unknown GPU " + in_quotes(name) + "; " + choices(name, known));
    return usual_node(name);
  }
  return {{"gpu", gpu}, {"gpus_per_node", 8}, {"nodes", 1}};
}

Json base_json(const PlanStudy& study, std::size_t model, std::size_t gpu, const Json& node,
               std::size_t precision) {
  Json json = study.scenario;
  const auto price = study.prices.find(name_of_gpu(study, gpu));
  if (price != study.prices.end()) json["prices"] = {{"usd_per_gpu_hour", price->second}};
  json.update(study.models[model]);
  json["cluster"] = node;
  const Json& wish = study.precisions[precision];
  json["precision"] = wish.is_string() ? Json{{"weights", wish}} : wish;
  if (json["workload"].is_object() && !json["workload"].contains("trace") &&
      !json["workload"].contains("num_requests"))
    json["workload"]["num_requests"] = kSampledRequests;
  return json;
}

/// "/models/2: …" for the scenario's "/model: …": where the study's user wrote it.
std::string in_study(const PlanStudy& study, std::size_t model, std::size_t gpu, std::size_t precision,
                     const std::string& text) {
  const std::string name = name_of_gpu(study, gpu);
  const std::string models = "/models/" + std::to_string(model), gpus = "/gpus/" + std::to_string(gpu);
  const std::string precisions = "/precisions/" + std::to_string(precision);
  const auto own = study.clusters.find(name);
  const bool named = own != study.clusters.end() && own->second.is_string();
  const std::string cluster = own != study.clusters.end() ? "/clusters/" + name : gpus;
  const std::pair<std::string, std::string> places[] = {
      {"/model_overrides", models + "/model_overrides"},
      {"/model", models + (study.models[model].size() > 1 ? "/model" : "")},
      {"/precision" + std::string(study.precisions[precision].is_string() ? "/weights" : ""), precisions},
      {named                         ? "/cluster/base"
       : own != study.clusters.end() ? "/cluster"
                                     : "/cluster/gpu",
       cluster}};
  for (const auto& [scenario, place] : places)
    if (text.starts_with(scenario + ":") || text.starts_with(scenario + "/"))
      return place + text.substr(scenario.size());
  return text;
}

/// What is wrong with a candidate's scenario is so in the study.
Scenario read_base(const PlanStudy& study, std::size_t model, std::size_t gpu, const Json& node,
                   std::size_t precision) {
  try {
    return read_scenario(base_json(study, model, gpu, node, precision), study.source, study.base_folder);
  } catch (const InputError& error) {
    const std::string text = error.what(), start = study.source + ": ";
    if (!text.starts_with(start)) throw;
    throw InputError(study.source, in_study(study, model, gpu, precision, text.substr(start.size())));
  }
}

void check_cluster(const PlanStudy& study, std::size_t gpu, const Scenario& scenario) {
  const std::string name = name_of_gpu(study, gpu);
  if (!study.clusters.contains(name) || is_path(name) || scenario.cluster.gpu.name == name) return;
  throw InputError(study.source + ": /clusters/" + name,
                   "has GPUs of type " + scenario.cluster.gpu.name + "; give a cluster of " + name);
}

void check_arrivals(const PlanStudy& study, const Workload& workload) {
  if (workload.arrivals.rate > 0.0) return;
  if (workload.trace && workload.arrivals.process.empty())
    throw InputError(
        study.source + ": /workload/trace",
        "has arrivals of its own, whose rate a plan could not change; give arrivals with a rate and "
        "draw the trace's lengths, e.g. {\"distribution\": \"empirical\", \"path\": \"trace.csv\", "
        "\"column\": \"prompt_tokens\"}");
  throw InputError(
      study.source + ": /workload/arrivals",
      "have no rate that a plan could change; choose poisson, gamma or uniform and give the rate" +
          std::string(study.minimises() ? ", which is the demand" : ""));
}

struct TrafficSize {
  std::int64_t longest = 0;              // request, prompt and answer together
  std::optional<std::int64_t> requests;  // of a trace
};

TrafficSize size_of_traffic(const Workload& workload, std::uint64_t seed) {
  if (!workload.trace) return {longest(workload.prompt_tokens) + longest(workload.output_tokens), {}};
  TrafficSize traffic{0, 0};
  const auto requests = open_requests(workload, seed);
  while (const std::optional<Request> request = requests->next()) {
    traffic.longest = std::max(traffic.longest, request->prompt_tokens + request->output_tokens);
    ++*traffic.requests;
  }
  return traffic;
}

double mean_output(const Workload& workload, std::uint64_t seed) {
  const auto requests = open_requests(workload, seed);
  double sum = 0.0;
  std::int64_t count = 0;
  for (; count < kSampledRequests; ++count) {
    const std::optional<Request> request = requests->next();
    if (!request) break;
    sum += static_cast<double>(request->output_tokens);
  }
  return count > 0 ? sum / static_cast<double>(count) : 1.0;
}

Seconds longest_stay(const Scenario& scenario) {
  std::optional<Seconds> whole, first, token;
  for (const Slo::Bound& bound : scenario.slo.bounds) {
    auto& limit = bound.figure == "e2el" ? whole : bound.figure == "ttft" ? first : token;
    limit = std::min(limit.value_or(bound.limit), bound.limit);
  }
  if (whole) return *whole;
  if (!token) return kUsualStay;
  return first.value_or(Seconds()) + mean_output(*scenario.workload, scenario.seed) * *token;
}

/// The study's own price, else the catalogue's.
std::optional<double> usd_per_gpu_hour(const Scenario& scenario) {
  const Price price = price_of(scenario);
  return price.per_gpu_hour ? std::optional(price.per_gpu_hour->value()) : std::nullopt;
}

[[noreturn]] void fail_price(const PlanStudy& study, const std::string& gpu, const std::string& needed_by) {
  throw InputError(study.source + ": /prices", "has none for " + gpu + ", which " + needed_by +
                                                   " needs; give its $ of a GPU-hour, e.g. {\"" + gpu +
                                                   "\": 2.5}");
}

std::int64_t most_gpus(const PlanStudy& study, const Gpu& gpu, std::optional<double> price) {
  if (study.budget.gpus) return *study.budget.gpus;
  if (!price) fail_price(study, gpu.name, "a budget in $/h");
  return std::min<std::int64_t>(kMostPlannedGpus,
                                static_cast<std::int64_t>(std::floor(*study.budget.usd_per_hour / *price)));
}

auto key_of(const Layout& layout) {
  const Deployment& d = layout.deployment;
  return std::tuple(d.tensor_parallel_size, d.pipeline_parallel_size, d.data_parallel_size,
                    d.enable_expert_parallel, d.all2all_backend, layout.max_num_seqs,
                    layout.max_num_batched_tokens);
}

}  // namespace

bool Layout::operator==(const Layout& other) const { return key_of(*this) == key_of(other); }

bool Layout::operator<(const Layout& other) const { return key_of(*this) < key_of(other); }

std::string words_of(const Layout& layout) {
  const Deployment& d = layout.deployment;
  std::string words;
  const auto add = [&](const std::string& word) { words += (words.empty() ? "" : ", ") + word; };
  if (d.tensor_parallel_size > 1) add("tp " + std::to_string(d.tensor_parallel_size));
  if (d.pipeline_parallel_size > 1) add("pp " + std::to_string(d.pipeline_parallel_size));
  if (d.data_parallel_size > 1) add("dp " + std::to_string(d.data_parallel_size));
  if (d.enable_expert_parallel) add("ep");
  if (exchange_backend(d.all2all_backend) != nullptr) add(d.all2all_backend);
  return words.empty() ? "1 GPU" : words;
}

PlanBase::PlanBase(const PlanStudy& study, std::size_t model, std::size_t gpu, std::size_t precision)
    : study_(&study),
      model_(model),
      gpu_(gpu),
      precision_(precision),
      node_(node_of(study, gpu)),
      scenario_(read_base(study, model, gpu, node_, precision)) {
  check_cluster(study, gpu, scenario_);
  check_workload(scenario_);
  scenario_.workload->num_warmups = 0;  // each replica starts empty
  check_arrivals(study, *scenario_.workload);
  price_ = switchyard::usd_per_gpu_hour(scenario_);
  most_gpus_ = switchyard::most_gpus(study, scenario_.cluster.gpu, price_);
  stay_ = switchyard::longest_stay(scenario_);
  read_traffic();
}

std::string PlanBase::kind() const { return std::string(name_of(kind_of(scenario_.model))); }

std::string PlanBase::precision() const { return scenario_.json["precision"]["weights"].get<std::string>(); }

/// An engine is started for the traffic that it is to serve: a pool for one sequence of the model's whole
/// context would refuse layouts that serve this traffic well.
void PlanBase::read_traffic() {
  constexpr std::int64_t kUnlimited = 1 << 24;
  const std::int64_t own = scenario_.model.max_position_embeddings;
  const Json& engine = scenario_.json["engine"];
  const bool given = study_->scenario.contains("engine") && study_->scenario["engine"].is_object() &&
                     !study_->scenario["engine"].value("max_model_len", Json()).is_null();
  const TrafficSize traffic = size_of_traffic(*scenario_.workload, scenario_.seed);
  const std::int64_t most = traffic.longest;
  most_requests_ = traffic.requests;
  std::int64_t& length = scenario_.engine.limits.max_model_len;
  if (most < kUnlimited && most > length)
    too_long_ = "requests of up to " + std::to_string(most) + " tokens exceed " +
                (given ? "max_model_len " : "the model's context of ") + engine["max_model_len"].dump();
  else if (!given && most < own) length = most;
}

Json PlanBase::node_json(std::int64_t nodes) const {
  Json json = node_;
  if (!json.contains("graph")) json["nodes"] = nodes;
  return json;
}

void PlanBase::scale_network(double factor) {
  network_ *= factor;
  clusters_.clear();
  bounds_.clear();
}

const Cluster& PlanBase::cluster_for(std::int64_t gpus) const {
  const std::int64_t each = scenario_.cluster.gpus_per_node;
  const std::int64_t nodes = (gpus + each - 1) / each;
  const auto known = clusters_.find(nodes);
  if (known != clusters_.end()) return known->second;
  Cluster cluster = read_cluster(node_json(nodes), study_->base_folder, study_->source);
  for (BytesPerSecond* bandwidth :
       {&cluster.gpu.nvlink, &cluster.gpu.xgmi, &cluster.gpu.pcie, &cluster.node_fabric.uplink,
        &cluster.node_fabric.socket_link, &cluster.fabric.nic, &cluster.fabric.local_link,
        &cluster.fabric.global_link, &cluster.fabric.link})
    *bandwidth *= network_;
  return clusters_.emplace(nodes, std::move(cluster)).first->second;
}

Scenario PlanBase::scenario_for(const Layout& layout, const Load& load) const {
  Scenario scenario = scenario_;
  scenario.deployment = layout.deployment;
  scenario.deployment.replicas = load.replicas;
  scenario.cluster = cluster_for(scenario.deployment.gpus());
  scenario.engine.limits.max_num_seqs = layout.max_num_seqs;
  scenario.engine.limits.max_num_batched_tokens = layout.max_num_batched_tokens;
  if (load.requests > 0) {
    scenario.workload->arrivals.rate = load.requests_per_s;
    scenario.workload->num_requests = load.requests;
  }
  scenario.json = to_json(scenario, scenario_.json["model"], scenario_.json.value("model_overrides", Json()));
  return scenario;
}

const std::optional<Bound>& PlanBase::bound_of(const Layout& layout, const Load& load, Bounds& bounds) const {
  const std::tuple key(layout, load.replicas, load.requests);
  const auto known = bounds_.find(key);
  if (known != bounds_.end()) return known->second;
  const Scenario scenario = scenario_for(layout, load);
  const auto memory = find_fit(scenario.model, scenario.precision, scenario.deployment, scenario.cluster,
                               scenario.engine.profile, scenario.engine.limits);
  return bounds_.emplace(key, memory ? std::optional(bounds.of(scenario, *memory)) : std::nullopt)
      .first->second;
}

std::deque<PlanBase> read_bases(const PlanStudy& study) {
  std::deque<PlanBase> bases;
  for (std::size_t model = 0; model < study.models.size(); ++model)
    for (std::size_t gpu = 0; gpu < study.gpus.size(); ++gpu)
      for (std::size_t precision = 0; precision < study.precisions.size(); ++precision) {
        PlanBase base(study, model, gpu, precision);
        const auto same = [&](const PlanBase& other) {
          return other.model() == model && other.gpu() == gpu &&
                 other.scenario().json["precision"] == base.scenario().json["precision"];
        };
        if (std::none_of(bases.begin(), bases.end(), same)) bases.push_back(std::move(base));
      }
  if (study.objective == "minimise_cost")
    for (const PlanBase& base : bases)
      if (!base.usd_per_gpu_hour()) fail_price(study, base.gpu_name(), "minimise_cost");
  return bases;
}

}  // namespace switchyard
