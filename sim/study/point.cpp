// A scenario to its figures, all in memory.
#include "sim/study/point.hpp"

#include "sim/base/ensure.hpp"
#include "sim/summarise.hpp"

namespace switchyard {
namespace {

/// Lines joined by "; ", blanks squeezed: a row of a table is one line.
std::string in_one_line(const std::string& text) {
  std::string line;
  bool blank = false, ended = false;
  for (const char c : text) {
    if (c == '\n') ended = true;
    else if (c == ' ' || c == '\t') blank = true;
    else {
      if (ended && !line.empty()) line += line.back() == ':' || line.back() == ';' ? " " : "; ";
      else if (blank && !line.empty()) line += ' ';
      line += c;
      blank = ended = false;
    }
  }
  return line;
}

Json simulate_point(const Scenario& scenario, SharedParts shared, const Finished& finished) {
  const System system(scenario, Scope::serving, std::move(shared));
  const Simulation simulation = simulate(system);
  const Metrics metrics = compute_metrics(simulation.result.log, scenario.slo, scenario.deployment.gpus());
  const Summary summary = summarise(system, simulation, metrics);
  if (finished) finished(system, simulation, summary);
  Json json = without_wall_times(summary_json(summary));
  json["network"].erase("rank_link_utilisation");  // a matrix is no figure of a point
  return json;
}

}  // namespace

Json to_json(const PointOutcome& outcome) {
  return {{"verdict", outcome.verdict}, {"reason", outcome.reason}, {"summary", outcome.summary}};
}

std::optional<PointOutcome> outcome_from(const Json& json) {
  if (!json.is_object() || !json.contains("summary")) return std::nullopt;
  const Json& summary = json["summary"];
  if (!summary.is_object() && !summary.is_null()) return std::nullopt;
  for (const char* key : {"verdict", "reason"}) {
    if (!json.contains(key) || !json[key].is_string()) return std::nullopt;
  }
  return PointOutcome{json["verdict"].get<std::string>(), json["reason"].get<std::string>(), summary};
}

std::string verdict_with_reason(const PointOutcome& outcome) {
  if (!outcome.reason.empty()) return outcome.verdict + ": " + outcome.reason;
  if (!outcome.summary.is_object()) return outcome.verdict;
  return outcome.summary.value("slo_met", Json()) == Json(false) ? "slo missed" : outcome.verdict;
}

Json without_wall_times(Json summary) {
  summary.erase("wall_s");
  summary.erase("bank_s");
  return summary;
}

PointOutcome run_point(const Scenario& scenario, SharedParts shared, const Finished& finished) {
  try {
    return {"ok", "", simulate_point(scenario, std::move(shared), finished)};
  } catch (const Infeasible& error) {
    return {"infeasible", in_one_line(error.what()), nullptr};
  } catch (const LawBroken& error) {
    return {"failed: broken law", in_one_line(error.what()), nullptr};
  }
}

std::string answer_of(const std::function<PointOutcome()>& work) {
  Json answer;
  try {
    answer = to_json(work());
  } catch (const InputError& error) {
    answer = {{"input_error", error.what()}};
  } catch (const std::exception& error) {
    answer = to_json(PointOutcome{"failed: error", error.what(), nullptr});
  }
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

PointOutcome outcome_of(const Crew::Ended& ended, const std::string& name) {
  if (!ended.text)
    return {"failed: " + ended.failure, "the simulating process ended twice without a result", nullptr};
  const Json answer = Json::parse(*ended.text, nullptr, false);
  if (answer.is_object() && answer.contains("input_error"))
    throw InputError(name, answer["input_error"].get<std::string>());
  const std::optional<PointOutcome> outcome = outcome_from(answer);
  ensure(outcome.has_value(), "a worker answers with an outcome");
  return *outcome;
}

}  // namespace switchyard
