// Reading a plan's study. What its blocks say of models, engines and traffic is checked by the scenario's
// reader, with the same paths.
#include "sim/study/plan/plan_study.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "sim/base/menu.hpp"
#include "sim/plan/deployment.hpp"

namespace switchyard {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostNames = 64;
constexpr std::size_t kMostValues = 32;
constexpr NumberRange kUsdPerHour{0.0, 1e9, NumberRange::Ends::open_below};
constexpr NumberRange kUsdPerGpuHour{0.0, 1e6, NumberRange::Ends::open_below};  // as a scenario's

const std::vector<Json>& checked_list(const Json& list, const ObjectReader& reader, std::string_view key) {
  if (!list.is_array()) reader.fail(key, nature(list) + "; give a list");
  if (list.empty()) reader.fail(key, "[] is empty; give at least one");
  if (list.size() > kMostNames)
    reader.fail(key,
                std::to_string(list.size()) + " are too many; give at most " + std::to_string(kMostNames));
  return list.get_ref<const std::vector<Json>&>();
}

/// "/models/2".
std::string item_pointer(const ObjectReader& reader, std::string_view key, std::size_t index) {
  return reader.pointer(key) + "/" + std::to_string(index);
}

[[noreturn]] void fail_item(const ObjectReader& reader, std::string_view key, std::size_t index,
                            const std::string& problem) {
  throw InputError(reader.source() + ": " + item_pointer(reader, key, index), problem);
}

void refuse_repeats(const std::vector<Json>& list, const ObjectReader& reader, std::string_view key) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto end = list.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(list.begin(), end, list[i]) == end) continue;
    const bool bare = list[i].is_object() && list[i].size() == 1 && list[i].contains("model");
    fail_item(reader, key, i,
              one_line((bare ? list[i]["model"] : list[i]).dump(), 60) + " is given twice; give it once");
  }
}

/// A path stays findable from anywhere.
Json resolved(const Json& wish, const std::string& folder) {
  if (!wish.is_string() || !is_path(wish.get_ref<const std::string&>())) return wish;
  return absolute_path(folder, wish.get<std::string>());
}

void check_wish(const Json& wish, const ObjectReader& reader, std::string_view key, std::size_t index) {
  if (!wish.is_string() && !wish.is_object())
    fail_item(reader, key, index, nature(wish) + "; give a name, a path, or an object");
}

std::vector<Json> read_models(ObjectReader& reader, const std::string& folder) {
  std::vector<Json> models;
  for (const Json& item : checked_list(reader.raw("models", "a list of models"), reader, "models")) {
    check_wish(item, reader, "models", models.size());
    const bool wrapped = item.is_object() && item.contains("model");
    Json model = wrapped ? item : Json{{"model", item}};
    if (wrapped) {
      ObjectReader entry(item, reader.source(), item_pointer(reader, "models", models.size()));
      entry.raw("model");
      entry.known("model_overrides");
      entry.finish();
    }
    model["model"] = resolved(model["model"], folder);
    models.push_back(std::move(model));
  }
  refuse_repeats(models, reader, "models");
  return models;
}

std::vector<Json> read_gpus(ObjectReader& reader, const std::string& folder) {
  std::vector<Json> gpus;
  for (const Json& item : checked_list(reader.raw("gpus", "a list of GPU types"), reader, "gpus")) {
    check_wish(item, reader, "gpus", gpus.size());
    gpus.push_back(resolved(item, folder));
  }
  refuse_repeats(gpus, reader, "gpus");
  return gpus;
}

Budget read_budget(ObjectReader reader) {
  Budget budget;
  budget.gpus = reader.maybe_integer("gpus", {1, kMostPlannedGpus});
  if (reader.has("usd_per_hour")) budget.usd_per_hour = reader.number("usd_per_hour", kUsdPerHour);
  reader.known("usd_per_hour");
  reader.finish();
  if (budget.gpus.has_value() == budget.usd_per_hour.has_value())
    throw InputError(reader.source() + ": /budget",
                     std::string(budget.gpus ? "has both gpus and usd_per_hour" : "is empty") +
                         "; give {\"gpus\": 64} or {\"usd_per_hour\": 200}");
  return budget;
}

std::vector<std::int64_t> read_sizes(ObjectReader& reader, std::string_view key,
                                     std::vector<std::int64_t> fallback, std::int64_t most) {
  std::vector<std::int64_t> sizes = reader.optional_integers(key, std::move(fallback), {1, most});
  if (reader.has(key) && sizes.empty()) reader.fail(key, "[] is empty; give at least one value");
  if (sizes.size() > kMostValues)
    reader.fail(key, "has more than " + std::to_string(kMostValues) + " values; give fewer");
  std::vector<std::int64_t> once;
  for (const std::int64_t size : sizes)
    if (std::find(once.begin(), once.end(), size) == once.end()) once.push_back(size);
  return once;
}

std::vector<std::string> read_words(ObjectReader& reader, std::string_view key,
                                    const std::vector<std::string>& fallback,
                                    const std::vector<std::string>& known) {
  const Json* list = reader.optional_raw(key);
  if (!list || list->is_null()) return fallback;
  std::vector<std::string> words;
  for (const Json& item : checked_list(*list, reader, key)) {
    const std::string word = item.is_string() ? item.get<std::string>() : item.dump();
    if (std::find(known.begin(), known.end(), word) == known.end())
      reader.fail(key, "unknown value " + in_quotes(word) + "; " + choices(word, known));
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
  return words;
}

std::vector<std::int64_t> powers_of_two(std::int64_t most) {
  std::vector<std::int64_t> powers;
  for (std::int64_t power = 1; power <= most; power *= 2) powers.push_back(power);
  return powers;
}

LayoutLists read_layouts(ObjectReader reader) {
  LayoutLists lists;
  lists.most_gpus_per_replica = reader.optional_integer("most_gpus_per_replica", 64, {1, kMostPlannedGpus});
  const std::int64_t most = lists.most_gpus_per_replica;
  lists.tensor_parallel_size = read_sizes(reader, "tensor_parallel_size",
                                          powers_of_two(std::min<std::int64_t>(8, most)), kMostPlannedGpus);
  lists.pipeline_parallel_size = read_sizes(reader, "pipeline_parallel_size",
                                            powers_of_two(std::min<std::int64_t>(8, most)), kMostPlannedGpus);
  lists.data_parallel_size = read_sizes(reader, "data_parallel_size", powers_of_two(most), kMostPlannedGpus);
  lists.enable_expert_parallel =
      read_words(reader, "enable_expert_parallel", {"false", "true"}, {"false", "true"});
  lists.all2all_backend =
      read_words(reader, "all2all_backend", {"allgather_reducescatter"}, names(all2all_backends()));
  lists.max_num_seqs = read_sizes(reader, "max_num_seqs", {}, 1 << 20);
  lists.max_num_batched_tokens = read_sizes(reader, "max_num_batched_tokens", {}, 1 << 22);
  reader.finish();
  const auto least = [](const std::vector<std::int64_t>& sizes) {
    return *std::min_element(sizes.begin(), sizes.end());
  };
  const std::int64_t smallest = least(lists.tensor_parallel_size) * least(lists.pipeline_parallel_size) *
                                least(lists.data_parallel_size);
  if (smallest > most)
    reader.fail("most_gpus_per_replica", std::to_string(most) + " is less than the " +
                                             std::to_string(smallest) +
                                             " GPUs of the smallest replica of these lists; give as many, or "
                                             "smaller sizes");
  return lists;
}

std::vector<Json> read_precisions(ObjectReader& reader) {
  const Json* list = reader.optional_raw("precisions");
  if (!list || list->is_null()) return {"auto"};
  const std::vector<Json>& given = checked_list(*list, reader, "precisions");
  for (std::size_t i = 0; i < given.size(); ++i)
    if (!given[i].is_string() && !given[i].is_object())
      fail_item(reader, "precisions", i,
                nature(given[i]) + "; give a format such as \"fp8\", or {\"weights\": …}");
  refuse_repeats(given, reader, "precisions");
  return given;
}

std::map<std::string, double> read_prices(ObjectReader reader) {
  std::map<std::string, double> prices;
  for (const std::string& gpu : reader.keys())
    if (reader.has(gpu)) prices[gpu] = reader.number(gpu, kUsdPerGpuHour);
  return prices;
}

std::map<std::string, Json> read_clusters(ObjectReader reader) {
  std::map<std::string, Json> clusters;
  for (const std::string& gpu : reader.keys()) {
    const Json* wish = reader.optional_raw(gpu);
    if (!wish || wish->is_null()) continue;
    if (!wish->is_string() && !wish->is_object())
      reader.fail(gpu, nature(*wish) + "; give a cluster's name, or an object");
    clusters[gpu] = *wish;
  }
  return clusters;
}

/// The blocks that go into every scenario as they are.
Json read_shared(ObjectReader& reader) {
  Json shared = {
      {"workload",
       reader.raw("workload", "a preset such as \"azure-conv-2023\", or an object of arrivals and lengths")},
      {"slo", reader.raw("slo", "latency bounds, e.g. {\"ttft_p99\": \"2 s\"}")}};
  for (const char* block : {"engine", "routing", "network", "seed"})
    if (const Json* value = reader.optional_raw(block)) shared[block] = *value;
  return shared;
}

void check_slo(const Json& slo, const ObjectReader& reader) {
  const std::string example = "; give e.g. {\"ttft_p99\": \"2 s\", \"tpot_p99\": \"50 ms\"}";
  if (!slo.is_object()) reader.fail("slo", nature(slo) + example);
  if (slo.empty()) reader.fail("slo", "has no bound, so any load would meet it" + example);
}

void check_names(const PlanStudy& study, const std::string& block, const std::string& gpu) {
  std::vector<std::string> known;
  for (const Json& wish : study.gpus)
    known.push_back(wish.is_string()   ? wish.get<std::string>()
                    : wish.is_object() ? wish.value("name", wish.value("base", ""))
                                       : "");
  if (std::find(known.begin(), known.end(), gpu) != known.end()) return;
  throw InputError(study.source + ": /" + block,
                   "unknown GPU " + in_quotes(gpu) + "; " + choices(gpu, known));
}

}  // namespace

std::span<const Objective> objectives() {
  static constexpr std::array<Objective, 4> kTable = {{
      {"minimise_gpus", "the fewest GPUs that carry the demand within the SLO", "GPUs"},
      {"minimise_cost", "the fewest dollars an hour that do", "$/h"},
      {"minimise_energy", "the least energy an output token, carrying the demand within the SLO", "J/token"},
      {"maximise_goodput", "the most requests a second within the SLO that the budget can carry",
       "requests/s"},
  }};
  return kTable;
}

PlanStudy read_plan_study(const std::string& path, const std::string& objective) {
  const Json json = read_json_file(path);
  ObjectReader reader(json, path);
  PlanStudy study;
  study.source = one_line(path);
  study.base_folder = fs::path(path).parent_path().string();
  study.title = reader.optional_text("title", fs::path(path).stem().string());
  study.question = reader.optional_text("question", "");
  study.models = read_models(reader, study.base_folder);
  study.gpus = read_gpus(reader, study.base_folder);
  reader.raw("budget", "an object such as {\"gpus\": 64}");
  study.budget = read_budget(reader.object("budget"));
  study.scenario = read_shared(reader);
  check_slo(study.scenario["slo"], reader);
  const std::vector<std::string> known = names(objectives());
  study.objective = objective.empty() ? reader.choice("objective", known) : objective;
  reader.known("objective");
  study.precisions = read_precisions(reader);
  study.layouts = read_layouts(reader.optional_object("layouts"));
  study.clusters = read_clusters(reader.optional_object("clusters"));
  study.prices = read_prices(reader.optional_object("prices"));
  reader.optional_text("$schema", "");  // for editors
  reader.finish();
  for (const auto& [gpu, cluster] : study.clusters) check_names(study, "clusters", gpu);
  for (const auto& [gpu, price] : study.prices) check_names(study, "prices", gpu);
  return study;
}

Json to_json(const PlanStudy& study) {
  Json budget = Json::object();
  if (study.budget.gpus) budget["gpus"] = *study.budget.gpus;
  if (study.budget.usd_per_hour) budget["usd_per_hour"] = *study.budget.usd_per_hour;
  Json json = {{"title", study.title},
               {"question", study.question},
               {"models", study.models},
               {"gpus", study.gpus},
               {"budget", budget},
               {"objective", study.objective},
               {"precisions", study.precisions}};
  json.update(study.scenario);
  const LayoutLists& lists = study.layouts;
  Json expert = Json::array();
  for (const std::string& word : lists.enable_expert_parallel) expert.push_back(word == "true");
  json["layouts"] = {{"tensor_parallel_size", lists.tensor_parallel_size},
                     {"pipeline_parallel_size", lists.pipeline_parallel_size},
                     {"data_parallel_size", lists.data_parallel_size},
                     {"enable_expert_parallel", expert},
                     {"all2all_backend", lists.all2all_backend},
                     {"most_gpus_per_replica", lists.most_gpus_per_replica}};
  if (!lists.max_num_seqs.empty()) json["layouts"]["max_num_seqs"] = lists.max_num_seqs;
  if (!lists.max_num_batched_tokens.empty())
    json["layouts"]["max_num_batched_tokens"] = lists.max_num_batched_tokens;
  json["clusters"] = study.clusters;
  json["prices"] = study.prices;
  return json;
}

}  // namespace switchyard
