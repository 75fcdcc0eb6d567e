// Engine profiles: the catalogue, a file of the user's own, and padding to captured sizes.
#include <catch2/catch.hpp>

#include "sim/cost/engine_profile.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/sim/base/message_of.hpp"

using namespace switchyard;

TEST_CASE("Decode batches are padded to the next captured size, larger ones not at all", "[cost]") {
  const std::vector<std::int64_t> sizes = {1, 2, 4, 8, 16};
  CHECK(padded_batch(1, sizes) == 1);
  CHECK(padded_batch(3, sizes) == 4);
  CHECK(padded_batch(16, sizes) == 16);
  CHECK(padded_batch(17, sizes) == 17);
  CHECK(padded_batch(5, {}) == 5);
}

TEST_CASE("Every engine of the catalogue reads, with ascending capture sizes", "[cost]") {
  REQUIRE(engine_names().size() >= 2);
  for (const std::string& name : engine_names()) {
    INFO(name);
    const EngineProfile profile = read_engine_profile(name, "test: /engine/profile");
    CHECK(profile.name == name);
    CHECK_FALSE(profile.source.empty());
    const auto& sizes = profile.cudagraph_capture_sizes;
    REQUIRE_FALSE(sizes.empty());
    for (std::size_t i = 1; i < sizes.size(); ++i) CHECK(sizes[i] > sizes[i - 1]);
  }
}

TEST_CASE("The reference engine captures 1, 2, 4, 8, 16, 24 and so on", "[cost]") {
  const auto sizes = read_engine_profile("reference", "test").cudagraph_capture_sizes;
  CHECK(std::vector<std::int64_t>(sizes.begin(), sizes.begin() + 7) ==
        std::vector<std::int64_t>{1, 2, 4, 8, 16, 24, 32});
}

TEST_CASE("An unknown engine names the path and the choices", "[cost]") {
  const std::string message =
      message_of<InputError>([] { read_engine_profile("vlmm", "s.json: /engine/profile"); });
  CHECK_THAT(message, Catch::StartsWith("s.json: /engine/profile: ") && Catch::Contains("vllm"));
}

TEST_CASE("A profile's file with an unknown key is refused", "[cost]") {
  const TemporaryFolder folder;
  folder.write("mine.json", R"({"name": "mine", "descripton": "x"})");
  const std::string message = message_of<InputError>(
      [&] { read_engine_profile((folder.path() / "mine.json").string(), "s.json: /engine/profile"); });
  CHECK_THAT(message, Catch::Contains("mine.json") && Catch::Contains("description"));
}

TEST_CASE("Split decode attention is reduced by more kernels, while few sequences leave the GPU idle",
          "[cost]") {
  const DecodeReduction reduction = read_engine_profile("reference", "test").decode_reduction;
  CHECK(reduction.kernels_of(1, 8) == 4.0);
  CHECK(reduction.kernels_of(16, 8) == 4.0);
  CHECK(reduction.kernels_of(17, 8) == 1.0);
  CHECK(reduction.kernels_of(1000, 8) == 1.0);
  CHECK(reduction.parts_of(1, 8, 8192) == 32);
  CHECK(reduction.parts_of(1, 8, 512) == 4);
  CHECK(reduction.parts_of(4, 8, 8192) == 8);
  CHECK(reduction.parts_of(200, 8, 8192) == 1);
  CHECK(reduction.parts_of(1, 8, 1) == 1);
  CHECK(reduction.parts_in_serving(1, 8) == 16);
  CHECK(reduction.parts_in_serving(8, 8) == 4);
  CHECK(reduction.parts_in_serving(200, 8) == 1);
  const DecodeReduction always = read_engine_profile("vllm", "test").decode_reduction;
  CHECK(always.kernels_of(1, 8) == always.kernels_of(1000, 8));
}

namespace {

EngineProfile two_generations() {
  EngineProfile profile;
  profile.host_time_per_step = Seconds(1e-3);
  profile.request_time = Seconds(2e-3);
  profile.generations.resize(2);
  profile.generations[0].gpus = {"h100_sxm", "h200_sxm"};
  profile.generations[0].host_time_per_step = Seconds(5e-4);
  profile.generations[1].gpus = {"b200_sxm"};
  profile.generations[1].efficiency.gemm.compute = 0.5;
  return profile;
}

}  // namespace

TEST_CASE("A generation is laid over the profile on its GPUs", "[cost]") {
  const EngineProfile hopper = on_gpu(two_generations(), "h200_sxm");
  CHECK(hopper.host_time_per_step == Seconds(5e-4));
  CHECK(hopper.request_time == Seconds(2e-3));
  CHECK(hopper.efficiency == EngineEfficiency{});
  const EngineProfile blackwell = on_gpu(two_generations(), "b200_sxm");
  CHECK(blackwell.host_time_per_step == Seconds(1e-3));
  CHECK(blackwell.efficiency.gemm.compute == 0.5);
}

TEST_CASE("A GPU that no generation names keeps the profile as it is", "[cost]") {
  const EngineProfile other = on_gpu(two_generations(), "mi300x");
  CHECK(other.host_time_per_step == Seconds(1e-3));
  CHECK(other.efficiency == EngineEfficiency{});
}

TEST_CASE("Small tiles serve experts with few rows on average, large ones those with more", "[cost]") {
  const ExpertTiling tiling = read_engine_profile("reference", "test").expert_tiling;
  CHECK(tiling.rows == 128);
  REQUIRE(tiling.large);
  CHECK(tiling.large->rows == 256);
  CHECK_FALSE(tiling.is_large(8 * 128, 8));
  CHECK(tiling.is_large(8 * 128 + 1, 8));
  CHECK_FALSE(read_engine_profile("vllm", "test").expert_tiling.is_large(1 << 20, 1));
}

TEST_CASE("An engine whose norms or tiles cannot be is refused with the place", "[cost]") {
  const TemporaryFolder folder;
  Json engine = read_json_file(std::string(SWITCHYARD_SOURCE_DIR) + "/sim/cost/engines/reference.json");
  const auto message_with = [&](const char* pointer, const Json& value) {
    Json changed = engine;
    changed[Json::json_pointer(pointer)] = value;
    folder.write("mine.json", changed.dump());
    return message_of<InputError>(
        [&] { read_engine_profile((folder.path() / "mine.json").string(), "s.json: /engine/profile"); });
  };
  CHECK_THAT(message_with("/attention/norms", 3),
             Catch::Contains("/attention/norms: are more than the kernels"));
  CHECK_THAT(message_with("/large_expert_tile/beyond", 129), Catch::Contains("/large_expert_tile/beyond"));
  CHECK_THAT(message_with("/large_expert_tile/row", 1), Catch::Contains("/large_expert_tile/row"));
  for (const char* key : {"/decode_reduction/most_parts", "/decode_reduction/serving_parts"})
    CHECK_THAT(message_with(key, 0), Catch::Contains(key));
  CHECK_THAT(message_with("/torch_kernels", "yes"), Catch::Contains("/torch_kernels"));
}
