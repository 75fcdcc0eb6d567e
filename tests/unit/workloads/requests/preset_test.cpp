// Workload presets: lengths as their traces have them, and what a block may change of one.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/menu.hpp"
#include "tests/support/temporary_folder.hpp"
#include "workloads/requests/request.hpp"

namespace switchyard {
namespace {

using Catch::Contains;
using Catch::StartsWith;

Workload workload(const std::string& text, const std::string& folder = ".") {
  const Json json = parse_json(text, "scenario.json");
  return read_workload(ObjectReader(json, "scenario.json", "/workload"), folder);
}

std::vector<Request> all(const Workload& wish) {
  std::vector<Request> requests;
  const auto stream = open_requests(wish, 1);
  while (const auto request = stream->next()) requests.push_back(*request);
  return requests;
}

struct Statistics {
  double mean, p50, p90, p99, max;
};

Statistics statistics(const std::vector<Request>& requests, std::int64_t Request::*lengths,
                      double failed = 0.0) {
  std::vector<double> values(
      static_cast<std::size_t>(failed / (1 - failed) * static_cast<double>(requests.size())), 0.0);
  double sum = 0.0;
  for (const Request& request : requests) {
    values.push_back(static_cast<double>(request.*lengths));
    sum += values.back();
  }
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  };
  return {sum / static_cast<double>(values.size()), at(0.5), at(0.9), at(0.99), values.back()};
}

void compare(const Statistics& drawn, const Statistics& wanted) {
  CHECK(drawn.mean == Approx(wanted.mean).epsilon(0.02));
  CHECK(drawn.p50 == Approx(wanted.p50).epsilon(0.03).margin(1));
  CHECK(drawn.p90 == Approx(wanted.p90).epsilon(0.03).margin(1));
  CHECK(drawn.p99 == Approx(wanted.p99).epsilon(0.04).margin(1));
  CHECK(drawn.max <= wanted.max);
  CHECK(drawn.max > 0.9 * wanted.max);
}

/// Mean, median, 90 %, 99 % and maximum of the traces, computed from the files named in each preset or
/// published.
struct Published {
  const char* name;
  Statistics prompt, output;
  double rate, gaps_cv;  // 0: the preset has no arrivals
  double failed = 0.0;   // the share of rows of no tokens in the statistics, which the preset leaves out
};
constexpr Published kPublished[] = {
    {"azure-conv-2023", {1154.7, 1020, 2735, 4142, 14050}, {211.1, 129, 424, 601, 1000}, 5.5304, 1.094},
    {"azure-code-2023", {2047.8, 1469, 5194, 7436, 7437}, {27.9, 13, 55, 252, 1899}, 2.5667, 13.151},
    {"mooncake-conversation",
     {12035.1, 6909, 27367, 85401, 126195},
     {342.6, 350, 597, 1120, 2000},
     3.4015,
     1.7},
    {"mooncake-synthetic", {15325.5, 11587, 38615, 66458, 191378}, {149.1, 69, 389, 769, 893}, 3.9069, 1.0},
    {"arxiv-summarization", {2588.1, 2730, 3702, 3934, 4054}, {291.4, 167, 372, 3273, 4056}, 0, 0},
    {"lmsys-chat-1m", {61.7, 17, 178, 589, 1037}, {162.1, 118, 390, 534, 761}, 0, 0},
    {"burstgpt", {457, 326, 794, 3141, 125591}, {68.9, 14, 111, 804, 5383}, 0.497, 1.5, 0.0756},
    {"burstgpt-conversation",
     {953, 517, 2354, 5630, 71197},
     {272, 187, 669, 1067, 5383},
     0.0244,
     0.92,
     0.0079},
    {"mooncake-toolagent", {8596, 6346, 16810, 61671, 126195}, {182, 30, 507, 898, 2000}, 6.67, 1.7},
    {"sharegpt", {857.5, 733, 1479, 2884, 3998}, {652.5, 633, 770, 796, 1021}, 0, 0},
};

std::string block(const Published& row, const std::string& more) {
  std::string text = R"({"preset": ")" + std::string(row.name) + '"' + more;
  if (row.rate == 0) text += R"(, "arrivals": {"process": "all_at_once"})";
  return text + "}";
}

}  // namespace

TEST_CASE("Every preset draws lengths with its trace's mean, median, 90 % and 99 %") {
  std::vector<std::string> known;
  for (const Published& row : kPublished) {
    INFO(row.name);
    const auto requests = all(workload(block(row, R"(, "num_requests": 200000)")));
    compare(statistics(requests, &Request::prompt_tokens, row.failed), row.prompt);
    compare(statistics(requests, &Request::output_tokens, row.failed), row.output);
    known.emplace_back(row.name);
  }
  std::vector<std::string> listed = names(workload_presets());
  std::sort(known.begin(), known.end());
  std::sort(listed.begin(), listed.end());
  CHECK(listed == known);
}

TEST_CASE("Presets with arrivals have their trace's rate and variability, the others ask for arrivals") {
  for (const Published& row : kPublished) {
    INFO(row.name);
    if (row.rate == 0) {
      CHECK_THROWS_WITH(
          workload(R"({"preset": ")" + std::string(row.name) + "\"}"),
          StartsWith("scenario.json: /workload/arrivals: is missing; preset " + std::string(row.name)));
      continue;
    }
    const Workload wish = workload(block(row, ""));
    CHECK(wish.arrivals.rate == Approx(row.rate).epsilon(0.001));
    CHECK(wish.arrivals.cv == Approx(row.gaps_cv).epsilon(0.02));
    CHECK(wish.num_requests > 3000);
  }
}

TEST_CASE("What a block gives stands, single values change a preset's arrivals or lengths") {
  const Workload wish = workload(R"({"preset": "azure-code-2023", "num_requests": 7, "num_warmups": 2,
      "arrivals": {"rate": 20}, "output_tokens": {"distribution": "fixed", "value": 9}})");
  CHECK(wish.arrivals.process == "gamma");
  CHECK(wish.arrivals.rate == 20.0);
  CHECK(wish.arrivals.cv == Approx(13.15));
  CHECK(wish.num_requests == 7);
  CHECK(wish.num_warmups == 2);
  CHECK(wish.output_tokens.distribution == "fixed");
  CHECK(wish.prompt_tokens.quantiles.size() > 10);
  const Workload longer = workload(R"({"preset": "azure-code-2023", "prompt_tokens": {"scale": 2}})");
  CHECK((longer.prompt_tokens.scale == 2.0 && longer.prompt_tokens.quantiles.size() > 10));
  const Workload closed = workload(
      R"({"preset": "azure-code-2023", "arrivals": {"process": "concurrency", "value": 64}, "prompt_tokens": null})");
  CHECK(closed.closed_loop());
  CHECK(closed.prompt_tokens.quantiles.size() > 10);
}

TEST_CASE("A preset resolves to a block that names it and reads back as the same requests") {
  const Workload wish = workload(R"({"preset": "mooncake-synthetic", "num_requests": 500})");
  const Json shown = to_json(wish);
  CHECK(shown.at("preset") == "mooncake-synthetic");
  CHECK(shown.at("prompt_tokens").at("tokens_at").at("1") == 191378);
  const Workload again = workload(shown.dump());
  CHECK(to_json(again) == shown);
  const auto first = all(wish), second = all(again);
  CHECK(first.back().arrival == second.back().arrival);
  CHECK(first.back().prompt_tokens == second.back().prompt_tokens);
}

TEST_CASE("A preset may be a file of one's own") {
  const TemporaryFolder folder;
  folder.write("mine.json", R"({"description": "d", "source": "s", "num_requests": 3,
      "arrivals": {"process": "all_at_once"}, "prompt_tokens": {"distribution": "fixed", "value": 5},
      "output_tokens": {"distribution": "quantiles", "tokens_at": {"0": 2, "1": 2}}})");
  const auto requests = all(workload(R"({"preset": "mine.json"})", folder.path().string()));
  REQUIRE(requests.size() == 3);
  CHECK((requests[2].prompt_tokens == 5 && requests[2].output_tokens == 2));
}

TEST_CASE("A preset that is unknown, or beside a trace, is refused") {
  CHECK_THROWS_WITH(
      workload(R"({"preset": "azure-conv"})"),
      StartsWith("scenario.json: /workload/preset: unknown name") && Contains("azure-conv-2023"));
  CHECK_THROWS_WITH(workload(R"({"preset": "azure-conv-2023", "trace": "x.csv"})"),
                    StartsWith("scenario.json: /workload/trace: is another workload"));
  CHECK_THROWS_WITH(workload(R"({"preset": "azure-conv-2023", "num_request": 1})"), Contains("num_requests"));
  CHECK_THROWS_WITH(workload(R"({"preset": "no/such.json"})"), Contains("such.json: cannot be read"));
}

TEST_CASE("Lengths by quantiles lie linear between them and reach both ends") {
  const Workload wish = workload(R"({"arrivals": {"process": "all_at_once"}, "num_requests": 100000,
      "prompt_tokens": {"distribution": "quantiles", "tokens_at": {"0": 1, "0.25": 1, "0.5": 101, "1": 101}},
      "output_tokens": {"distribution": "quantiles", "tokens_at": {"0": 7, "1": 9}}})");
  double ones = 0, between = 0, sum = 0;
  std::vector<int> seen(10, 0);
  for (const Request& request : all(wish)) {
    ones += request.prompt_tokens == 1;
    between += request.prompt_tokens > 1 && request.prompt_tokens < 101;
    sum += static_cast<double>(request.prompt_tokens);
    ++seen[static_cast<std::size_t>(request.output_tokens)];
  }
  CHECK(ones / 1e5 == Approx(0.25).margin(0.01));
  CHECK(between / 1e5 == Approx(0.25).margin(0.01));
  CHECK(sum / 1e5 == Approx(0.25 * 1 + 0.25 * 51 + 0.5 * 101).epsilon(0.01));
  CHECK(seen[7] / 1e5 == Approx(0.25).margin(0.01));
  CHECK(seen[8] / 1e5 == Approx(0.5).margin(0.01));
  CHECK(seen[7] + seen[8] + seen[9] == 100000);
}

TEST_CASE("A table of quantiles that is none is refused at its row") {
  const auto refused = [](const std::string& table, const std::string& path) {
    CHECK_THROWS_WITH(
        workload(R"({"arrivals": {"process": "all_at_once"}, "num_requests": 1, "output_tokens": {},
        "prompt_tokens": {"distribution": "quantiles", "tokens_at": )" +
                 table + "}}"),
        StartsWith("scenario.json: /workload/prompt_tokens/tokens_at" + path + ": "));
  };
  refused(R"({})", "");
  refused(R"({"0": 1})", "");
  refused(R"({"0.1": 1, "1": 5})", "");
  refused(R"({"0": 1, "0.9": 5})", "");
  refused(R"({"0": 1, "p50": 3, "1": 5})", "/p50");
  refused(R"({"0": 1, "nan": 3, "1": 5})", "/nan");
  refused(R"({"0": 1, "50": 3, "1": 5})", "/50");
  refused(R"({"0": 1, "0.5": 3, "0.4": 4, "1": 5})", "/0.4");
  refused(R"({"0": 1, "0.5": 3, "1": 2})", "/1");
  refused(R"({"0": 0, "1": 5})", "/0");
  refused(R"({"0": 1, "1": 2.5})", "/1");
}

TEST_CASE("Lognormal lengths that their maximum cuts short are said to have another mean") {
  const auto notes = [](const std::string& lengths) {
    return notes_of(workload(R"({"arrivals": {"process": "all_at_once"}, "num_requests": 200000,
        "prompt_tokens": {"distribution": "fixed", "value": 5}, "output_tokens": )" +
                             lengths + "}"));
  };
  CHECK(notes(R"({"distribution": "lognormal", "mean": 600, "cv": 0.9})").empty());
  CHECK(notes(R"({"distribution": "lognormal", "mean": 600, "cv": 0.9, "max": 9000})").empty());
  const std::string text = R"({"distribution": "lognormal", "mean": 600, "cv": 0.9, "max": 1000})";
  const auto clipped = notes(text);
  REQUIRE(clipped.size() == 1);
  const auto drawn =
      statistics(all(workload(R"({"arrivals": {"process": "all_at_once"}, "num_requests": 200000,
        "output_tokens": {"distribution": "fixed", "value": 5}, "prompt_tokens": )" +
                              text + "}")),
                 &Request::prompt_tokens);
  CHECK_THAT(clipped[0], StartsWith("output_tokens: clipped at 1000, lognormal lengths are 5"));
  const double said = std::stod(clipped[0].substr(clipped[0].find(" are ") + 5));
  CHECK(said == Approx(drawn.mean).epsilon(0.005));
}

}  // namespace switchyard
