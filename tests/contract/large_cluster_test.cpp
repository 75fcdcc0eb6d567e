// A thousand GPUs in bounded memory.
#include <catch2/catch.hpp>
#include <string>

#include "sim/base/json.hpp"
#include "tests/support/finish.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {
namespace {

/// Four replicas with experts over 256 H100s each, all on one fabric.
Json thousand_gpus(const std::string& fidelity, const std::string& backend) {
  Json json = {{"model", "deepseek-v3"},
               {"cluster", {{"gpu", "h100_sxm"}, {"gpus_per_node", 8}, {"nodes", 128}}},
               {"network", {{"fidelity", fidelity}}}};
  json["deployment"] = {{"replicas", 4},
                        {"data_parallel_size", 256},
                        {"enable_expert_parallel", true},
                        {"all2all_backend", backend}};
  json["engine"] = {{"max_num_batched_tokens", 512}};  // more leave 256 ranks no memory to gather them
  json["workload"] = {{"arrivals", {{"process", "all_at_once"}}},
                      {"num_requests", 4096},
                      {"prompt_tokens", {{"distribution", "fixed"}, {"value", 512}}},
                      {"output_tokens", {{"distribution", "fixed"}, {"value", 8}}}};
  return json;
}

}  // namespace

TEST_CASE("A run of 1024 GPUs takes less than 1 GiB", "[slow]") {
  for (const char* fidelity : {"step", "collective"})
    for (const char* backend : {"allgather_reducescatter", "deepep_low_latency"}) {
      CAPTURE(fidelity, backend);
      const TemporaryFolder folder;
      folder.write("large.json", thousand_gpus(fidelity, backend).dump());
      const Finish finish =
          run_to_finish("cd " + folder.path().string() +
                        " && exec " SWITCHYARD_BINARY " run large.json --out out > printed");
      REQUIRE(finish.status == 0);
      CHECK(finish.peak_mib < 1024.0);
      CHECK(read_json_file((folder.path() / "out/summary.json").string()).at("completed") == 4096);
    }
}

}  // namespace switchyard
