// The sentences, in the order in which they are said.
#include "sim/study/compare/verdict.hpp"

#include <algorithm>

#include "sim/base/breakdown.hpp"
#include "sim/report/summary.hpp"
#include "sim/study/compare/probe.hpp"
#include "sim/study/compare/ranking.hpp"
#include "sim/study/figures.hpp"
#include "sim/study/readable.hpp"
#include "workloads/parameters.hpp"

namespace switchyard {
namespace {

constexpr double kWorthSaying = 1.05;  // times: what moves less decides nothing
constexpr double kKeepsUp = 0.02;      // share by which runs of the same traffic may differ

std::optional<double> number_at(const Json& json, const char* pointer) {
  const Json& value = figure_at(json, pointer);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

struct Topic {
  std::optional<double> (*value)(const Json& summary);
  const char* error;
  Better better;
  Wording wording;
};

std::string milliseconds(double value) { return with_unit(value, "ms"); }
std::string dollars(double value) {
  return "$" + readable(value) + " a million output tokens with their prompts";
}
std::string joules(double value) { return with_unit(value, "J") + " an output token"; }
std::string tokens(double value) { return readable(value) + " tokens/s"; }

/// $ of a million output tokens, the whole cost put on them: how it is shared out with the prompts depends on
/// how a run's time divides (bill.hpp), so that of two that cost as much one's output tokens may be cheaper.
std::optional<double> whole_cost(const Json& summary) {
  const auto cost = number_at(summary, "/cost_usd"), tokens = number_at(summary, "/total_output_tokens");
  return cost && tokens && *tokens > 0.0 ? std::optional(*cost / *tokens * 1e6) : std::nullopt;
}

const Topic kCost = {whole_cost,
                     "/trust/throughput_error",
                     Better::lower,
                     {"Cost", "is cheapest with", "costs", "as much", dollars}};
const Topic kPerGpu = {[](const Json& summary) { return number_at(summary, "/tokens_per_s_per_gpu"); },
                       "/trust/throughput_error",
                       Better::higher,
                       {"Output of a GPU", "is highest with", "gives", "less", tokens}};
const Topic kTpot = {[](const Json& summary) { return number_at(summary, "/mean_tpot_ms"); },
                     "/trust/tpot_error",
                     Better::lower,
                     {"Time between a user's tokens", "is shortest with", "takes", "as long", milliseconds}};
const Topic kTtft = {[](const Json& summary) { return number_at(summary, "/median_ttft_ms"); },
                     "/trust/ttft_error",
                     Better::lower,
                     {"Time to the first token", "is shortest with", "takes", "as long", milliseconds}};
const Topic kEnergy = {[](const Json& summary) { return number_at(summary, "/energy_per_output_token_j"); },
                       "/trust/throughput_error",
                       Better::lower,
                       {"Energy", "needs least with", "needs", "as much", joules}};

/// Of the subjects that have the figure.
std::optional<Ranking> ranking_of(std::span<const Subject> subjects, const Topic& topic) {
  std::vector<Entry> entries;
  for (const Subject& subject : subjects) {
    const std::optional<double> value = topic.value(subject.summary);
    if (value && *value > 0.0)
      entries.push_back({subject.name, *value, number_at(subject.summary, topic.error)});
  }
  if (entries.size() < 2) return std::nullopt;
  return rank(std::move(entries), topic.better);
}

const Subject& named(std::span<const Subject> subjects, const std::string& name) {
  return *std::find_if(subjects.begin(), subjects.end(),
                       [&](const Subject& subject) { return subject.name == name; });
}

/// What tells two subjects apart: how many times it speaks for the first, and what it does then and else.
struct Fact {
  double favour = 1.0;
  std::string pro, contra;
};

Fact fact_of(double favour, const std::string& less, const std::string& more, const std::string& text) {
  return {favour, less + " " + text, more + " " + text};
}

std::optional<double> step_figure(const Subject& subject, std::int64_t users, const char* key) {
  for (const Json& step : figure_at(subject.probes, "/decode"))
    if (step.at("users") == users) return number_at(step, key);
  return std::nullopt;
}

/// "2 of 8 experts", of a layer on average; nothing where none routes.
std::string experts_in_words(const Subject& subject, std::int64_t users) {
  const std::optional<double> active = step_figure(subject, users, "/active_experts");
  if (!active) return "";
  return readable(*active) + " of " + std::to_string(experts_of(subject.scenario)) + " experts";
}

Fact operations_fact(const Subject& a, const Subject& b) {
  const auto flops = [](const Subject& subject) {
    return flops_per_token(subject.scenario.model,
                           static_cast<std::int64_t>(number_at(subject.probes, "/context").value_or(0.0)))
        .value();
  };
  return fact_of(
      flops(b) / flops(a), "computes fewer", "computes more",
      "operations a token (" + with_unit(flops(a), "FLOP") + " against " + with_unit(flops(b), "FLOP") + ")");
}

Fact reading_fact(const Subject& a, const Subject& b) {
  const std::optional<double> own = step_figure(a, 64, "/bytes_per_token");
  const std::optional<double> other = step_figure(b, 64, "/bytes_per_token");
  if (!own || !other) return {};
  const auto beside = [](const Subject& subject) {
    const std::string experts = experts_in_words(subject, 64);
    return experts.empty() ? experts : " with " + experts + " in use";
  };
  return fact_of(*other / *own, "reads less", "reads more",
                 "memory a token when 64 users decode (" + with_unit(*own, "B") + beside(a) + " against " +
                     with_unit(*other, "B") + beside(b) + ")");
}

Fact share_fact(std::optional<double> own, std::optional<double> other, const std::string& verb,
                const std::string& what) {
  const double a = own.value_or(0.0), b = other.value_or(0.0);
  return fact_of((1.0 - a) / (1.0 - b), verb + " less", verb + " more",
                 what + "(" + percent(a) + " against " + percent(b) + " of the time)");
}

Fact communication_fact(const Subject& a, const Subject& b) {
  return share_fact(number_at(a.summary, "/network/communication_share"),
                    number_at(b.summary, "/network/communication_share"), "communicates", "");
}

Fact waiting_fact(const Subject& a, const Subject& b) {
  return share_fact(step_figure(a, 64, "/waiting_share"), step_figure(b, 64, "/waiting_share"), "waits",
                    "for its busiest expert rank when 64 users decode ");
}

Fact memory_fact(const Subject& a, const Subject& b) {
  const BytesPerSecond own = a.scenario.cluster.gpu.memory_bandwidth;
  const BytesPerSecond other = b.scenario.cluster.gpu.memory_bandwidth;
  return fact_of(
      own / other, "has faster", "has slower",
      "GPU memory (" + with_unit(own.value(), "B/s") + " against " + with_unit(other.value(), "B/s") + ")");
}

/// What speaks for the winner and what against it, the largest first.
std::string reasons(const Subject& winner, const Subject& other) {
  std::vector<Fact> facts = {operations_fact(winner, other), reading_fact(winner, other),
                             communication_fact(winner, other), waiting_fact(winner, other),
                             memory_fact(winner, other)};
  std::stable_sort(facts.begin(), facts.end(), [](const Fact& a, const Fact& b) {
    return std::max(a.favour, 1.0 / a.favour) > std::max(b.favour, 1.0 / b.favour);
  });
  std::vector<std::string> pro, contra;
  for (const Fact& fact : facts) {
    if (fact.favour >= kWorthSaying) pro.push_back(fact.pro);
    else if (fact.favour <= 1.0 / kWorthSaying) contra.push_back(fact.contra);
  }
  if (pro.empty() && contra.empty()) return "";
  std::string text = "Why " + winner.name + " before " + other.name + ": ";
  if (!pro.empty()) text += "it " + in_words(pro);
  if (!contra.empty())
    text += (pro.empty() ? "nothing but the traffic's mix, for it " : ", though it ") + in_words(contra);
  return text + ".";
}

void add_contest(std::vector<std::string>& verdict, std::span<const Subject> subjects, const Topic& topic) {
  if (const std::optional<Ranking> ranking = ranking_of(subjects, topic))
    verdict.push_back(sentence(*ranking, topic.wording));
}

/// Of the first contest that has a winner.
void add_reasons(std::vector<std::string>& verdict, std::span<const Subject> subjects) {
  for (const Topic* topic : {&kCost, &kPerGpu, &kTpot}) {
    const std::optional<Ranking> ranking = ranking_of(subjects, *topic);
    if (!ranking || ranking->rest.empty()) continue;
    const Subject& winner = named(subjects, ranking->best.front().name);
    for (const Entry& entry : ranking->rest)
      if (std::string text = reasons(winner, named(subjects, entry.name)); !text.empty())
        verdict.push_back(std::move(text));
    return;
  }
}

/// What a reader must know before the figures are compared.
void add_warnings(std::vector<std::string>& verdict, std::span<const Subject> subjects) {
  std::vector<std::string> idle;
  bool same = true;
  for (const Subject& subject : subjects) {
    same = same && figure_at(subject.scenario.json, "/workload") ==
                       figure_at(subjects.front().scenario.json, "/workload");
    if (!subject.probes.is_object())
      idle.push_back(subject.name +
                     (subject.summary.is_object() ? " (no request is completed)" : " (cannot run)"));
  }
  if (!same)
    verdict.emplace_back("Their traffic differs, so what came of the runs is not the models' doing alone.");
  if (!idle.empty()) verdict.push_back("Without figures of a run: " + in_words(idle) + ".");
}

bool keeps_up(std::span<const Subject> subjects) {
  std::vector<double> rates;
  for (const Subject& subject : subjects) {
    if (!subject.summary.is_object()) continue;
    if (!subject.scenario.workload || subject.scenario.workload->closed_loop()) return false;
    rates.push_back(number_at(subject.summary, "/request_throughput").value_or(0.0));
  }
  if (rates.size() < 2) return false;
  const auto [least, most] = std::minmax_element(rates.begin(), rates.end());
  return *least > 0.0 && *most / *least < 1.0 + kKeepsUp;
}

/// How the number of users moves the balance between a model that routes and one that does not.
void add_users(std::vector<std::string>& verdict, const Subject& routing, const Subject& dense) {
  std::vector<std::pair<std::int64_t, double>> ratios;  // users, and times as long
  for (const std::int64_t users : kUsers) {
    const auto own = step_figure(routing, users, "/step_ms"), other = step_figure(dense, users, "/step_ms");
    if (own && other) ratios.emplace_back(users, *own / *other);
  }
  if (ratios.size() < 2) return;
  const auto [few, first] = ratios.front();
  const auto [many, last] = ratios.back();
  verdict.push_back("Batches: for " + std::to_string(few) + (few == 1 ? " user" : " users") + " a step of " +
                    routing.name + " takes " + times(first) + " as long as one of " + dense.name + ", for " +
                    std::to_string(many) + " users " + times(last) + ": it uses " +
                    experts_in_words(routing, few) + ", then " + experts_in_words(routing, many) + ".");
}

void add_batches(std::vector<std::string>& verdict, std::span<const Subject> subjects) {
  const auto dense = std::find_if(subjects.begin(), subjects.end(), [](const Subject& subject) {
    return subject.scenario.model.moe_layers() == 0;
  });
  if (dense == subjects.end()) return;
  for (const Subject& subject : subjects)
    if (subject.scenario.model.moe_layers() > 0) add_users(verdict, subject, *dense);
}

void add_provisioning(std::vector<std::string>& verdict, std::span<const Subject> subjects) {
  std::vector<std::string> texts;
  for (const Subject& subject : subjects) {
    const std::int64_t least = least_gpus(subject.scenario);
    texts.push_back(
        subject.name + " " +
        with_unit(weight_bytes(subject.scenario.model, subject.scenario.precision.weights).value(), "B") +
        " of weights, at least " + std::to_string(least) + (least == 1 ? " GPU" : " GPUs") + " (it has " +
        std::to_string(subject.scenario.deployment.gpus()) + ")");
  }
  verdict.push_back("To provision: " + in_words(texts) + ".");
}

/// Which part of a step most of the time went to.
void add_bottlenecks(std::vector<std::string>& verdict, std::span<const Subject> subjects) {
  std::vector<std::string> texts;
  for (const Subject& subject : subjects) {
    const Json& part = figure_at(subject.summary, "/breakdown/bottleneck");
    if (!part.is_string()) continue;
    const std::string name = part.get<std::string>();
    const auto share = number_at(subject.summary, ("/breakdown/share/" + name).c_str());
    const auto known = std::find(kPartNames.begin(), kPartNames.end(), name);
    if (!share || known == kPartNames.end()) continue;
    texts.push_back(subject.name + " in " +
                    std::string(label_of(static_cast<Part>(known - kPartNames.begin()))) + " (" +
                    percent(*share) + ")");
  }
  if (!texts.empty()) verdict.push_back("Most time is spent by " + in_words(texts) + ".");
}

void add_targets(std::vector<std::string>& verdict, std::span<const Subject> subjects) {
  std::vector<std::string> met, missed;
  for (const Subject& subject : subjects) {
    std::vector<std::string> bounds;
    for (const Json& row : figure_at(subject.summary, "/slo"))
      if (row.at("met") == false) bounds.push_back(row.at("bound").get<std::string>());
    const Json& all = figure_at(subject.summary, "/slo_met");
    if (all == true) met.push_back(subject.name);
    if (all == false) missed.push_back(subject.name + " (" + in_words(bounds) + ")");
  }
  if (met.empty() && missed.empty()) return;
  std::string text = "Targets: ";
  if (!met.empty()) text += "met by " + in_words(met);
  if (!missed.empty()) text += (met.empty() ? "missed by " : "; missed by ") + in_words(missed);
  verdict.push_back(text + ".");
}

}  // namespace

std::vector<std::string> verdict_of(std::span<const Subject> subjects) {
  std::vector<std::string> verdict;
  add_warnings(verdict, subjects);
  if (keeps_up(subjects))
    verdict.emplace_back(
        "All keep up with the traffic, so it alone sets their tokens/s: they differ in the GPUs they take "
        "and "
        "in latency.");
  for (const Topic* topic : {&kCost, &kPerGpu, &kTpot, &kTtft, &kEnergy})
    add_contest(verdict, subjects, *topic);
  add_reasons(verdict, subjects);
  add_bottlenecks(verdict, subjects);
  add_batches(verdict, subjects);
  add_targets(verdict, subjects);
  add_provisioning(verdict, subjects);
  return verdict;
}

}  // namespace switchyard
