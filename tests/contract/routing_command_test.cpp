// switchyard routing: names are the interface contract's; figures obey what routing conserves.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "tests/contract/program.hpp"

namespace switchyard {
namespace {

using Catch::Contains;

struct Bench : ProgramFolder {
  Bench() {
    folder.write("moe.json", R"({"model": "mixtral-8x7b", "model_overrides": {"num_hidden_layers": 4}})");
    folder.write("dense.json", R"({"model": "llama-3.1-8b"})");
  }
  Json answer(const std::string& line) const {
    INFO("switchyard routing " << line);
    REQUIRE(run("routing " + line + " --format json") == 0);
    return json(".out");
  }
};

double mean(const Json& layers, const char* key) {
  double sum = 0.0;
  for (const Json& layer : layers) sum += layer.at(key).get<double>();
  return sum / static_cast<double>(layers.size());
}

double sum(const Json& numbers) {
  double sum = 0.0;
  for (const double number : numbers) sum += number;
  return sum;
}

double most(const Json& numbers) {
  double most = 0.0;
  for (const double number : numbers) most = std::max(most, number);
  return most;
}

void check_layer(const Json& layer) {
  const auto experts = layer.at("experts").get<double>(), top_k = layer.at("top_k").get<double>();
  const auto figure = [&](const char* key) { return layer.at(key).get<double>(); };
  CHECK((figure("max_over_mean") >= 1.0 && figure("max_over_mean") <= experts));
  CHECK((figure("entropy_bits") >= 0.0 && figure("entropy_bits") <= std::log2(experts)));
  CHECK((figure("previous_token_overlap") >= 0.0 && figure("previous_token_overlap") <= top_k));
  CHECK((figure("first_choice_repeat") >= 0.0 && figure("first_choice_repeat") <= 1.0));
  CHECK((figure("ep8_imbalance") >= 1.0 && figure("ep8_imbalance") <= 8.0));
  CHECK(static_cast<double>(layer.at("expert_load").size()) == experts);
  CHECK(sum(layer.at("expert_load")) == Approx(experts).epsilon(1e-3));
  CHECK(sum(layer.at("rank_load")) == Approx(layer.at("rank_load").size()).epsilon(1e-3));
  CHECK(figure("rank_imbalance") == Approx(most(layer.at("rank_load"))).epsilon(1e-3));
  for (const char* key :
       {"max_over_mean", "entropy_bits", "previous_token_overlap", "first_choice_repeat", "ep8_imbalance"})
    CHECK(figure(key) == Approx(mean(layer.at("domains"), key)).epsilon(1e-9));
  const Json& distinct = layer.at("distinct_experts");
  CHECK(distinct.front().get<double>() == Approx(top_k).epsilon(1e-9));
  CHECK(std::is_sorted(distinct.begin(), distinct.end()));
  CHECK(distinct.back().get<double>() <= experts);
}

/// What a page draws.
Json data_in(const std::string& html) {
  const std::string open = R"(<script type="application/json" id="data">)";
  const std::size_t begin = html.find(open) + open.size();
  return Json::parse(html.substr(begin, html.find("</script>", begin) - begin));
}

}  // namespace

TEST_CASE("An exported bank is a trace that shows the same routing") {
  const Bench bench;
  const Json bank = bench.answer("moe.json --export bank.npz");
  const Json trace = bench.answer("moe.json --set /routing/mode=trace --set /routing/trace=bank.npz");
  CHECK(trace.at("layers") == bank.at("layers"));
  CHECK(trace.at("tokens") == bank.at("tokens"));
}

TEST_CASE("A recording of fewer layers is refused by its name, one of fewer experts is read with a note") {
  const Bench bench;
  const std::string trace = "moe.json --set /routing/mode=trace --set /routing/trace=t.csv";
  std::string rows = "sequence,position,layer,expert_0,expert_1\n";
  for (int layer = 0; layer < 3; ++layer) rows += "a,0," + std::to_string(layer) + ",0,3\n";
  bench.folder.write("t.csv", rows);
  CHECK(bench.run("routing " + trace) == 2);
  CHECK_THAT(bench.text(".err"),
             Contains("moe.json: /routing/trace: ") && Contains("/t.csv: has 3 layers; mixtral-8x7b"));
  bench.folder.write("t.csv", rows + "a,0,3,0,1\n");
  const std::string note = "Experts that never occur in the recording: 2, 4 to 7 of 0 to 7.";
  CHECK_THAT(bench.answer(trace).at("notes").dump(), Contains(note));
  CHECK(bench.answer("moe.json").at("notes").dump().find("never occur") == std::string::npos);
}

TEST_CASE("Recorded domains have their names in the answer, on the page and in files written anew") {
  const Bench bench;
  bench.folder.write("one.json", R"({"model": "mixtral-8x7b", "model_overrides": {"num_hidden_layers": 1},
    "routing": {"mode": "trace", "trace": "texts.csv"}})");
  bench.folder.write("texts.csv",
                     "sequence,domain,position,layer,expert_0,expert_1\n"
                     "a,law,0,0,3,7\nb,poems,0,0,1,2\nc,law,0,0,5,2\n");
  const std::string file = GENERATE("again.csv", "again.npz");
  const Json names = Json::array({"law", "poems"});
  CHECK(bench.answer("one.json --out out --export " + file).at("domain_names") == names);
  const Json views = data_in(bench.text("out/report.html")).at("expert_load").at("views");
  REQUIRE(views.size() == 3);
  CHECK((views[1].at("name") == "law" && views[2].at("name") == "poems"));
  CHECK(bench.answer("one.json --set /routing/trace=" + file).at("domain_names") == names);
}

TEST_CASE("Exact routing shows the figures of one set of tokens: those of its bank, as it says") {
  const Bench bench;
  const std::string ranks =
      " --set /deployment/data_parallel_size=4 --set /deployment/enable_expert_parallel=true";
  const Json exact = bench.answer("moe.json --set /routing/mode=exact --export exact.csv" + ranks);
  const Json bank = bench.answer("moe.json --export bank.csv" + ranks);
  REQUIRE(exact.at("layers").size() == 4);
  for (const Json& layer : exact.at("layers")) check_layer(layer);
  CHECK(exact.at("layers") == bank.at("layers"));
  CHECK(bench.text("exact.csv") == bench.text("bank.csv"));
  CHECK_THAT(exact.at("notes").dump(), Contains("Mode exact") && Contains("mode bank"));
}

TEST_CASE("Every layer that routes has its figures, by its number in the model") {
  // Model, its MoE layers, the first one's number, the distance to the next.
  const auto [model, layers, first, distance] =
      GENERATE(table<std::string, std::size_t, int, int>({{"mixtral-8x7b", 32, 0, 1},
                                                          {"deepseek-v3", 58, 3, 1},
                                                          {"snowflake-arctic", 35, 0, 1},
                                                          {"llama-4-maverick", 24, 1, 2},
                                                          {"switch-base-128", 6, 1, 2},
                                                          {"pr-moe-1.3b", 12, 1, 2}}));
  const Bench bench;
  const Json answer = bench.answer("dense.json --set /model=" + model);
  REQUIRE(answer.at("layers").size() == layers);
  for (std::size_t i = 0; i < layers; ++i) {
    const Json& layer = answer.at("layers")[i];
    INFO(model << ", layer " << layer.at("layer"));
    CHECK(layer.at("layer") == first + distance * static_cast<int>(i));
    CHECK(layer.at("moe_layer") == i);
    check_layer(layer);
  }
  CHECK((answer.at("tokens") > answer.at("streams") && answer.at("streams") > answer.at("domains")));
  CHECK(answer.at("decode_batches") == Json::array({1, 4, 16, 64, 256}));
  REQUIRE(answer.at("distinct_experts").size() == 5);
  CHECK(answer.at("distinct_experts")[0].get<double>() ==
        Approx(mean(answer.at("layers"), "top_k")).epsilon(1e-9));
  CHECK((answer.at("domain_load_cosine") > 0.0 && answer.at("domain_load_cosine") <= 1.0));
  CHECK((answer.at("model") == model && answer.at("router").is_string() && answer.at("seed") == 1));
  REQUIRE(bench.run("routing dense.json --set /model=" + model) == 0);
  for (const std::string& part : {model, answer.at("router").get<std::string>(), std::string("\n  mean ")})
    CHECK_THAT(bench.text(".out"), Contains(part));
}

TEST_CASE("The same scenario routes to the same bytes, another seed to others") {
  const Bench bench;
  const std::string format = GENERATE("text", "json");
  const auto printed = [&](const std::string& sets) {
    REQUIRE(bench.run("routing moe.json --format " + format + sets) == 0);
    return bench.text(".out");
  };
  CHECK(printed("") == printed(""));
  CHECK(printed("") != printed(" --set /seed=2"));
}

TEST_CASE("Uniform routing has chance's locality and even load, gates have more of both") {
  const Bench bench;
  const Json gates = bench.answer("moe.json"), uniform = bench.answer("moe.json --set /routing/mode=uniform");
  CHECK(bench.run("routing moe.json --set /routing/mode=uniform") == 0);
  CHECK_THAT(bench.text(".out"), Contains("mode uniform, seed 1") && !Contains("preset"));
  CHECK(mean(uniform.at("layers"), "previous_token_overlap") == Approx(0.5).epsilon(0.05));
  CHECK(mean(uniform.at("layers"), "first_choice_repeat") == Approx(0.125).epsilon(0.05));
  for (const char* figure :
       {"max_over_mean", "previous_token_overlap", "first_choice_repeat", "ep8_imbalance"})
    CHECK(mean(gates.at("layers"), figure) > mean(uniform.at("layers"), figure));
  CHECK(mean(gates.at("layers"), "entropy_bits") < mean(uniform.at("layers"), "entropy_bits"));
}

TEST_CASE("A preset is named only where gates choose for its tokens, and what is passed over is said") {
  const Bench bench;
  CHECK(bench.answer("moe.json --set /routing/trace=t.csv --export bank.csv").at("preset") == "mixtral-8x7b");
  CHECK_THAT(bench.text(".out"), Contains("routing.trace is not read"));
  bench.folder.write("run.json", R"({"model": "mixtral-8x7b", "model_overrides": {"num_hidden_layers": 4},
    "workload": {"arrivals": {"process": "all_at_once"}, "num_requests": 1,
      "prompt_tokens": {"distribution": "fixed", "value": 9}, "output_tokens": {"distribution": "fixed", "value": 2}}})");
  for (const std::string mode : {"uniform", "trace --set /routing/trace=bank.csv",
                                 "trace --set /routing/trace=bank.csv --set "
                                 "/routing/arithmetic=bf16"}) {
    const Json answer = bench.answer("moe.json --set /routing/mode=" + mode);
    REQUIRE(bench.run("run run.json --out out --set /routing/mode=" + mode) == 0);
    for (const Json& routing : {answer, bench.json("out/summary.json").at("routing")})
      for (const char* key : {"preset", "gate_bias_zipf"}) CHECK(routing.at(key).is_null());
    CHECK((answer.at("notes").dump().find("passes over") != std::string::npos) ==
          (mode.find("bf16") != std::string::npos));
  }
  REQUIRE(bench.run("routing dense.json --set /routing/trace=bank.csv") == 0);
  CHECK_THAT(bench.text(".out"), Contains("no layer of llama-3.1-8b routes\n") &&
                                     Contains("routing.trace is not read: routing.mode is bank"));
}

TEST_CASE("The load of ranks is that of the experts which the placement puts there") {
  const Bench bench;
  const std::string parallel = "moe.json --set /deployment/enable_expert_parallel=true --set ";
  const Json four = bench.answer(parallel + "/deployment/data_parallel_size=4").at("layers")[0];
  REQUIRE(four.at("rank_load").size() == 4);
  for (std::size_t rank = 0; rank < 4; ++rank) {
    const Json& load = four.at("expert_load");
    CHECK(four.at("rank_load")[rank].get<double>() ==
          Approx(0.5 * (load[2 * rank].get<double>() + load[2 * rank + 1].get<double>())).epsilon(1e-3));
  }
  const Json spread = bench
                          .answer(parallel +
                                  "/deployment/data_parallel_size=4 --set "
                                  "/deployment/expert_placement=round_robin")
                          .at("layers")[0];
  CHECK(spread.at("expert_load") == four.at("expert_load"));
  CHECK(spread.at("rank_load") != four.at("rank_load"));
  const Json even =
      bench.answer(parallel + "/deployment/data_parallel_size=8 --set /routing/mode=balanced").at("layers");
  for (const Json& layer : even) CHECK(layer.at("rank_imbalance").get<double>() == Approx(1.0).epsilon(1e-3));
}

TEST_CASE("The load of ranks is what tokens ask for, whatever an expert's capacity holds") {
  const Bench bench;
  const std::string ranks =
      "dense.json --set /model=switch-base-128 --set /deployment/data_parallel_size=8 --set "
      "/deployment/enable_expert_parallel=true --set /model_overrides/capacity_factor=";
  const Json tight = bench.answer(ranks + "0.000000001"), ample = bench.answer(ranks + "1000");
  CHECK(tight.at("layers") == ample.at("layers"));
  for (const Json& layer : tight.at("layers"))
    for (std::size_t rank = 0; rank < 8; ++rank) {
      double load = 0.0;
      for (std::size_t expert = 0; expert < 16; ++expert)
        load += layer.at("expert_load")[16 * rank + expert].get<double>() / 16.0;
      CHECK(layer.at("rank_load")[rank].get<double>() == Approx(load).epsilon(1e-3));
    }
  CHECK_THAT(tight.at("notes").dump(), Contains("before drops"));
  CHECK_THAT(bench.answer("moe.json").at("notes").dump(), !Contains("drops"));
}

TEST_CASE("A bias of the gate shows as load that falls with the expert's number") {
  const Bench bench;
  const Json answer =
      bench.answer("moe.json --set '/routing={\"preset\": \"random\", \"gate_bias_zipf\": 2.0}'");
  for (const Json& layer : answer.at("layers")) {
    const Json& load = layer.at("expert_load");
    CHECK(load.front().get<double>() > load[3].get<double>());
    CHECK(load[3].get<double>() > load.back().get<double>());
  }
}

TEST_CASE("Of a dense model it is said that nothing routes, and that is no error") {
  const Bench bench;
  CHECK(bench.run("routing dense.json") == 0);
  CHECK(bench.text(".out") == "no layer of llama-3.1-8b routes\n");
  const Json answer = bench.answer("dense.json");
  CHECK(answer.at("layers").empty());
  CHECK((answer.at("tokens") == 0 && answer.at("domain_load_cosine").is_null()));
}

TEST_CASE("A folder gets the answer, the resolved scenario and a page with the bank's heat map") {
  const Bench bench;
  const Json answer = bench.answer("moe.json --out out");
  CHECK(bench.files("out") == std::set<std::string>{"report.html", "routing.json", "scenario.json"});
  CHECK(bench.json("out/routing.json") == answer);
  CHECK(bench.answer("out/scenario.json") == answer);
  const Json map = data_in(bench.text("out/report.html")).at("expert_load");
  CHECK(map.at("layers") == Json::array({0, 1, 2, 3}));
  REQUIRE(map.at("views").size() == 1 + answer.at("domains").get<std::size_t>());
  for (std::size_t layer = 0; layer < 4; ++layer)
    for (std::size_t expert = 0; expert < 8; ++expert)
      CHECK(map.at("views")[0].at("load")[layer][expert].get<double>() ==
            Approx(answer.at("layers")[layer].at("expert_load")[expert].get<double>()).epsilon(6e-3));
  REQUIRE(bench.run("routing dense.json --out dense") == 0);
  CHECK(data_in(bench.text("dense/report.html")).at("expert_load").is_null());
}

TEST_CASE("The page of a run has the load that its own requests brought to each expert") {
  const Bench bench;
  bench.folder.write("run.json", R"({"model": "mixtral-8x7b", "model_overrides": {"num_hidden_layers": 4},
    "workload": {"arrivals": {"process": "all_at_once"}, "num_requests": 3,
      "prompt_tokens": {"distribution": "fixed", "value": 9}, "output_tokens": {"distribution": "fixed", "value": 2}}})");
  REQUIRE(bench.run("run run.json --out out") == 0);
  const Json map = data_in(bench.text("out/report.html")).at("expert_load");
  REQUIRE(map.at("views").size() == 1);
  const double mean = 3.0 * 10.0 * 2.0 / 8.0;  // of 3 requests of 9 + 2 - 1 tokens, two assignments each
  for (const Json& layer : map.at("views")[0].at("load")) {
    double assignments = 0.0;
    for (const double load : layer) {
      CHECK(load * mean == Approx(std::round(load * mean)).margin(0.05));
      assignments += std::round(load * mean);
    }
    CHECK(assignments == 60.0);
  }
  const auto caption = [&](const std::string& set) {
    REQUIRE(bench.run("run run.json --out of --set " + set) == 0);
    return data_in(bench.text("of/report.html")).at("expert_load").at("text").get<std::string>();
  };
  CHECK_THAT(caption("/seed=1"), Contains("as dispatched (mode bank") && !Contains("drops"));
  CHECK_THAT(caption("/routing/mode=exact"), !Contains("as dispatched") && Contains("stand for"));
  CHECK_THAT(caption("/model_overrides/capacity_factor=1"), Contains("before drops"));
  REQUIRE(bench.run("run run.json --out even --set /routing/mode=balanced") == 0);
  const Json even = data_in(bench.text("even/report.html")).at("expert_load").at("views")[0].at("load");
  for (const Json& layer : even) CHECK(layer == Json(std::vector<double>(8, 1.0)));
  REQUIRE(bench.run("run run.json --out dense --set /model=llama-3.1-8b") == 0);
  CHECK(data_in(bench.text("dense/report.html")).at("expert_load").is_null());
}

TEST_CASE("A model that borrows the preset of another says so") {
  const Bench bench;
  const auto notes = [&](const std::string& sets) { return bench.answer(sets).at("notes").dump(); };
  CHECK_THAT(notes("dense.json --set /model=gpt-oss-120b"),
             Contains("(preset olmoe-1b-7b, borrowed: gpt-oss-120b's own load is not recorded)"));
  CHECK_THAT(notes("moe.json"), Contains("(preset mixtral-8x7b)"));
  // Whose own is recorded, and what is recorded of nobody.
  CHECK_THAT(notes("moe.json --set /routing/preset=olmoe-1b-7b"), Contains("(preset olmoe-1b-7b)"));
  CHECK_THAT(notes("dense.json --set /model=gpt-oss-20b --set /routing/preset=random"),
             Contains("(preset random)"));
}

TEST_CASE("What the table leaves out or means is said") {
  const Bench bench;
  const auto printed = [&](const std::string& line) {
    REQUIRE(bench.run(line) == 0);
    return bench.text(".out");
  };
  CHECK_THAT(printed("routing dense.json --set /model=deepseek-v3"),
             Contains("\n  58 layers: rows left out; --format json has them\n  mean "));
  CHECK_THAT(printed("routing moe.json"), !Contains("left out") && Contains("\n  3  ") &&
                                              Contains("  ranks       1 expert-parallel rank\n") &&
                                              Contains("ranks: all tokens at once"));
  CHECK_THAT(printed("routing moe.json --set /deployment/data_parallel_size=4 --set "
                     "/deployment/enable_expert_parallel=true"),
             Contains("  ranks       4, placement linear\n"));
  CHECK_THAT(printed("--help"), Contains("switchyard routing SCENARIO.json") && Contains("--export FILE"));
}

TEST_CASE("A bank too small to tell is said to be so") {
  const Bench bench;
  const std::string sentence = "partly show chance";
  REQUIRE(bench.run("routing dense.json --set /model=switch-c-2048") == 0);
  CHECK_THAT(bench.text(".out"), Contains(sentence));
  REQUIRE(bench.run("routing moe.json") == 0);
  CHECK_THAT(bench.text(".out"), !Contains(sentence));
}

}  // namespace switchyard
