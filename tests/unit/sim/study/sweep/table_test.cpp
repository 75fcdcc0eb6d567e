// Tables of outcomes made by hand.
#include <catch2/catch.hpp>
#include <sstream>

#include "sim/base/csv_reader.hpp"
#include "sim/study/sweep/table.hpp"

namespace switchyard {
namespace {

Study study_of(std::vector<Json> values) {
  Study study;
  study.source = "study.json";
  study.title = "T";
  study.axes = {{{"/cluster"}, {std::move(values)}}};
  return study;
}

SweepResults results_of(std::vector<PointOutcome> outcomes) {
  std::vector<std::uint64_t> points;
  for (std::uint64_t i = 0; i < outcomes.size(); ++i) points.push_back(i);
  return {points, [outcomes](std::uint64_t point) { return outcomes[point]; }};
}

/// The cells of one row by column.
std::map<std::string, std::string> row_of(const std::string& csv, int number) {
  std::istringstream in(csv);
  CsvReader reader(in, "sweep.csv");
  CsvReader::Row row;
  for (int i = 0; i <= number; ++i) REQUIRE(reader.next(row));
  std::map<std::string, std::string> cells;
  for (std::size_t i = 0; i < row.size(); ++i) cells[reader.columns()[i]] = row[i];
  return cells;
}

}  // namespace

TEST_CASE("A row has the swept values, the figures and the verdict") {
  const Json summary = {
      {"completed", 20}, {"output_throughput", 12.5}, {"slo_met", nullptr}, {"memory", {{"kv_tokens", 7}}}};
  const Study study = study_of({"hgx-h200", Json{{"gpu", "b200"}, {"nodes", 2}}});
  const std::string csv =
      sweep_csv(study, results_of({{"ok", "", summary}, {"infeasible", "does not fit", nullptr}}));
  CHECK(csv.substr(0, csv.find(',')) == "/cluster");

  const auto first = row_of(csv, 0);
  CHECK(first.at("/cluster") == "hgx-h200");
  CHECK(first.at("completed") == "20");
  CHECK(first.at("output_throughput") == "12.5");
  CHECK(first.at("memory.kv_tokens") == "7");
  CHECK(first.at("slo_met").empty());
  CHECK(first.at("verdict") == "ok");

  const auto second = row_of(csv, 1);
  CHECK(second.at("/cluster") == R"({"gpu":"b200","nodes":2})");
  CHECK(second.at("completed").empty());
  CHECK(second.at("verdict") == "infeasible");
  CHECK(second.at("reason") == "does not fit");
}

TEST_CASE("The wall times are no figures") {
  const std::string csv = sweep_csv(study_of({1}), results_of({{"infeasible", "no", nullptr}}));
  const auto row = row_of(csv, 0);
  CHECK(row.count("events") == 1);
  CHECK(row.count("breakdown.ms.attention") == 1);
  CHECK(row.count("wall_s") + row.count("bank_s") == 0);
}

TEST_CASE("A figure that only a later point has gets its column beside its neighbours") {
  const Json dense = {{"routing", {{"mode", nullptr}}}, {"z", 1}};
  const Json moe = {{"routing", {{"mode", "bank"}, {"preset", "p"}}}, {"z", 2}};
  const std::string csv = sweep_csv(study_of({1, 2}), results_of({{"ok", "", dense}, {"ok", "", moe}}));
  CHECK(csv.find("routing.mode,routing.preset,") != std::string::npos);
  CHECK(row_of(csv, 0).at("routing.preset").empty());
  CHECK(row_of(csv, 1).at("z") == "2");
}

TEST_CASE("The page tells a missed target from a point that does not fit") {
  const Json missed = {{"slo_met", false}, {"notes", {"n"}}};
  const SweepPage page = sweep_page_of(
      study_of({1, 2, 3}),
      results_of({{"ok", "", missed}, {"infeasible", "too big", nullptr}, {"ok", "", {{"slo_met", true}}}}));
  REQUIRE(page.points.size() == 3);
  CHECK(page.points[0].verdict == "slo missed");
  CHECK(page.points[1].verdict == "infeasible: too big");
  CHECK(page.points[2].verdict == "ok");
  CHECK(page.notes == std::vector<std::string>{"n"});
}

TEST_CASE("A shard's page says that it is a part") {
  SweepResults results = results_of({{"ok", "", Json::object()}, {"ok", "", Json::object()}});
  results.points = {1};
  const SweepPage page = sweep_page_of(study_of({1, 2}), results);
  REQUIRE(page.notes.size() == 1);
  CHECK(page.notes[0] == "A part of the study: 1 of its 2 points.");
}

}  // namespace switchyard
