// Readers survive any input: texts of a scenario, of a model's config.json and of traces, damaged at random.
// Whatever comes in is read or refused by InputError (or found not to fit): no crash, no hang, no other
// exception.
#include <catch2/catch.hpp>
#include <functional>

#include "sim/base/random.hpp"
#include "sim/system.hpp"
#include "tests/support/small_scenarios.hpp"
#include "tests/support/temporary_folder.hpp"
#include "workloads/catalogue.hpp"

using namespace switchyard;

namespace {

/// What damages most: bytes of the grammar, numbers at the edge, no text at all.
constexpr std::string_view kPieces[] = {"{",
                                        "}",
                                        "[",
                                        "]",
                                        "\"",
                                        ":",
                                        ",",
                                        "//",
                                        "-1",
                                        "0",
                                        "1e999",
                                        "null",
                                        "99999999999999999999",
                                        "NaN",
                                        "\xff",
                                        "\n",
                                        "\\u0000",
                                        "true",
                                        "1e-320"};

std::string damaged(std::string text, Random& random) {
  for (std::int64_t changes = random.integer(1, 4); changes > 0 && !text.empty(); --changes) {
    const auto at = static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(text.size()) - 1));
    const auto length = static_cast<std::size_t>(random.integer(0, 12));
    const auto piece = kPieces[random.integer(0, static_cast<std::int64_t>(std::size(kPieces)) - 1)];
    switch (random.integer(0, 4)) {
      case 0:
        text[at] = static_cast<char>(random.integer(0, 255));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, piece);
        break;
      case 3:
        text.insert(at, text.substr(at, length));
        break;
      default:
        text.resize(at);
    }
  }
  return text;
}

/// How many of `texts` damaged ones are read; the rest must be refused properly.
int read_damaged(const std::string& text, int texts, const std::function<void(const std::string&)>& read) {
  int accepted = 0;
  for (int i = 0; i < texts; ++i) {
    Random random(1, "damage", static_cast<std::uint64_t>(i));
    const std::string broken = damaged(text, random);
    INFO(i << ": " << broken);
    try {
      read(broken);
      ++accepted;
    } catch (const InputError& error) {
      CHECK_FALSE(std::string(error.what()).empty());
    } catch (const Infeasible&) {
    }
  }
  return accepted;
}

}  // namespace

TEST_CASE("A damaged scenario is read or refused", "[fuzz]") {
  Json scenario = small_moe();
  scenario["engine"] = {
      {"max_num_seqs", 16}, {"gpu_memory_utilization", 0.9}, {"cudagraph_capture_sizes", {1, 8}}};
  scenario["precision"] = {{"weights", "fp8"}};
  scenario["slo"] = {{"ttft_p99", "2 s"}};
  const int accepted = read_damaged(scenario.dump(1), 3000, [](const std::string& text) {
    read_scenario(parse_json(text, "fuzz.json"), "fuzz.json", ".");
  });
  CHECK(accepted > 20);
  CHECK(accepted < 2000);
}

TEST_CASE("A damaged config.json is read or refused", "[fuzz]") {
  Json quantised = small_moe_model(8, 2);
  quantised["quantization_config"] = {{"quant_method", "fp8"}};
  quantised["sliding_window"] = 4096;
  for (const Json& config : {small_dense_model(), quantised}) {
    const int accepted = read_damaged(config.dump(1), 2000, [](const std::string& text) {
      read_hugging_face_config(parse_json(text, "config.json"), "fuzz", "config.json");
    });
    CHECK(accepted > 10);
    CHECK(accepted < 1500);
  }
}

TEST_CASE("A damaged trace is read or refused", "[fuzz]") {
  const std::string own = "arrival_s,prompt_tokens,output_tokens\n0.5,100,20\n0.75,7,1\n1e1,4096,512\n";
  const std::string azure =
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n"
      "2023-11-16 18:15:50.9951690,396,109\n2023-11-16 18:15:51.2224670,879,55\n";
  const TemporaryFolder folder;
  for (const std::string& trace : {own, azure}) {
    const int accepted = read_damaged(trace, 1500, [&](const std::string& text) {
      folder.write("trace.csv", text);
      const Json block = {{"trace", (folder.path() / "trace.csv").string()}};
      read_through(read_workload(ObjectReader(block, "fuzz.json", "/workload"), "."));
    });
    CHECK(accepted > 10);
  }
}
