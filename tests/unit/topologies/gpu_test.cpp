// The GPU catalogue, users' own GPUs and profiles, and what is refused.
#include "topologies/gpu.hpp"

#include <catch2/catch.hpp>

#include "sim/base/error.hpp"
#include "tests/support/temporary_folder.hpp"
#include "topologies/profile.hpp"

namespace switchyard {
namespace {

using Catch::Matchers::Contains;

const std::string kProfile = R"({"source": "s", "kernel_overhead": "3 us",
  "gemm": {"compute": 0.8, "memory": 0.9}, "grouped_gemm": {"compute": 0.8, "memory": 0.9},
  "prefill_attention": {"compute": 0.8, "memory": 0.9}, "decode_attention": {"compute": 0.8, "memory": 0.9},
  "elementwise": {"compute": 0.8, "memory": 0.9})";  // open: members may follow

Gpu read(const std::string& json) { return read_gpu(parse_json(json, "test.json"), "", "test.json", "/gpu"); }

Json stated() { return to_json(read_profile("stated_hopper", {"", "test", ""})); }

Gpu over_h100(const std::string& members) { return read(R"({"base": "h100_sxm", )" + members + "}"); }

}  // namespace

TEST_CASE("The catalogue's GPUs have their datasheets' dense rates and one-way bandwidths") {
  struct Row {
    std::string name;
    double mebibytes, gigabytes_per_second, bf16, fp8, int8, fp4, fp32, nvlink, pcie, watts;
  };
  // Rates in TFLOPS, links in GB/s; 0: the GPU has none. Sources: the GPUs' own "source".
  const std::vector<Row> rows = {
      {"a100_sxm", 81920, 2039, 312, 0, 624, 0, 19.5, 300, 32, 400},
      {"h100_sxm", 81559, 3350, 989.4, 1978.9, 1978.9, 0, 66.9, 450, 64, 700},
      {"h200_sxm", 143771, 4800, 989.4, 1978.9, 1978.9, 0, 66.9, 450, 64, 700},
      {"h800_sxm", 81559, 3350, 989.4, 1978.9, 1978.9, 0, 66.9, 200, 64, 700},
      {"h20", 97871, 4000, 148, 296, 296, 0, 44, 450, 64, 400},
      {"b200_sxm", 183359, 8000, 2250, 4500, 4500, 9000, 75, 900, 64, 1000},
      {"b300_sxm", 275040, 8000, 2250, 4500, 0, 13500, 75, 900, 64, 1100},
      {"gb200", 189471, 8000, 2500, 5000, 5000, 10000, 80, 900, 64, 1200},
      {"l40s", 46068, 864, 362.05, 733, 733, 0, 91.6, 0, 32, 350},
      {"rtx_4090", 24564, 1008, 165.2, 330.3, 660.6, 0, 82.6, 0, 32, 450},
      {"rtx_pro_6000", 97887, 1792, 500, 1000, 1000, 2000, 125, 0, 64, 600},
      {"mi300x", 196592, 5300, 1307.4, 2614.9, 2614.9, 0, 163.4, 0, 64, 750},
  };
  REQUIRE(gpu_names().size() == rows.size());
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Gpu gpu = read_gpu(row.name, "", "test");
    const auto tensor_rate = [&](Precision format) {
      return gpu.peak.count(format) > 0 ? peak_rate(gpu, format).value() / 1e12 : 0.0;
    };
    CHECK(gpu.name == row.name);
    CHECK_FALSE(gpu.description.empty());
    CHECK_FALSE(gpu.source.empty());
    CHECK(gpu.memory.value() == Approx(row.mebibytes * 1048576));
    CHECK(gpu.memory_bandwidth.value() == Approx(row.gigabytes_per_second * 1e9));
    CHECK(tensor_rate(Precision::bf16) == Approx(row.bf16));
    CHECK(tensor_rate(Precision::fp16) == Approx(row.bf16));
    CHECK(tensor_rate(Precision::fp8) == Approx(row.fp8));
    CHECK(tensor_rate(Precision::fp8_block) == Approx(row.fp8));
    CHECK(tensor_rate(Precision::int8) == Approx(row.int8));
    CHECK(tensor_rate(Precision::fp4) == Approx(row.fp4));
    CHECK(tensor_rate(Precision::mxfp4) == Approx(row.fp4));
    CHECK(gpu.vector_peak.value() == Approx(row.fp32 * 1e12));
    CHECK(gpu.multiprocessors >= 78);
    CHECK(gpu.multiprocessors <= 304);
    CHECK(gpu.nvlink.value() == Approx(row.nvlink * 1e9));
    CHECK(gpu.pcie.value() == Approx(row.pcie * 1e9));
    CHECK(gpu.tdp.value() == Approx(row.watts));
    CHECK_FALSE(gpu.profile.source.empty());
    CHECK(to_json(gpu) == Json(row.name));
  }
  const Gpu mi300x = read_gpu("mi300x", "", "test");
  CHECK(mi300x.xgmi.value() == Approx(64e9));
  CHECK(mi300x.xgmi_links == 7);
}

TEST_CASE("Latent attention decodes as other attention does unless a profile says more") {
  Json profile = stated();
  const GpuProfile own = read_profile(profile, {"", "test", ""});
  CHECK(own.latent_decode_attention.compute > own.decode_attention.compute);
  profile.erase("latent_decode_attention");
  const GpuProfile silent = read_profile(profile, {"", "test", ""});
  CHECK(silent.latent_decode_attention == own.decode_attention);
}

TEST_CASE("A format has shares of its own where the profile gives them, else those of bf16") {
  Json json = stated();
  json["gemm"]["int4"] = {{"compute", 0.4}, {"memory", 0.6}};
  const GpuProfile profile = read_profile(json, {"", "test", ""});
  CHECK(profile.gemm.in(Precision::int4) == EfficiencyShare{0.4, 0.6});
  for (const Precision format : {Precision::bf16, Precision::fp16, Precision::mxfp4})
    CHECK(profile.gemm.in(format) == EfficiencyShare{profile.gemm.compute, profile.gemm.memory});
  CHECK(profile.grouped_gemm.formats.empty());
  CHECK(read_profile(to_json(profile), {"", "test", ""}) == profile);
}

TEST_CASE("A profile says what it was measured with, and reads back the same") {
  Json json = stated();
  CHECK_FALSE(json.contains("driver"));
  json["device"] = "NVIDIA H100 80GB HBM3";
  json["driver"] = "570.86.15";
  json["date"] = "2026-11-27";
  json["libraries"] = {{"torch", "2.8.0"}, {"cuda", "12.8"}};
  const GpuProfile profile = read_profile(json, {"", "test", ""});
  CHECK(profile.measurement ==
        Measurement{
            "NVIDIA H100 80GB HBM3", "570.86.15", "2026-11-27", {{"torch", "2.8.0"}, {"cuda", "12.8"}}});
  CHECK(read_profile(to_json(profile), {"", "test", ""}) == profile);
  for (const std::string date : {"2026-11", "2026-11-2x", "27 Nov 2026", "2026/11/27"}) {
    json["date"] = date;
    CHECK_THROWS_AS(read_profile(json, {"", "test", ""}), InputError);
  }
}

TEST_CASE("A measured profile names its gaps: tables that are missing, and where it was measured") {
  Json json = stated();
  json["measured"] = true;
  json["decode_attention_table"] = Json::array();
  json["date"] = "2026-11-27";
  json["elementwise_table"] = {{"columns", {"bytes", "time_us"}}, {"rows", {{1024, 2}}}};
  std::string gaps;
  for (const std::string& gap : gaps_of(read_profile(json, {"", "test", ""}))) gaps += gap + "\n";
  CHECK(gaps.find("decode attention: not measured, from the formula") != std::string::npos);
  CHECK(gaps.find("element-wise") == std::string::npos);
  CHECK(gaps.find("date") == std::string::npos);
  json["measured"] = false;
  CHECK(gaps_of(read_profile(json, {"", "test", ""})).empty());
}

TEST_CASE("Activations take the weights' own format where the GPU computes in it, else bf16") {
  const Gpu h100 = read_gpu("h100_sxm", "", "test"), a100 = read_gpu("a100_sxm", "", "test");
  const Gpu b200 = read_gpu("b200_sxm", "", "test"), b300 = read_gpu("b300_sxm", "", "test");
  CHECK(activations_beside(b200, Precision::fp4) == Precision::fp4);
  CHECK(activations_beside(b200, Precision::int4) == Precision::bf16);
  CHECK(activations_beside(b200, Precision::int8) == Precision::int8);
  CHECK(activations_beside(b300, Precision::int8) == Precision::bf16);
  CHECK(activations_beside(h100, Precision::fp8_block) == Precision::fp8);
  CHECK(activations_beside(a100, Precision::fp8_block) == Precision::bf16);
  CHECK(activations_beside(h100, Precision::int4) == Precision::bf16);
  CHECK(activations_beside(h100, Precision::fp4) == Precision::bf16);
  CHECK(activations_beside(h100, Precision::fp16) == Precision::fp16);
}

TEST_CASE("A format that the tensor cores lack computes in bf16, and fp32 outside of them") {
  const Gpu gpu = read_gpu("h200_sxm", "", "test");
  for (const Precision p : {Precision::int4, Precision::mxfp4, Precision::fp4, Precision::fp16}) {
    CHECK(peak_rate(gpu, p) == peak_rate(gpu, Precision::bf16));
  }
  CHECK(peak_rate(gpu, Precision::fp8_block) == peak_rate(gpu, Precision::fp8));
  CHECK(peak_rate(gpu, Precision::fp32) == gpu.vector_peak);
}

TEST_CASE("A measured profile of the user's plugs into a catalogue GPU from a file of its own") {
  const TemporaryFolder folder;
  folder.write("my_h200.json", kProfile + R"(, "measured": true, "gemm_table":
      {"precision": "bf16", "columns": ["m", "n", "k", "time_us"], "rows": [[64, 512, 256, 9], [8, 512, 256, 7.5]]}})");
  folder.write("gpu.json", R"({"base": "h200_sxm", "profile": "my_h200.json"})");
  const Gpu gpu = read_gpu("gpu.json", folder.path().string(), "test");
  CHECK(gpu.name == "gpu");
  CHECK(gpu.memory.value() == Approx(143771.0 * 1048576));
  CHECK(gpu.profile.measured);
  CHECK(gpu.profile.gemm.compute == 0.8);
  REQUIRE(gpu.profile.tables->gemm.size() == 2);
  CHECK(gpu.profile.tables->gemm.front().m == 8);
  CHECK(gpu.profile.tables->gemm.front().time.value() == Approx(7.5e-6));
  CHECK(read_gpu(to_json(gpu), "", "test") == gpu);
}

TEST_CASE("A catalogue GPU is written as its name, another in full") {
  CHECK(to_json(read_gpu("h100_sxm", "", "test")) == Json("h100_sxm"));
  const Gpu other = over_h100(R"("memory": "96 GB", "nvlink": null)");
  CHECK(other.nvlink.value() == 0.0);
  CHECK(read_gpu(to_json(other), "", "test") == other);
  const Gpu meshed = over_h100(R"("nvlink": null, "xgmi": "32 GB/s", "xgmi_links": 3)");
  CHECK(meshed.xgmi_links == 3);
  CHECK(read_gpu(to_json(meshed), "", "test") == meshed);
}

TEST_CASE("A GPU says whether its operators are measured, scaled from another's by datasheet, or stated") {
  const auto text = [](const Gpu& gpu) { return provenance_text(gpu); };
  for (const char* name : {"h100_sxm", "h200_sxm", "h800_sxm"})
    CHECK(text(read_gpu(name, "", "test")) == "measured");
  for (const char* name : {"a100_sxm", "h20", "l40s", "rtx_4090", "rtx_pro_6000", "mi300x"})
    CHECK(text(read_gpu(name, "", "test")) == "scaled from h100_sxm");
  for (const char* name : {"b200_sxm", "b300_sxm", "gb200"})
    CHECK(text(read_gpu(name, "", "test")) == "scaled from h200_sxm");
  CHECK(text(over_h100(R"("memory": "96 GB", "nvlink": null)")) == "measured");
  CHECK(text(over_h100(R"("memory_bandwidth": "4 TB/s")")) == "scaled from h100_sxm");
  CHECK(text(over_h100(R"("profile": "stated_hopper")")) == "stated");
  CHECK(text(read(R"({"base": "a100_sxm", "profile": {"base": "stated_hopper", "measured": true}})")) ==
        "measured");
}

TEST_CASE("Measured tables of the catalogue are named, not written out, but where a GPU leaves them out") {
  const Gpu faster = over_h100(R"("memory_bandwidth": "4 TB/s", "profile": {"gemm": {"compute": 0.9}})");
  const Json json = to_json(faster);
  CHECK(json["profile"]["base"] == "h100_sxm");
  CHECK(json["profile"]["gemm"]["compute"] == 0.9);
  CHECK_FALSE(json["profile"].contains("gemm_table"));
  CHECK_FALSE(json["profile"].contains("kernel_overhead"));  // as in the base
  CHECK(read_gpu(json, "", "test") == faster);
  const Gpu without = over_h100(R"("memory": "96 GB", "profile": {"gemm_table": null})");
  CHECK(without.profile.tables->gemm.empty());
  CHECK_FALSE(without.profile.tables->decode_attention.empty());
  CHECK(read_gpu(to_json(without), "", "test") == without);
}

TEST_CASE("A catalogue GPU that has a base is one itself") {
  const Gpu h800 = read_gpu("h800_sxm", "", "test");
  Gpu other = read(R"({"base": "h800_sxm", "tdp": "500 W"})");
  CHECK(other.nvlink == h800.nvlink);
  CHECK(other.profile == h800.profile);
  CHECK(other.tdp.value() == 500.0);
}

TEST_CASE("A wrong GPU is refused with its place and what to give") {
  struct Row {
    std::string json;
    std::vector<std::string> pieces;
  };
  const std::vector<Row> rows = {
      {R"("h100_smx")", {"test.json: /gpu: unknown GPU", "did you mean \"h100_sxm\"", "a100_sxm"}},
      {"7", {"/gpu: 7 is a number, neither a name", "h200_sxm"}},
      {R"({"base": "h10_sxm"})", {"/gpu/base", "did you mean \"h100_sxm\""}},
      {R"({"memory": "80 GB"})", {"/gpu/source", "is missing"}},
      {R"({"base": "h100_sxm", "memroy": "80 GB"})", {"/gpu/memroy: unknown key", "did you mean \"memory\""}},
      {R"({"base": "h100_sxm", "memory": 80})", {"/gpu/memory", "no unit"}},
      {R"({"base": "h100_sxm", "xgmi": "64 GB/s"})", {"/gpu/xgmi", "stands beside nvlink", "one of them"}},
      {R"({"base": "mi300x", "xgmi_links": null})", {"/gpu/xgmi_links", "is missing"}},
      {R"({"base": "mi300x", "xgmi_links": 0})", {"/gpu/xgmi_links", "from 1 to 255"}},
      {R"({"base": "h100_sxm", "tdp": "0 W"})", {"/gpu/tdp", "more than 0"}},
      {R"({"base": "h100_sxm", "peak": {"bf61": "1 TFLOPS"}})", {"/gpu/peak/bf61", "bf16"}},
      {R"({"base": "h100_sxm", "peak": {"bf16": null}})", {"/gpu/peak/bf16", "is missing"}},
      {R"({"base": "h100_sxm", "peak": {"bf16": "0 TFLOPS"}})", {"/gpu/peak/bf16", "more than 0"}},
      {R"({"base": "h100_sxm", "profile": null})", {"/gpu/profile", "is missing"}},
      {R"({"base": "h100_sxm", "profile": "mine"})",
       {"/gpu/profile: unknown GPU profile", "h100_sxm", "the path of a JSON file"}},
      {R"({"base": "h100_sxm", "profile": "./none.json"})", {"none.json", "cannot be read"}},
      {R"({"base": "h100_sxm", "profile": {"gemm": {"compute": 0}}})",
       {"/gpu/profile/gemm/compute", "above 0"}},
      {R"({"base": "h100_sxm", "profile": {"gemm": {"memory": 1.3}}})",
       {"/gpu/profile/gemm/memory", "at most 1.2"}},
      {R"({"base": "h100_sxm", "profile": {"kernel_overhead": "2 ms"}})",
       {"kernel_overhead", "from 0 to 1 ms"}},
      {R"({"base": "h100_sxm", "profile": {"smoothness": 0.5}})", {"smoothness", "out of range"}},
      {R"({"base": "h100_sxm", "profile": {"slotted_cache": 0.9}})", {"slotted_cache", "out of range"}},
      {R"({"base": "h100_sxm", "profile": {"gem": {}}})",
       {"/gpu/profile/gem: unknown key", "did you mean \"gemm\""}},
      {R"({"base": "h100_sxm", "profile": {"gemm_table": [{}]}})",
       {"/gpu/profile/gemm_table/0/precision", "missing"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.json);
    for (const std::string& piece : row.pieces) CHECK_THROWS_WITH(read(row.json), Contains(piece));
    CHECK_THROWS_AS(read(row.json), InputError);
  }
}

}  // namespace switchyard
