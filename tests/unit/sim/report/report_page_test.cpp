// The curves behind the page, and the page as text: whole, offline, safe.
#include <catch2/catch.hpp>
#include <numeric>

#include "sim/report/page.hpp"
#include "sim/report/plan_page.hpp"

namespace {

using namespace switchyard;

StepRow step(double start, double end, std::uint32_t count, std::uint32_t running) {
  StepRow row;
  row.start = Seconds(start);
  row.end = Seconds(end);
  row.count = count;
  row.decode_sequences = row.running = running;
  row.waiting = 2 * running;
  row.kv_blocks_used = 10 * running;
  return row;
}

Json data_in(const std::string& html) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = html.find(open) + open.size();
  return Json::parse(html.substr(begin, html.find("</script>", begin) - begin));
}

std::size_t occurrences(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

RunPage page_titled(const std::string& model) {
  RunLog log;
  log.append(step(0.0, 1.0, 10, 4));
  Summary summary;
  summary.metrics = compute_metrics(log, {}, 1);
  return run_page_of({model, "cluster", "deployment", "engine", "workload"}, summary, log, 100);
}

}  // namespace

TEST_CASE("A step counts in each span of time by the part that lies in it") {
  RunLog log;
  log.append(step(0.0, 3.0, 3, 4));  // spans of 1 s: the mean step
  log.append(step(3.0, 3.5, 1, 8));
  log.append(step(5.0, 6.0, 2, 2));
  const TimeSeries series = time_series(log, 6);
  REQUIRE(series.time.size() == 6);
  CHECK(series.time[0].value() == Approx(0.5));
  CHECK(series.running == std::vector<double>{4, 4, 4, 4, 0, 2});
  CHECK(series.waiting == std::vector<double>{8, 8, 8, 8, 0, 4});
  CHECK(series.kv_blocks == std::vector<double>{40, 40, 40, 40, 0, 20});
  CHECK(series.decode_tokens_per_s == std::vector<double>{4, 4, 4, 8, 0, 4});
}

TEST_CASE("Spreading over spans keeps the number of tokens") {
  RunLog log;
  double tokens = 0;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    log.append(step(i * 0.013, i * 0.013 + 0.0117, 1 + i % 3, 1 + i % 7));
    tokens += (1 + i % 3) * (1 + i % 7);
  }
  const TimeSeries series = time_series(log, 100);
  REQUIRE(series.time.size() == 100);
  const double width = (series.time[1] - series.time[0]).value();
  CHECK(width * std::accumulate(series.decode_tokens_per_s.begin(), series.decode_tokens_per_s.end(), 0.0) ==
        Approx(tokens));
}

TEST_CASE("A log without steps has an empty series") { CHECK(time_series(RunLog()).time.empty()); }

TEST_CASE("A latency curve runs from the least to the largest sample") {
  RunLog log;
  for (int i = 1; i <= 5; ++i) log.append(IntervalRow{Seconds(i), 1});
  const LatencyCurves curves = latency_curves(log, 3);
  REQUIRE(curves.itl.values.size() == 3);
  CHECK(curves.itl.values[0] == Seconds(1.0));
  CHECK(curves.itl.values[1] == Seconds(3.0));
  CHECK(curves.itl.values[2] == Seconds(5.0));
  CHECK(curves.ttft.values.empty());
}

TEST_CASE("Text in a page can neither end its block nor become markup") {
  const std::string evil = "</script><script>alert(1)</script><!-- {{data}} & \xff";
  const std::string html = run_page(page_titled(evil));
  CHECK(html.find("<script>alert") == std::string::npos);
  CHECK(html.find("<!-- {{") == std::string::npos);
  CHECK(html.find("<title>Switchyard: &lt;/script&gt;") != std::string::npos);
  const std::string model = data_in(html)["description"]["model"];
  CHECK(model.substr(0, evil.size() - 1) == evil.substr(0, evil.size() - 1));
  CHECK(occurrences(html, "</script>") == 3);
}

TEST_CASE("A page asks for nothing outside itself") {
  const std::string html = run_page(page_titled("mixtral-8x7b"));
  for (const char* reference : {" src=\"http", " href=\"http", "@import", "url(http", "<link"}) {
    CHECK(html.find(reference) == std::string::npos);
  }
  CHECK(html.find("echarts") != std::string::npos);
}

TEST_CASE("A run's page carries the load of its experts in three digits, and nothing when nothing routes") {
  RunPage page = page_titled("mixtral-8x7b");
  CHECK(data_in(run_page(page))["expert_load"].is_null());
  page.expert_load = {"Of the run.", {1, 3}, {{"", {{0.123456, 1.876544}, {0.0, 1.0, 2.0}}}}};
  const Json map = data_in(run_page(page))["expert_load"];
  CHECK(map["text"] == "Of the run.");
  CHECK(map["layers"] == Json::array({1, 3}));
  REQUIRE(map["views"].size() == 1);
  CHECK(map["views"][0]["load"] == Json::parse("[[0.123, 1.88], [0.0, 1.0, 2.0]]"));
}

TEST_CASE("A routing page leaves each layer's loads to its heat map") {
  const Json layer = {
      {"layer", 0}, {"max_over_mean", 1.5}, {"expert_load", {0.5, 1.5}}, {"rank_load", {1.0}}};
  RoutingPage page = {"title", {{"gate", "<b>"}}, {}, {{"layers", {layer}}}, std::nullopt};
  page.expert_load = {"", {0}, {{"", {{0.5, 1.5}}}}};
  const Json data = data_in(routing_page(page));
  CHECK(data["kind"] == "routing");
  CHECK(data["facts"] == Json::parse(R"([["gate", "<b>"]])"));
  CHECK(data["routing"]["layers"] == Json::parse(R"([{"layer": 0, "max_over_mean": 1.5}])"));
  CHECK(data["expert_load"]["views"][0]["load"] == Json::parse("[[0.5, 1.5]]"));
}

TEST_CASE("A sweep's page carries its points in order, those without a result too") {
  SweepPage page = {"title", "", {"/model", "/workload/arrivals/rate"}, {}, {}};
  page.points.push_back({{"a", 1.5}, page_titled("a").summary, "ok"});
  page.points.push_back({{"b", 2}, nullptr, "infeasible: does not fit"});
  const Json data = data_in(sweep_page(page));
  CHECK(data["kind"] == "sweep");
  REQUIRE(data["points"].size() == 2);
  CHECK(data["points"][0]["values"] == Json::array({"a", 1.5}));
  CHECK(data["points"][1]["summary"].is_null());
  CHECK(data["points"][1]["verdict"] == "infeasible: does not fit");
}

TEST_CASE("The page of a plan carries plan.json as it is, and its texts are safe") {
  const std::string evil = "</script><script>alert(1)</script>";
  const Json plan = {{"title", evil}, {"winners", {{{"model", evil}, {"gpus", 4}}}}, {"nearest", nullptr}};
  const std::string html = plan_page(plan);
  CHECK(data_in(html) == plan);
  CHECK((html.find("<script>alert") == std::string::npos && occurrences(html, "</script>") == 3));
  CHECK(html.find("Switchyard plan") != std::string::npos);
}

TEST_CASE("The page of a comparison carries the comparison and the summaries, null where nothing ran") {
  ComparisonPage page{
      "a, b", {{"a", "model a"}}, {{"verdict", {"A wins."}}}, {{{"gpus", 4}}, nullptr}, {"note"}};
  const std::string html = comparison_page(page);
  const Json data = data_in(html);
  CHECK((data["comparison"] == page.comparison && data["summaries"][1].is_null() &&
         data["notes"][0] == "note"));
  CHECK(data["facts"] == Json::parse(R"([["a", "model a"]])"));
  CHECK(html.find("<title>Switchyard: a, b</title>") != std::string::npos);
}
