// Recorded requests: formats, exact times, and bad rows.
#include <catch2/catch.hpp>

#include "tests/support/shared_data.hpp"
#include "tests/support/temporary_folder.hpp"
#include "workloads/requests/request.hpp"
#include "workloads/requests/timestamp.hpp"

namespace switchyard {
namespace {

Workload replay(const std::filesystem::path& path, const std::string& more = "") {
  const Json json = parse_json(R"({"trace": )" + Json(path.string()).dump() + more + "}", "scenario.json");
  return read_workload(ObjectReader(json, "scenario.json", "/workload"), "/");
}

std::vector<Request> all(const Workload& wish) {
  std::vector<Request> requests;
  const auto stream = open_requests(wish, 1);
  while (const auto request = stream->next()) requests.push_back(*request);
  return requests;
}

const std::string kOwnHeader = "arrival_s,prompt_tokens,output_tokens\n";
const std::string kAzureHeader = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

std::string refusal(const std::string& text) {
  const TemporaryFolder folder;
  try {
    all(replay(folder.write("trace.csv", text)));
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

struct Totals {
  std::size_t requests = 0;
  std::int64_t prompt = 0;
  std::int64_t output = 0;
  double last_s = 0.0;
};

Totals totals_of(const std::filesystem::path& path) {
  Totals totals;
  for (const Request& request : all(replay(path))) {
    ++totals.requests;
    totals.prompt += request.prompt_tokens;
    totals.output += request.output_tokens;
    totals.last_s = request.arrival->value();
  }
  return totals;
}

}  // namespace

TEST_CASE("Timestamps are exact to 100 ns and roll over days, months and leap years") {
  CHECK(parse_timestamp("1970-01-01 00:00:00") == 0);
  CHECK(parse_timestamp("2023-11-16 18:15:46.6805900") == 17001585466805900);
  CHECK(*parse_timestamp("2023-11-17 00:00:00.0000000") - *parse_timestamp("2023-11-16 23:59:59.9999999") ==
        1);
  CHECK(*parse_timestamp("2024-03-01 00:00:00") - *parse_timestamp("2024-02-28 00:00:00") ==
        2 * 864'000'000'000);
  CHECK(*parse_timestamp("2023-03-01 00:00:00") - *parse_timestamp("2023-02-28 00:00:00") == 864'000'000'000);
  CHECK(parse_timestamp("1970-01-01T00:00:01.5Z") == 15'000'000);
  CHECK(parse_timestamp("1970-01-01 02:00:00.000001+02:00") == 10);
  CHECK(parse_timestamp("1969-12-31 20:30:00-03:30") == 0);
}

TEST_CASE("What is not a timestamp is refused") {
  for (const char* text :
       {"", "2023-11-16", "2023-02-29 00:00:00", "2023-11-16 24:00:00", "2023-11-16 18:60:00",
        "2023-11-16 18:15:60", "2023-11-16 18:15:46.", "2023-11-16 18:15:46.12345678",
        "2023-11-16 18:15:46+2:00", "2023-11-16 18:15:46 ", "16/11/2023 18:15:46", "46.68"}) {
    INFO(text);
    CHECK_FALSE(parse_timestamp(text).has_value());
  }
}

TEST_CASE("The project's own trace is recognised by its header, whatever the order and number of columns") {
  const TemporaryFolder folder;
  const auto path =
      folder.write("own.csv", "output_tokens,user,arrival_s,prompt_tokens\r\n5,ann,0.25,7\r\n6,bob,1.5,8");
  const Workload wish = replay(path);
  CHECK(wish.format == "csv");
  const auto requests = all(wish);
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].arrival == Seconds(0.25));
  CHECK((requests[0].prompt_tokens == 7 && requests[0].output_tokens == 5));
  CHECK((requests[1].id == 1 && requests[1].prompt_tokens == 8 && requests[1].output_tokens == 6));
}

TEST_CASE("A trace's lengths may be scaled, and nothing else of them be changed") {
  const TemporaryFolder folder;
  const auto path = folder.write("own.csv", kOwnHeader + "0,7,1\n1,8,3\n");
  const Workload wish = replay(path, R"(, "prompt_tokens": {"scale": 2}, "output_tokens": {"scale": 0.1})");
  const auto requests = all(wish);
  REQUIRE(requests.size() == 2);
  CHECK((requests[0].prompt_tokens == 14 && requests[0].output_tokens == 1));
  CHECK((requests[1].prompt_tokens == 16 && requests[1].output_tokens == 1));
  CHECK(to_json(wish).at("prompt_tokens") == Json{{"scale", 2.0}});
  CHECK_FALSE(to_json(replay(path)).contains("prompt_tokens"));
  CHECK_THROWS_WITH(replay(path, R"(, "prompt_tokens": {"distribution": "fixed", "value": 9})"),
                    Catch::Contains("/workload/prompt_tokens/distribution: a trace brings its own lengths"));
  CHECK_THROWS_WITH(replay(path, R"(, "prompt_tokens": {"mean": 9})"),
                    Catch::Contains("/workload/prompt_tokens/mean"));
}

TEST_CASE("An Azure trace starts at its first row") {
  const TemporaryFolder folder;
  const auto path = folder.write("azure.csv", kAzureHeader +
                                                  "2023-11-16 23:59:59.6805900,374,44\r\n"
                                                  "2023-11-17 00:00:03.9951691,396,109");
  const Workload wish = replay(path);
  CHECK(wish.format == "azure");
  const auto requests = all(wish);
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].arrival == Seconds(0.0));
  CHECK(requests[1].arrival == Seconds(4.3145791));
}

TEST_CASE("A trace may be cut, and one that is too short is an error") {
  const TemporaryFolder folder;
  const auto path = folder.write("own.csv", kOwnHeader + "0,1,1\n1,1,1\n2,1,1\n");
  CHECK(all(replay(path)).size() == 3);
  CHECK(all(replay(path, R"(, "num_requests": null)")).size() == 3);
  CHECK(all(replay(path, R"(, "num_requests": 1, "num_warmups": 1)")).size() == 2);
  CHECK(all(replay(path, R"(, "num_requests": 3)")).size() == 3);
  CHECK_THROWS_WITH(all(replay(path, R"(, "num_requests": 3, "num_warmups": 1)")),
                    Catch::Contains("has 3 requests, fewer than the 4"));
}

TEST_CASE("A trace excludes arrivals and lengths") {
  const TemporaryFolder folder;
  const auto path = folder.write("own.csv", kOwnHeader + "0,1,1\n");
  CHECK_THROWS_WITH(replay(path, R"(, "arrivals": {"process": "all_at_once"})"),
                    Catch::StartsWith("scenario.json: /workload/arrivals: "));
  CHECK_THROWS_WITH(replay(path, R"(, "output_tokens": {"value": 9})"),
                    Catch::StartsWith("scenario.json: /workload/output_tokens/value: "));
  CHECK_THROWS_WITH(replay(path, R"(, "num_request": 1)"), Catch::Contains("num_requests"));
  CHECK_THROWS_WITH(replay(path, R"(, "format": "azur")"), Catch::Contains("azure"));
  CHECK_THROWS_WITH(all(replay(path, R"(, "format": "azure")")), Catch::Contains("TIMESTAMP"));
}

TEST_CASE("A resolved trace block reads back") {
  const TemporaryFolder folder;
  const Workload wish = replay(folder.write("own.csv", kOwnHeader + "0,1,1\n"), R"(, "num_warmups": 0)");
  const Json shown = to_json(wish);
  CHECK(shown.at("num_requests").is_null());
  CHECK(to_json(read_workload(ObjectReader(shown, "scenario.json", "/workload"), ".")) == shown);
}

TEST_CASE("Bad rows are refused with line and column") {
  CHECK_THAT(refusal(kOwnHeader + "0,1,1\n1,0,1\n"), Catch::Contains("trace.csv: line 3: prompt_tokens: 0"));
  CHECK_THAT(refusal(kOwnHeader + "0,1,-4\n"), Catch::Contains("trace.csv: line 2: output_tokens: -4"));
  CHECK_THAT(refusal(kOwnHeader + "0,nan,1\n"), Catch::Contains("line 2: prompt_tokens"));
  CHECK_THAT(refusal(kOwnHeader + "0,2.5,1\n"), Catch::Contains("line 2: prompt_tokens"));
  CHECK_THAT(refusal(kOwnHeader + "0,99999999999999999999999,1\n"), Catch::Contains("line 2: prompt_tokens"));
  CHECK_THAT(refusal(kOwnHeader + "0,100000001,1\n"), Catch::Contains("line 2: prompt_tokens"));
  CHECK_THAT(refusal(kOwnHeader + "-1,1,1\n"), Catch::Contains("line 2: arrival_s"));
  CHECK_THAT(refusal(kOwnHeader + "inf,1,1\n"), Catch::Contains("line 2: arrival_s"));
  CHECK_THAT(refusal(kOwnHeader + "1e300,1,1\n"), Catch::Contains("line 2: arrival_s"));
  CHECK_THAT(refusal(kOwnHeader + "0,1\n"), Catch::Contains("line 2"));
  CHECK_THAT(refusal(kAzureHeader + "yesterday,1,1\n"), Catch::Contains("line 2: TIMESTAMP"));
}

TEST_CASE("Arrivals that go back are refused with their line") {
  CHECK_THAT(refusal(kOwnHeader + "1,1,1\n2,1,1\n2,1,1\n1.5,1,1\n"),
             Catch::Contains("line 5: arrival_s") && Catch::Contains("sort the rows by arrival_s"));
  CHECK_THAT(refusal(kAzureHeader + "2023-11-16 18:15:46.6805900,1,1\n2023-11-16 18:15:46.6805899,1,1\n"),
             Catch::Contains("line 3: TIMESTAMP") && Catch::Contains("sort the rows by TIMESTAMP"));
}

TEST_CASE("A file that is no trace is refused with the formats") {
  CHECK_THAT(refusal("a,b\n1,2\n"), Catch::Contains("arrival_s") && Catch::Contains("azure"));
  CHECK_THAT(refusal(""), Catch::Contains("trace.csv"));
  CHECK_THAT(refusal(kOwnHeader), Catch::Contains("has no requests"));
  CHECK_THROWS_AS(replay("/no/such/trace.csv"), InputError);
  CHECK_THROWS_AS(replay("/"), InputError);
}

TEST_CASE("The Azure traces of 2023 give every request") {
  const auto conversation = shared_data("traces/azure2023_conv.csv");
  const auto code = shared_data("traces/azure2023_code.csv");
  if (!conversation || !code) {
    WARN("skipped: no traces/azure2023_*.csv");
    return;
  }
  const Totals conv = totals_of(*conversation);
  CHECK(conv.requests == 19366);
  CHECK(conv.prompt == 22'361'870);
  CHECK(conv.output == 4'088'665);
  CHECK(conv.last_s == Approx(3501.7).margin(0.05));
  const Totals coding = totals_of(*code);
  CHECK(coding.requests == 8819);
  CHECK(coding.prompt == 18'059'974);
  CHECK(coding.output == 245'896);
  CHECK(coding.last_s == Approx(3435.9).margin(0.05));
}

TEST_CASE("Traces in the project's own format have the statistics computed elsewhere") {
  const auto table = shared_data("traces/stats.json");
  if (!table) {
    WARN("skipped: no traces/stats.json");
    return;
  }
  int compared = 0;
  for (const Json& row : read_json_file(table->string())) {
    const std::string file = row.value("file", "");
    const auto path = shared_data("traces/" + file);
    if (!path || !(file.starts_with("apexplus") || file.starts_with("azure"))) continue;
    INFO(file);
    const Totals totals = totals_of(*path);
    const auto count = static_cast<double>(totals.requests);
    CHECK(totals.requests == row.at("n").get<std::size_t>());
    CHECK(static_cast<double>(totals.prompt) / count ==
          Approx(row.at("prompt").at("mean").get<double>()).margin(0.051));
    CHECK(static_cast<double>(totals.output) / count ==
          Approx(row.at("output").at("mean").get<double>()).margin(0.051));
    ++compared;
  }
  CHECK(compared == 5);
}

}  // namespace switchyard
