// Wrong command lines, overrides and studies: the message names the option or the place, and what to give.
#include <catch2/catch.hpp>

#include "tests/contract/bad_input.hpp"

namespace switchyard {
namespace {

BadInput line(std::string what, std::vector<std::string> arguments, std::string says) {
  return {std::move(what), std::move(arguments), std::move(says)};
}

/// `switchyard step chat.json …`.
BadInput step(std::string what, std::vector<std::string> options, std::string says) {
  options.insert(options.begin(), {"step", "chat.json"});
  return {std::move(what), std::move(options), std::move(says)};
}

BadInput sweep(std::string what, std::vector<std::string> options, std::string says) {
  options.insert(options.begin(), {"sweep", "study.json"});
  return {std::move(what), std::move(options), std::move(says)};
}

}  // namespace

TEST_CASE("A wrong command line is refused with what there is") {
  BadInputBench bench;
  bench.check({
      line("an unknown command", {"rnu"}, "\"rnu\"|\"run\"?|one of run, step, sweep"),
      line("an empty command", {""}, "\"\"|one of run"),
      line("no scenario", {"run"}, "switchyard run: |no scenario|--help"),
      line("two scenarios", {"run", "chat.json", "x.json"}, "switchyard run: |\"x.json\"|--help"),
      line("an unknown option", {"run", "chat.json", "--outt", "x"}, "\"--outt\"|\"--out\"?|--set"),
      line("an option cut short", {"run", "chat.json", "--se", "/seed=1"}, "\"--se\"|\"--set\"?"),
      line("an option without its value", {"run", "chat.json", "--set"}, "switchyard run: |--set|--help"),
      line("an option twice", {"run", "chat.json", "--out", "a", "--out", "b"}, "--out|more than once"),
      line("no model", {"model"}, "switchyard model: |no model|--help"),
      line("an unknown model", {"model", "mixtral-8x7"}, "/model: |\"mixtral-8x7\"|\"mixtral-8x7b\"?"),
      line("a model that nobody can describe", {"model", "gpt-4"}, "\"gpt-4\"|no published architecture"),
      line("a model's file that is not there", {"model", "x/config.json"}, "x/config.json|cannot be read"),
      line("a negative context of a model", {"model", "llama-3.1-8b", "--context", "-1"},
           "--context: \"-1\" |from 0 to 2147483648"),
      line("an unknown format of a model", {"model", "llama-3.1-8b", "--format", "xml"},
           "--format: |\"xml\"|text, json"),
      line("no cluster", {"topology"}, "switchyard topology: |--help"),
      line("an unknown cluster", {"topology", "hgx-h10"}, "\"hgx-h10\"|\"hgx-h100\"?"),
      line("an unknown format of a topology", {"topology", "hgx-h100", "--format", "svg"},
           "--format: |\"svg\"|graphml"),
      line("no scenario to route", {"routing"}, "switchyard routing: |no scenario|--help"),
      line("an unknown format of routing", {"routing", "chat.json", "--format", "csv"},
           "--format: |\"csv\"|text, json"),
      line("an unknown mode of routing", {"routing", "chat.json", "--set", "/routing/mode=bnk"},
           "chat.json: /routing/mode: |\"bank\"?|uniform"),
      line("a file for routing's folder", {"routing", "chat.json", "--out", "chat.json"},
           "chat.json: |folder"),
      line("an export of another ending", {"routing", "chat.json", "--export", "bank.npy"},
           "--export: \"bank.npy\"|.npz or .csv"),
      line("an export of a dense model's experts", {"routing", "chat.json", "--export", "bank.npz"},
           "--export: llama-3.1-8b has no layers with experts"),
      line("a network to route", {"routing", "chat.json", "--set", "/model=resnet-50"},
           "chat.json: /model: |no tokens"),
      line("an unknown schema", {"schema", "scenari"}, "\"scenari\"|\"scenario\"?|study"),
      line("one scenario to compare", {"compare", "chat.json"}, "switchyard compare: |two"),
      line("an unknown menu", {"list", "modles"}, "\"modles\"|\"models\"?|gpus, clusters"),
      line("two menus", {"list", "models", "gpus"}, "switchyard list: |\"gpus\""),
      line("an unknown remedy", {"balance", "bias"}, "switchyard balance: |\"bias\"|none, auxiliary_loss"),
      line("two remedies", {"balance", "none", "z_loss"}, "switchyard balance: |\"z_loss\"|--help"),
      line("a layer of one expert", {"balance", "--experts", "1"}, "--experts: \"1\" |from 2 to 512"),
      line("more choices than experts", {"balance", "--experts", "4", "--top-k", "5"},
           "--top-k: \"5\" |from 1 to 4"),
      line("no training", {"balance", "--steps", "0"}, "--steps: \"0\" |from 1 to 100000"),
      line("a remedy after the end", {"balance", "--steps", "5", "--onset", "6"},
           "--onset: \"6\" |from 0 to 5"),
      line("a negative rate", {"balance", "--bias-rate", "-1"}, "--bias-rate: \"-1\" |from 0 to 1000"),
      line("no number for a weight", {"balance", "--z-weight", "nan"}, "--z-weight: \"nan\" |from 0 to 1000"),
      line("a z-loss that diverges",
           {"balance", "z_loss", "--z-weight", "50", "--steps", "300", "--tokens", "128"},
           "--z-weight: \"50\"|the gate diverges in step |give less"),
      line("batches of one token", {"balance", "none", "--tokens", "1"},
           "--tokens: \"1\"|the gate diverges in step |without any remedy"),
      line("experts that are all chosen",
           {"balance", "--experts", "2", "--top-k", "2", "--tokens", "64", "--steps", "400"},
           "--tokens: \"64\"|2 of 2 experts|--experts beyond --top-k"),
      line("an unknown format of training", {"balance", "--steps", "1", "--format", "csv"},
           "--format: |\"csv\"|text, json"),
      step("no question", {}, "switchyard step: |--decode|--prefill"),
      step("two questions", {"--decode", "1", "--context", "1", "--prefill", "1"}, "--decode|--prefill"),
      step("no context", {"--decode", "1"}, "--decode: |--context"),
      step("no sequences", {"--decode", "0", "--context", "1"}, "--decode: \"0\" |from 1 to 1048576"),
      step("negative sequences", {"--decode", "-1", "--context", "1"}, "--decode: \"-1\" |from 1 to 1048576"),
      step("text for sequences", {"--decode", "x", "--context", "1"}, "--decode: \"x\" |from 1 to 1048576"),
      step("half a sequence", {"--decode", "1.5", "--context", "1"}, "--decode: \"1.5\" |integer from 1"),
      step("sequences beyond 64 bits", {"--decode", "99999999999999999999", "--context", "1"},
           "--decode: |from 1 to"),
      step("a negative context", {"--decode", "1", "--context", "-1"}, "--context: \"-1\" |from 0 to"),
      step("a huge prompt", {"--prefill", "99999999"}, "--prefill: \"99999999\" |to 16777216"),
      step("an unknown format", {"--prefill", "1", "--format", "jsn"},
           "--format: |\"jsn\"|\"json\"?|text, json"),
      sweep("no folder", {}, "--out: is missing|a folder"),
      sweep("no jobs", {"--out", "o", "--jobs", "0"}, "--jobs: \"0\" |from 1 to 1024"),
      sweep("text for jobs", {"--out", "o", "--jobs", "x"}, "--jobs: \"x\" |from 1 to 1024"),
      sweep("a shard beyond the last", {"--out", "o", "--shard", "3/2"}, "--shard: \"3/2\" |from 1 to N"),
      sweep("a shard of none", {"--out", "o", "--shard", "1/0"}, "--shard: \"1/0\" |from 1 to N"),
      sweep("a merge of a shard", {"--out", "o", "--shard", "1/2", "--merge", "p"},
            "--merge: |--shard|leave one out"),
      sweep("a merge with jobs", {"--out", "o", "--jobs", "2", "--merge", "p"},
            "--merge: |--jobs|leave one out"),
      sweep("a merge of nothing", {"--out", "o", "--merge"}, "switchyard sweep: |merge|--help"),
      sweep("a merge of what is not there", {"--out", "o", "--merge", "p"},
            "p/journal.jsonl: cannot be opened"),
      sweep("what is swept set", {"--out", "o", "--set", "/seed=3"}, "--set /seed: |swept"),
  });
}

TEST_CASE("A wrong override is refused by its pointer") {
  BadInputBench bench;
  const std::string deep(100'000, '[');
  std::string far;
  for (int i = 0; i < 20'000; ++i) far += "/a";
  bench.check({
      with_values("no slash", "seed=3", "--set seed: \"seed\" is no JSON pointer|begins with '/'"),
      with_values("no value", "/seed", "--set: \"/seed\" has no value|/json/pointer=VALUE"),
      with_values("nothing", "", "--set: \"\" has no value"),
      with_values("no pointer", "=3", "--set : |begins with '/'"),
      with_values("a place in text", "/model/x=3",
                  "--set /model/x: |/model: \"llama-3.1-8b\" is text|no members"),
      with_values("a place in a number", "/workload/arrivals/rate/x=3", "rate/x: |50 is a number|no members"),
      with_values("a bad escape", "/a~2b=3", "--set /a~2b: |~0 and ~1"),
      with_values("a pointer without end", far + "=1", "--set /a/a/a|is deeper than 64 levels"),
      with_values("a place far beyond a list", "/slo=[1] & /slo/222222222222222=1",
                  "|place 222222222222222 |at most 1"),
      with_values("a place far in nothing", "/a/99999999999999999999=1",
                  "|place 99999999999999999999 |at most 0"),
      with_values("a list left open", "/workload=[1,2", "--set /workload: |line 1, column 5|end of input"),
      with_values("a text left open", "/model=\"llama", "--set /model: |line 1, column 7|closing quote"),
      with_values("a key twice", R"(/engine={"block_size": 16, "block_size": 8})",
                  "--set /engine: |duplicate key"),
      with_values("deep nesting", "/engine=" + deep, "--set /engine: |column 65|nested deeper than 64"),
      with_values("a byte that is no UTF-8", "/engine=\xff", "chat.json: /engine: \"\\xff\" is text"),
      with_values("a place in a byte that is no UTF-8", "/model=\xff & /model/x=1",
                  "--set /model/x: |\"\\xff\" is text"),
      with_values("a control character", "/model=a\x1b[31mb", "/model: unknown model \"a\\x1b[31mb\""),
      with_values("a long text", "/model=" + std::string(100'000, 'x'),
                  "/model: unknown model \"xxx|…|llama"),
      with_values("a long key", "/" + std::string(100'000, 'k') + "=1", "unknown key \"kkk|…|one of "),
  });
}

TEST_CASE("A wrong study is refused by its list or its point") {
  BadInputBench bench;
  std::vector<BadInput> rows;
  const auto study = [&](const std::string& what, const std::string& text, const std::string& says) {
    const std::string name = "s" + std::to_string(rows.size()) + ".json";
    bench.folder().write(name, text);
    rows.push_back({what, {"sweep", name, "--out", "o"}, name + ": |" + says});
  };
  const auto swept = [&](const std::string& what, const std::string& lists, const std::string& says) {
    study(what, R"({"scenario": "chat.json", )" + lists + "}", says);
  };
  std::string thousand;
  for (int i = 1; i <= 10'000; ++i) thousand += (i == 1 ? "" : ",") + std::to_string(i);
  swept("an unknown pointer", R"("sweep": {"/workload/arrivals/ratee": [1]})",
        "point 1 of 1|ratee|\"rate\"?");
  swept("no slash", R"("sweep": {"seed": [1]})", "\"seed\" is no JSON pointer|begins with '/'");
  swept("nothing", R"("sweep": {})", "/sweep: sweeps nothing|lists of values");
  swept("no lists", R"("title": "t")", "/sweep: sweeps nothing");
  swept("an empty list", R"("sweep": {"/seed": []})", "sweep /seed: [] is empty|at least one");
  swept("no list", R"("sweep": {"/seed": 1})", "sweep /seed: 1 is a number|a list");
  swept("null for a list", R"("sweep": {"/seed": null})", "sweep /seed: null|a list");
  swept("a list for the lists", R"("sweep": [1])", "/sweep: [1] is a list|an object");
  swept("zipped lists of other lengths", R"("zip": {"/seed": [1, 2], "/model": ["a"]})",
        "zip /model: 1 values|has 2");
  swept("a million million points",
        R"("sweep": {"/seed": [)" + thousand + R"(], "/a": [)" + thousand + R"(], "/b": [)" + thousand + "]}",
        "more than 1000000 points|shorter lists");
  swept("one pointer twice", R"("sweep": {"/seed": [1]}, "zip": {"/seed": [2]})", "/seed: is swept twice");
  swept("a list given twice", R"("sweep": {"/seed": [1], "/seed": [2]})", "duplicate key \"/seed\"");
  swept("a pointer hidden by a later one", R"("sweep": {"/slo/ttft_p99": ["1 s"], "/slo": [{}]})",
        "/slo: |swap");
  swept("a wrong value behind right ones", R"("sweep": {"/seed": [1, 2, -3]})",
        "point 3 of 3|/seed: -3|at least 0");
  swept("a place in text", R"("sweep": {"/model/x": [1]})", "/model/x: |\"llama-3.1-8b\" is text");
  swept("an unknown key", R"("sweeep": {"/seed": [1]})", "/sweeep: |\"sweep\"?");
  swept("a number for a title", R"("title": 5, "sweep": {"/seed": [1]})", "/title: 5 is a number|text");
  swept("a list for a schema", R"("$schema": ["s"], "sweep": {"/seed": [1]})",
        "/$schema: [\"s\"] is a list|text");
  study("no scenario", R"({"sweep": {"/seed": [1]}})", "/scenario: is missing|a path");
  study("a number for a scenario", R"({"scenario": 5, "sweep": {"/seed": [1]}})",
        "/scenario: 5 is a number|a path");
  study("a scenario without a workload",
        R"({"scenario": {"model": "llama-3.1-8b"}, "sweep": {"/seed": [1]}})",
        "point 1 of 1|/workload: is missing");
  study("a list for a study", "[]", "[] is a list|an object");
  bench.check(rows);
}

}  // namespace switchyard
