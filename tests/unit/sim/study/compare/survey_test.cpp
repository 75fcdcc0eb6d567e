// The survey's table and the verdict of scenarios whose figures are made by hand.
#include "sim/study/compare/survey.hpp"

#include <catch2/catch.hpp>

#include "sim/study/compare/verdict.hpp"
#include "tests/support/small_scenarios.hpp"

using namespace switchyard;
using Catch::Contains;

namespace {

struct Hand {
  std::string name;
  Scenario scenario;
  Json summary, probes;
  Subject subject() const { return {name, scenario, summary, probes}; }
};

Json summary_with(double per_gpu, double tpot, const Json& more = Json::object()) {
  Json summary = {{"tokens_per_s_per_gpu", per_gpu},
                  {"mean_tpot_ms", tpot},
                  {"trust", {{"throughput_error", 0.1}, {"tpot_error", 0.1}}},
                  {"breakdown", {{"bottleneck", "expert"}, {"share", {{"expert", 0.6}}}}},
                  {"network", {{"communication_share", 0.02}}},
                  {"slo_met", nullptr}};
  summary.update(more);
  return summary;
}

Json decode_step(std::int64_t users, double ms, double bytes, const Json& experts) {
  return {{"users", users},
          {"step_ms", ms},
          {"tokens_per_s", 1e3 * static_cast<double>(users) / ms},
          {"communication_share", 0.0},
          {"waiting_share", nullptr},
          {"active_experts", experts},
          {"bytes_per_token", bytes}};
}

Json probes_with(double one, double many, double bytes, const Json& few_experts, const Json& experts) {
  return {{"context", 100},
          {"most_users", 64},
          {"decode", {decode_step(1, one, 1e9, few_experts), decode_step(64, many, bytes, experts)}}};
}

Hand dense() {
  return {"dense", read(small_dense()), summary_with(100.0, 20.0), probes_with(20.0, 30.0, 4e8, {}, {})};
}
Hand moe() {
  return {"moe", read(small_moe()), summary_with(200.0, 21.0), probes_with(10.0, 60.0, 2e8, 2.0, 8.0)};
}

const Survey::Cell& cell(const Survey& survey, const std::string& key, std::size_t column) {
  for (const Survey::Row& row : survey.rows)
    if (row.key == key) return row.cells.at(column);
  FAIL("no row " << key);
  return survey.rows.front().cells.front();
}

std::string said(const std::vector<std::string>& verdict) {
  std::string text;
  for (const std::string& sentence : verdict) text += sentence + "\n";
  return text;
}

}  // namespace

TEST_CASE("Cells say a word and the number behind it, and a dash where nothing is known") {
  const Hand left = dense(), right = moe();
  const std::vector<Subject> subjects = {left.subject(), right.subject()};
  const Survey survey = survey_of(subjects);
  CHECK((cell(survey, "kind", 0).text == "Dense" && cell(survey, "kind", 1).text == "MoE, 2 of 8 experts"));
  CHECK_THAT(cell(survey, "active_parameters", 0).text, Contains("all "));
  CHECK_THAT(cell(survey, "active_parameters", 1).text, Contains(" of ") && Contains(" %)"));
  CHECK(cell(survey, "mean_tpot_ms", 0).text == "20 ms ± 10 %");
  CHECK(cell(survey, "batch_gain", 0).text == "strong (42.7 x)");
  CHECK(cell(survey, "batch_gain", 1).text == "weak (10.7 x)");
  CHECK((cell(survey, "active_experts_64", 1).text == "8 of 8" &&
         cell(survey, "active_experts_64", 0).text == "-"));
  CHECK(cell(survey, "communication_share", 0).text == "low (2.0 %)");
  CHECK(cell(survey, "decode_tokens_per_s_256", 0).text == "do not fit");
  CHECK((cell(survey, "usd_per_hour", 0).text == "-" && cell(survey, "usd_per_hour", 0).value.is_null()));
  CHECK((cell(survey, "gpus", 1).text == "4 x round" && cell(survey, "gpus", 1).value == 4));
}

TEST_CASE("Energy and prices stand in the survey and in the verdict where the run has them") {
  Hand left = dense(), right = moe();
  left.summary.update({{"usd_per_million_output_tokens", 3.0}, {"energy_per_output_token_j", 2.0}});
  right.summary.update({{"usd_per_million_output_tokens", 0.5}, {"energy_per_output_token_j", 1.0}});
  for (Json* summary : {&left.summary, &right.summary}) (*summary)["total_output_tokens"] = 1e6;
  left.summary["cost_usd"] = 4.0;
  right.summary["cost_usd"] = 20.0;  // its prompts bear nearly all of it
  const std::vector<Subject> subjects = {left.subject(), right.subject()};
  CHECK(cell(survey_of(subjects), "usd_per_million_output_tokens", 1).text == "$0.5");
  const std::string text = said(verdict_of(subjects));
  CHECK_THAT(text, Contains("Cost: dense is cheapest with $4 a million output tokens with their prompts; moe "
                            "($20 a million output tokens with their prompts) costs 5 times as much."));
  CHECK_THAT(text, Contains("Energy: moe needs least with 1 J an output token; dense (2 J"));
}

TEST_CASE("The verdict names the winner, why, what a tie is, and how users change it") {
  const Hand left = dense(), right = moe();
  const std::vector<Subject> subjects = {left.subject(), right.subject()};
  const std::string text = said(verdict_of(subjects));
  for (const char* part :
       {"Output of a GPU: moe is highest with 200 tokens/s; dense (100 tokens/s) gives 2 times less.",
        "dense (20 ms) and moe (21 ms) are a tie within the errors stated (± 10 %)",
        "Why moe before dense: it reads less memory a token when 64 users decode (200 MB with 8 of 8 experts "
        "in use against 400 MB), though it computes more operations a token (",
        "Batches: for 1 user a step of moe takes 0.5 times as long as one of dense, for 64 users 2 times: it "
        "uses 2 of 8 experts, then 8 of 8 experts.",
        "Most time is spent by dense in experts (60 %) and moe in experts (60 %).", "To provision: dense ",
        "at least 1 GPU (it has 4)"})
    CHECK_THAT(text, Contains(part));
}

TEST_CASE("Targets that are met and missed are told, and a scenario that did not run has its facts alone") {
  Hand left = dense(), right = moe();
  left.summary["slo_met"] = false;
  left.summary["slo"] = {{{"bound", "ttft_p99"}, {"met", false}}, {{"bound", "tpot_p99"}, {"met", true}}};
  right.summary = right.probes = nullptr;
  const std::vector<Subject> subjects = {left.subject(), right.subject()};
  const std::string text = said(verdict_of(subjects));
  CHECK_THAT(text, Contains("Targets: missed by dense (ttft_p99).") && !Contains("Output of a GPU"));
  CHECK_THAT(text, Contains("Without figures of a run: moe (cannot run)."));
  CHECK_THAT(text, Contains("To provision: "));
  CHECK(cell(survey_of(subjects), "mean_tpot_ms", 1).text == "-");
  CHECK_THAT(cell(survey_of(subjects), "total_parameters", 1).text, Contains(" "));
}

TEST_CASE("Scenarios of different traffic are told apart before they are compared") {
  const Hand left = dense();
  Hand right = moe();
  const auto text = [&] {
    const std::vector<Subject> subjects = {left.subject(), right.subject()};
    return said(verdict_of(subjects));
  };
  CHECK_THAT(text(), !Contains("Their traffic differs"));
  right.scenario = read(with(small_moe(), "/workload/num_requests", 81));
  CHECK_THAT(text(), Contains("Their traffic differs"));
}

TEST_CASE("Copies of experts count among those that can be in use") {
  CHECK(experts_of(read(small_dense())) == 0);
  CHECK(experts_of(read(small_moe())) == 8);
  CHECK(experts_of(read(with(with(small_moe(), "/deployment/enable_eplb", true),
                             "/deployment/num_redundant_experts", 4))) == 12);
}

TEST_CASE("The fewest GPUs hold the weights beside the engine's reserve") {
  Json json = small_dense();
  CHECK(least_gpus(read(json)) == 1);
  json["cluster"]["gpu"]["memory"] = "2400 MB";
  CHECK(least_gpus(read(json)) > 1);
}
