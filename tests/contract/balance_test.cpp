// switchyard balance: the figures of its answer, its files, and the same bytes for the same seed.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/contract/program.hpp"
#include "workloads/routing/balance_dynamics.hpp"

namespace switchyard {
namespace {

constexpr const char* kShort = "balance --steps 6 --experts 8 --top-k 2 --tokens 32 --onset 3";

}  // namespace

TEST_CASE("Balance answers with the windows of every remedy and what capacities drop") {
  const Answer answer = ask(std::string(kShort) + " --format json");
  REQUIRE(answer.status == 0);
  const Json json = parse_json(answer.text, "answer");
  CHECK(json.at("experts") == 8);
  CHECK(json.at("onset") == 3);
  REQUIRE(json.at("remedies").size() == balance_remedies().size());
  for (std::size_t i = 0; i < balance_remedies().size(); ++i) {
    const Json& remedy = json.at("remedies")[i];
    CHECK(remedy.at("name") == balance_remedies()[i].name);
    REQUIRE(remedy.at("windows").size() == 6);
    for (const Json& window : remedy.at("windows")) {
      CHECK(window.at("task_loss") > 0.0);
      CHECK(window.at("max_over_mean") >= 1.0);
      CHECK(window.at("entropy_bits") <= 3.0 + 1e-9);
      CHECK(window.at("idle_experts") <= 7.0);
    }
    double last = 1.0;
    for (const Json& capacity : remedy.at("capacity")) {
      CHECK(capacity.at("dropped") <= last);
      last = capacity.at("dropped");
    }
    CHECK(last == 0.0);  // eight times an even share is everything
    CHECK(remedy.at("windows")[2] == json.at("remedies")[0].at("windows")[2]);  // before the onset
  }
}

TEST_CASE("Balance trains one remedy alone as among all, and the same seed gives the same bytes") {
  const Json all = parse_json(ask(std::string(kShort) + " --format json").text, "answer");
  const Answer one = ask(std::string(kShort) + " selection_bias --format json");
  REQUIRE(parse_json(one.text, "answer").at("remedies").size() == 1);
  CHECK(parse_json(one.text, "answer").at("remedies")[0] == all.at("remedies").back());
  CHECK(one.text == ask(std::string(kShort) + " selection_bias --format json").text);
  CHECK(one.text != ask(std::string(kShort) + " selection_bias --format json --seed 2").text);
}

TEST_CASE("Balance leaves its windows and its capacities as tables, and prints a summary") {
  const ProgramFolder folder;
  REQUIRE(folder.run(std::string(kShort) + " z_loss --out o") == 0);
  CHECK_THAT(folder.text(".out"), Catch::Contains("8 experts, top-2") && Catch::Contains("z_loss"));
  const std::string dynamics = folder.text("o/dynamics.csv");
  CHECK_THAT(dynamics,
             Catch::StartsWith("remedy,step,task_loss,max_over_mean,entropy_bits,idle_experts\nz_loss,1,"));
  CHECK(std::count(dynamics.begin(), dynamics.end(), '\n') == 7);
  CHECK_THAT(folder.text("o/capacity.csv"), Catch::StartsWith("remedy,capacity_factor,dropped\nz_loss,1,"));
}

}  // namespace switchyard
