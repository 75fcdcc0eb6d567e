// Drawn requests: their statistics, their independence, and what the workload block refuses.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/menu.hpp"
#include "tests/support/temporary_folder.hpp"
#include "workloads/requests/lengths.hpp"
#include "workloads/requests/request.hpp"

namespace switchyard {
namespace {

Workload workload(const std::string& text, const std::string& folder = ".") {
  const Json json = parse_json(text, "scenario.json");
  return read_workload(ObjectReader(json, "scenario.json", "/workload"), folder);
}

std::string drawn(const std::string& arrivals, const std::string& prompt, const std::string& count = "1000") {
  return R"({"arrivals": )" + arrivals + R"(, "num_requests": )" + count + R"(, "prompt_tokens": )" + prompt +
         R"(, "output_tokens": {"distribution": "uniform", "min": 3, "max": 5}})";
}

const std::string kFixed = R"({"distribution": "fixed", "value": 100})";
const std::string kPoisson = R"({"process": "poisson", "rate": 8.0})";

std::vector<Request> all(const Workload& wish, std::uint64_t seed = 1) {
  std::vector<Request> requests;
  const auto stream = open_requests(wish, seed);
  while (const auto request = stream->next()) requests.push_back(*request);
  return requests;
}

struct Moments {
  double mean = 0.0;
  double cv = 0.0;
};

Moments moments(const std::vector<double>& values) {
  double sum = 0.0;
  double squares = 0.0;
  for (const double v : values) sum += v;
  const double mean = sum / static_cast<double>(values.size());
  for (const double v : values) squares += (v - mean) * (v - mean);
  return {mean, std::sqrt(squares / static_cast<double>(values.size())) / mean};
}

Moments gaps_of(const std::vector<Request>& requests) {
  std::vector<double> gaps;
  double before = 0.0;
  for (const Request& request : requests) {
    gaps.push_back(request.arrival->value() - before);
    before = request.arrival->value();
  }
  return moments(gaps);
}

Moments prompts_of(const std::vector<Request>& requests) {
  std::vector<double> prompts;
  for (const Request& request : requests) prompts.push_back(static_cast<double>(request.prompt_tokens));
  return moments(prompts);
}

void refused(const std::string& text, const std::string& path) {
  INFO(text);
  CHECK_THROWS_WITH(workload(text), Catch::StartsWith("scenario.json: " + path + ": "));
}

}  // namespace

TEST_CASE("Poisson arrivals have the rate and the variability asked for") {
  const Moments gaps = gaps_of(all(workload(drawn(kPoisson, kFixed, "100000"))));
  CHECK(gaps.mean == Approx(0.125).epsilon(0.02));
  CHECK(gaps.cv == Approx(1.0).epsilon(0.02));
}

TEST_CASE("Gamma arrivals have the rate and the variability asked for") {
  for (const char* cv : {"0.5", "3.0"}) {
    const auto text =
        drawn(std::string(R"({"process": "gamma", "rate": 4, "cv": )") + cv + "}", kFixed, "100000");
    const Moments gaps = gaps_of(all(workload(text)));
    CHECK(gaps.mean == Approx(0.25).epsilon(0.04));
    CHECK(gaps.cv == Approx(std::stod(cv)).epsilon(0.04));
  }
}

TEST_CASE("Uniform arrivals keep a constant distance from zero on") {
  const auto requests = all(workload(drawn(R"({"process": "uniform", "rate": 10})", kFixed, "31")));
  for (const Request& request : requests) {
    CHECK(request.arrival->value() == static_cast<double>(request.id) / 10.0);
  }
  CHECK(requests.back().arrival->value() == 3.0);
}

TEST_CASE("All at once is at zero, and the closed loop has no arrivals") {
  for (const Request& request : all(workload(drawn(R"({"process": "all_at_once"})", kFixed, "5")))) {
    CHECK(request.arrival == Seconds(0.0));
  }
  const Workload closed = workload(drawn(R"({"process": "concurrency", "value": 64})", kFixed, "640"));
  CHECK(closed.closed_loop());
  CHECK(closed.arrivals.concurrency == 64);
  const auto requests = all(closed);
  CHECK(requests.size() == 640);
  CHECK_FALSE(requests.back().arrival.has_value());
  CHECK_FALSE(workload(drawn(kPoisson, kFixed)).closed_loop());
}

TEST_CASE("Requests are numbered, never go back in time, and warm-ups come on top") {
  Workload wish = workload(drawn(kPoisson, kFixed, "50"));
  wish.num_warmups = 7;
  const auto requests = all(wish);
  REQUIRE(requests.size() == 57);
  for (std::size_t i = 1; i < requests.size(); ++i) {
    CHECK(requests[i].id == i);
    CHECK(*requests[i].arrival >= *requests[i - 1].arrival);
  }
}

TEST_CASE("The same seed gives the same requests and another seed others") {
  const Workload wish =
      workload(drawn(kPoisson, R"({"distribution": "lognormal", "mean": 600, "cv": 0.9, "max": 2048})"));
  const auto first = all(wish, 1);
  const auto again = all(wish, 1);
  const auto other = all(wish, 2);
  int different = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    CHECK(first[i].arrival == again[i].arrival);
    CHECK(first[i].prompt_tokens == again[i].prompt_tokens);
    CHECK(first[i].output_tokens == again[i].output_tokens);
    different += first[i].prompt_tokens != other[i].prompt_tokens ? 1 : 0;
  }
  CHECK(different > 900);
}

TEST_CASE("Changing the arrivals leaves the lengths as they were") {
  const std::string lengths = R"({"distribution": "lognormal", "mean": 600, "cv": 0.9, "max": 2048})";
  const auto poisson = all(workload(drawn(kPoisson, lengths)));
  const auto closed = all(workload(drawn(R"({"process": "concurrency", "value": 4})", lengths)));
  REQUIRE(poisson.size() == closed.size());
  for (std::size_t i = 0; i < poisson.size(); ++i) {
    CHECK(poisson[i].prompt_tokens == closed[i].prompt_tokens);
    CHECK(poisson[i].output_tokens == closed[i].output_tokens);
  }
}

TEST_CASE("Lognormal lengths have the mean and variability asked for and respect the clip") {
  const auto free =
      all(workload(drawn(kPoisson, R"({"distribution": "lognormal", "mean": 600, "cv": 0.9})", "100000")));
  CHECK(prompts_of(free).mean == Approx(600).epsilon(0.02));
  CHECK(prompts_of(free).cv == Approx(0.9).epsilon(0.04));
  const auto clipped = all(
      workload(drawn(kPoisson, R"({"distribution": "lognormal", "mean": 2, "cv": 5, "max": 9})", "10000")));
  std::int64_t least = 9;
  std::int64_t most = 1;
  for (const Request& request : clipped) {
    least = std::min(least, request.prompt_tokens);
    most = std::max(most, request.prompt_tokens);
  }
  CHECK(least == 1);
  CHECK(most == 9);
}

TEST_CASE("Uniform lengths reach both ends") {
  std::vector<int> seen(7, 0);
  for (const Request& request : all(workload(drawn(kPoisson, kFixed)))) {
    CHECK(request.prompt_tokens == 100);
    REQUIRE((request.output_tokens >= 3 && request.output_tokens <= 5));
    ++seen[static_cast<std::size_t>(request.output_tokens)];
  }
  CHECK((seen[3] > 250 && seen[4] > 250 && seen[5] > 250));
}

TEST_CASE("Empirical lengths are drawn from the column of a file") {
  const TemporaryFolder folder;
  folder.write("lengths.csv", "id,tokens\n1,10\n2,20\n3,20\n4,20\n");
  const std::string block = R"({"distribution": "empirical", "path": "lengths.csv", "column": "tokens"})";
  const Workload wish = workload(drawn(kPoisson, block, "4000"), folder.path().string());
  int twenties = 0;
  for (const Request& request : all(wish)) {
    REQUIRE((request.prompt_tokens == 10 || request.prompt_tokens == 20));
    twenties += request.prompt_tokens == 20 ? 1 : 0;
  }
  CHECK((twenties > 2800 && twenties < 3200));
  folder.write("bad.csv", "tokens\n5\n0\n");
  CHECK_THROWS_WITH(
      workload(drawn(kPoisson, R"({"distribution": "empirical", "path": "bad.csv", "column": "tokens"})"),
               folder.path().string()),
      Catch::Contains("bad.csv: line 3: tokens: 0 is out of range"));
}

TEST_CASE("Scaled lengths are the same draws so many times as long, and never none") {
  const TemporaryFolder folder;
  folder.write("lengths.csv", "tokens\n1\n20\n");
  for (const std::string lengths : {R"("fixed", "value": 9)", R"("uniform", "min": 1, "max": 99)",
                                    R"("lognormal", "mean": 60, "cv": 0.9, "max": 200)",
                                    R"("quantiles", "tokens_at": {"0": 1, "0.5": 20, "1": 99})",
                                    R"("empirical", "path": "lengths.csv", "column": "tokens")"}) {
    INFO(lengths);
    const auto block = [&](const char* scale) {
      return workload(drawn(kPoisson, R"({"distribution": )" + lengths + R"(, "scale": )" + scale + "}"),
                      folder.path().string());
    };
    const auto own = all(block("1")), longer = all(block("2.5")), shorter = all(block("0.01"));
    for (std::size_t i = 0; i < own.size(); ++i) {
      const double tokens = static_cast<double>(own[i].prompt_tokens);
      REQUIRE(static_cast<double>(longer[i].prompt_tokens) == std::round(tokens * 2.5));
      REQUIRE(shorter[i].prompt_tokens == std::max(1L, std::lround(tokens * 0.01)));
      REQUIRE(longer[i].output_tokens == own[i].output_tokens);
      REQUIRE(longer[i].arrival == own[i].arrival);
    }
    CHECK_FALSE(to_json(block("1")).at("prompt_tokens").contains("scale"));
    CHECK(to_json(workload(to_json(block("2.5")).dump())) == to_json(block("2.5")));
  }
}

TEST_CASE("The longest of clipped lengths is scaled, and lengths without a limit have none at any scale") {
  const auto of = [](const std::string& prompt) {
    return longest(workload(drawn(kPoisson, prompt)).prompt_tokens);
  };
  CHECK(of(R"({"distribution": "uniform", "min": 1, "max": 70, "scale": 0.1})") == 7);
  CHECK(of(R"({"distribution": "lognormal", "mean": 50, "cv": 1, "max": 700, "scale": 2})") == 1400);
  CHECK(of(R"({"distribution": "lognormal", "mean": 50, "cv": 1, "scale": 0.1})") == kMaxTokens);
}

TEST_CASE("The resolved block reads back as the same workload") {
  for (const std::string arrivals :
       {R"({"process": "poisson", "rate": 0.1})", R"({"process": "gamma", "rate": 3, "cv": 2})",
        R"({"process": "uniform", "rate": 7})", R"({"process": "all_at_once"})",
        R"({"process": "concurrency", "value": 3})"}) {
    for (const std::string lengths : {R"({"distribution": "fixed", "value": 9})",
                                      R"({"distribution": "lognormal", "mean": 600, "cv": 0.9})"}) {
      const Workload wish = workload(drawn(arrivals, lengths));
      const Json shown = to_json(wish);
      const Workload again = workload(shown.dump());
      CHECK(to_json(again) == shown);
      CHECK(all(again).back().prompt_tokens == all(wish).back().prompt_tokens);
      CHECK(all(again).back().arrival == all(wish).back().arrival);
    }
  }
}

TEST_CASE("Impossible workloads are refused at their path") {
  refused(drawn(R"({"process": "poisson", "rate": 0})", kFixed), "/workload/arrivals/rate");
  refused(drawn(R"({"process": "poisson", "rate": -1})", kFixed), "/workload/arrivals/rate");
  refused(drawn(R"({"process": "poisson"})", kFixed), "/workload/arrivals/rate");
  refused(drawn(R"({"process": "poisson", "rate": 1, "cv": 2})", kFixed), "/workload/arrivals/cv");
  refused(drawn(R"({"process": "gamma", "rate": 1, "cv": 0})", kFixed), "/workload/arrivals/cv");
  refused(drawn(R"({"process": "concurrency", "value": 0})", kFixed), "/workload/arrivals/value");
  refused(drawn(R"({"process": "poison", "rate": 1})", kFixed), "/workload/arrivals/process");
  refused(drawn(kPoisson, kFixed, "0"), "/workload/num_requests");
  refused(drawn(kPoisson, kFixed, "2.5"), "/workload/num_requests");
  refused(drawn(kPoisson, R"({"distribution": "fixed", "value": 0})"), "/workload/prompt_tokens/value");
  refused(drawn(kPoisson, R"({"distribution": "fixed", "value": 1e30})"), "/workload/prompt_tokens/value");
  refused(drawn(kPoisson, R"({"distribution": "uniform", "min": 5, "max": 4})"),
          "/workload/prompt_tokens/max");
  refused(drawn(kPoisson, R"({"distribution": "lognormal", "mean": 0, "cv": 1})"),
          "/workload/prompt_tokens/mean");
  refused(drawn(kPoisson, R"({"distribution": "lognormal", "mean": 9, "cv": -1})"),
          "/workload/prompt_tokens/cv");
  refused(drawn(kPoisson, R"({"distribution": "normal", "mean": 9})"),
          "/workload/prompt_tokens/distribution");
  refused(R"({"num_requests": 4})", "/workload/arrivals");
  refused(R"({"arrivals": {"process": "all_at_once"}, "num_request": 4})", "/workload/prompt_tokens");
  CHECK_THROWS_WITH(workload(drawn(R"({"process": "poison", "rate": 1})", kFixed)),
                    Catch::Contains("poisson"));
}

TEST_CASE("The menus of workloads are complete") {
  CHECK(names(arrival_processes()) ==
        std::vector<std::string>{"poisson", "gamma", "uniform", "all_at_once", "concurrency"});
  CHECK(names(length_distributions()) ==
        std::vector<std::string>{"fixed", "uniform", "lognormal", "quantiles", "empirical"});
  CHECK(names(trace_formats()) ==
        std::vector<std::string>{"csv", "azure", "burstgpt", "mooncake", "lengths"});
}

}  // namespace switchyard
