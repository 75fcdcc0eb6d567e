// The formats of others: units, where time begins, what is passed over, and what is refused with its place.
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/support/shared_data.hpp"
#include "tests/support/temporary_folder.hpp"
#include "workloads/requests/request.hpp"

namespace switchyard {
namespace {

using Catch::Contains;

const std::string kPoisson = R"(, "arrivals": {"process": "poisson", "rate": 4})";

Workload replay(const std::filesystem::path& path, const std::string& more = "") {
  const Json json = parse_json(R"({"trace": )" + Json(path.string()).dump() + more + "}", "scenario.json");
  return read_workload(ObjectReader(json, "scenario.json", "/workload"), "/");
}

std::vector<Request> all(const Workload& wish, std::uint64_t seed = 1) {
  std::vector<Request> requests;
  const auto stream = open_requests(wish, seed);
  while (const auto request = stream->next()) requests.push_back(*request);
  return requests;
}

void check(const Request& request, double arrival_s, std::int64_t prompt, std::int64_t output) {
  CHECK(request.arrival == Seconds(arrival_s));
  CHECK(request.prompt_tokens == prompt);
  CHECK(request.output_tokens == output);
}

/// What is said to a file of this text, replayed with `more` beside its name.
std::string refusal(const std::string& text, const std::string& more = "") {
  const TemporaryFolder folder;
  try {
    all(replay(folder.write("trace", text), more));
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

const std::string kBurstHeader = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n";

std::string mooncake(const std::string& timestamp, const std::string& input = "10",
                     const std::string& output = "5") {
  return R"({"timestamp": )" + timestamp + R"(, "input_length": )" + input + R"(, "output_length": )" +
         output + R"(, "hash_ids": [0, 1, {"timestamp": -1}]})" + "\n";
}

}  // namespace

TEST_CASE("A Mooncake trace counts milliseconds from its own zero, and its prefix hashes are passed over") {
  const TemporaryFolder folder;
  const auto path =
      folder.write("trace.jsonl", mooncake("27482", "6955", "52") + "\n" + mooncake("30535.5", "6472", "26"));
  const Workload wish = replay(path);
  CHECK(wish.format == "mooncake");
  const auto requests = all(wish);
  REQUIRE(requests.size() == 2);
  check(requests[0], 27.482, 6955, 52);
  check(requests[1], 30.5355, 6472, 26);
}

TEST_CASE("A BurstGPT trace counts seconds from its first row and leaves out what failed, with its number") {
  const TemporaryFolder folder;
  const auto path = folder.write("trace.csv", kBurstHeader +
                                                  "5272800,ChatGPT,472,18,490,Conversation log\n"
                                                  "5272845,GPT-4,1087,230,1317,API log\n"
                                                  "5272850,GPT-4,0,0,0,Conversation log\n"
                                                  "5272850,GPT-4,614,0,614,API log\n"
                                                  "5272918.5,GPT-4,417,276,693,Conversation log\n");
  const Workload wish = replay(path);
  CHECK(wish.format == "burstgpt");
  const auto requests = all(wish);
  REQUIRE(requests.size() == 3);
  check(requests[0], 0.0, 472, 18);
  check(requests[1], 45.0, 1087, 230);
  check(requests[2], 118.5, 417, 276);
  CHECK(requests[2].id == 2);
  CHECK(read_through(wish) == 2);
  CHECK(read_through(replay(path, R"(, "num_requests": 2)")) == 0);
}

TEST_CASE("Lengths alone arrive as the scenario says, in the order of the file") {
  const TemporaryFolder folder;
  const auto path =
      folder.write("trace.jsonl", R"({"prompt": "{\"prompt_len\": 3}", "prompt_len": 150, "output_len": 67})"
                                  "\n"
                                  R"({"prompt_tokens": 115, "completion_tokens": 390, "prompt_len": null})"
                                  "\n");
  const Workload poisson = replay(path, kPoisson);
  CHECK(poisson.format == "lengths");
  const auto requests = all(poisson);
  REQUIRE(requests.size() == 2);
  CHECK((requests[0].prompt_tokens == 150 && requests[0].output_tokens == 67));
  CHECK((requests[1].prompt_tokens == 115 && requests[1].output_tokens == 390));
  CHECK((*requests[0].arrival > Seconds(0.0) && *requests[1].arrival > *requests[0].arrival));
  CHECK(all(poisson, 2)[0].arrival != requests[0].arrival);

  const Workload closed = replay(path, R"(, "arrivals": {"process": "concurrency", "value": 2})");
  CHECK(closed.closed_loop());
  CHECK_FALSE(all(closed)[0].arrival.has_value());
  const Json shown = to_json(closed);
  CHECK(to_json(read_workload(ObjectReader(shown, "scenario.json", "/workload"), ".")) == shown);
}

TEST_CASE("A file of lengths wants arrivals, the other formats bring their own") {
  CHECK_THAT(refusal(R"({"prompt_len": 1, "output_len": 1})"),
             Catch::StartsWith("scenario.json: /workload/arrivals: is missing"));
  CHECK_THAT(refusal(mooncake("0"), kPoisson),
             Catch::StartsWith("scenario.json: /workload/arrivals: a trace"));
  CHECK_THAT(refusal(kBurstHeader + "0,a,1,1,2,b\n", kPoisson), Contains("brings its own arrivals"));
}

TEST_CASE("A line that is not a JSON object is refused with line and column") {
  const std::string good = mooncake("0");
  CHECK_THAT(refusal(good + R"({"timestamp": 1, "input_length": 10, "output_le)"),
             Contains("trace: line 2: column 48: ") && Contains("one JSON object a line"));
  CHECK_THAT(refusal(good + "[1, 2, 3]\n"), Contains("line 2: is not a JSON object"));
  CHECK_THAT(refusal(good + mooncake("1") + mooncake("NaN")), Contains("line 3: column 15: "));
  CHECK_THAT(refusal(good + mooncake("1e999")), Contains("line 2: column 15: number 1e999 is too large"));
  CHECK_THAT(refusal(good + std::string(200'000, '[')), Contains("line 2: column 200001: "));
  CHECK_THAT(refusal(good + "{\"timestamp\": 1, \"input_length\": \"\xff\"}"), Contains("is not UTF-8"));
  CHECK_THAT(refusal(good + std::string("{\0}", 3)), Contains("line 2: has a NUL byte"));
  CHECK_THAT(refusal(good + R"({"timestamp": 1, "timestamp": 1})"), Contains("duplicate key \"timestamp\""));
}

TEST_CASE("A bad member of a line is refused with its key and value") {
  const std::string good = mooncake("7");
  CHECK_THAT(refusal(good + R"({"timestamp": 8, "input_length": 10})"),
             Contains("line 2: output_length: is missing"));
  CHECK_THAT(refusal(good + mooncake("-1")), Contains("line 2: timestamp: -1 is out of range"));
  CHECK_THAT(refusal(good + mooncake("1e14")), Contains("line 2: timestamp: 1"));
  CHECK_THAT(refusal(good + mooncake("\"8\"")), Contains("line 2: timestamp: \"8\" is not a number"));
  CHECK_THAT(refusal(good + mooncake("6")),
             Contains("line 2: timestamp: 6 is earlier than the row before") && Contains("sort the rows"));
  CHECK_THAT(refusal(good + mooncake("8", "0")), Contains("input_length: 0 is out of range; give a number of "
                                                          "tokens from 1 to 100000000"));
  CHECK_THAT(refusal(good + mooncake("8", "-3")), Contains("input_length: -3 is out of range"));
  CHECK_THAT(refusal(good + mooncake("8", "2.5")), Contains("input_length: 2.5 is not an integer"));
  CHECK_THAT(refusal(good + mooncake("8", "100000001")), Contains("input_length: 100000001 is out of range"));
  CHECK_THAT(refusal(good + mooncake("8", "18446744073709551615")), Contains("is out of range"));
  CHECK_THAT(refusal(good + mooncake("8", "10", "[1]")), Contains("output_length: a list is not an integer"));
  const std::string lengths = R"({"prompt_len": 1, "output_len": 1})";
  CHECK_THAT(refusal(lengths + "\n" + R"({"prompt_len": 1})", kPoisson),
             Contains("line 2: has no length of the output in tokens; give one of output_len, "));
  CHECK_THAT(refusal(lengths + "\n" + R"({"prompt_len": 1, "input_len": 2, "output_len": 1})", kPoisson),
             Contains("line 2: input_len: is the prompt's length a second time"));
}

TEST_CASE("A column that a format needs and the file lacks is not offered from the file's own columns") {
  const std::string message = refusal("Timestamp,Request tokens\n1,2\n", R"(, "format": "burstgpt")");
  CHECK_THAT(message, Contains("line 1: no column \"Response tokens\"; this format needs Timestamp, Request "
                               "tokens, Response tokens; the file has Timestamp, Request tokens"));
  CHECK_THAT(message, !Contains("choose one of"));
  CHECK_THAT(refusal(kBurstHeader + "5,a,-1,18,17,b\n"),
             Contains("line 2: Request tokens: -1 is out of range"));
  CHECK_THAT(refusal(kBurstHeader + "5,a,1,x,17,b\n"), Contains("line 2: Response tokens: \"x\""));
  CHECK_THAT(refusal(kBurstHeader + "5,a,1,1,2,b\n4,a,0,0,0,b\n"),
             Contains("line 3: Timestamp: \"4\" is earlier"));
}

TEST_CASE("A file that is no trace is refused with its first line and the formats") {
  CHECK_THAT(refusal("{\"a\": 1}\n"),
             Contains(R"(line 1: "{"a": 1}" is the first line of no known format)") &&
                 Contains("mooncake: ") && Contains("burstgpt: "));
  CHECK_THAT(refusal("\n\n"), Contains("trace: is empty"));
  CHECK_THAT(refusal(std::string(3'000'000, '\0')), Contains("line 1: has a NUL byte"));
  CHECK_THAT(refusal(std::string(3'000'000, '0')), Contains("line 1: is longer than 1000000 bytes"));
  const TemporaryFolder folder;
  const std::filesystem::path pipe = folder.path() / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(replay(pipe), Contains("pipe: is a pipe or a device"));
  CHECK_THROWS_WITH(replay("/dev/zero"), Contains("is a pipe or a device"));
  CHECK_THROWS_WITH(replay("/dev/zero", R"(, "format": "csv")"), Contains("is a pipe or a device"));
  CHECK_THROWS_WITH(replay("/", R"(, "format": "mooncake")"), Contains("is a directory"));
  CHECK_THROWS_WITH(replay("/no/such/trace", R"(, "format": "lengths")" + kPoisson),
                    Contains("cannot be read"));
}

TEST_CASE("The Mooncake traces give every request, with the statistics computed elsewhere") {
  const auto table = shared_data("traces/stats.json");
  const auto path = shared_data("traces/mooncake_fast25_conversation.jsonl");
  if (!table || !path) {
    WARN("skipped: no traces/stats.json or traces/mooncake_fast25_conversation.jsonl");
    return;
  }
  const auto first = all(replay(*path, R"(, "num_requests": 3)"));
  check(first[0], 0.0, 6758, 500);
  check(first[2], 0.0, 7236, 794);
  int compared = 0;
  for (const Json& row : read_json_file(table->string())) {
    const std::string file = row.value("file", "");
    if (!file.starts_with("mooncake")) continue;
    INFO(file);
    const auto requests = all(replay(*shared_data("traces/" + file)));
    double prompts = 0.0, outputs = 0.0;
    for (const Request& request : requests) {
      prompts += static_cast<double>(request.prompt_tokens);
      outputs += static_cast<double>(request.output_tokens);
    }
    const auto count = static_cast<double>(requests.size());
    CHECK(requests.size() == row.at("n").get<std::size_t>());
    CHECK(prompts / count == Approx(row.at("prompt").at("mean").get<double>()).margin(0.051));
    CHECK(outputs / count == Approx(row.at("output").at("mean").get<double>()).margin(0.051));
    CHECK(requests.back().arrival->value() == Approx(row.at("duration_s").get<double>()).margin(0.051));
    ++compared;
  }
  CHECK(compared == 2);
}

}  // namespace switchyard
