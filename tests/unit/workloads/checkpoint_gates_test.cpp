// Gates out of checkpoints that the tests write themselves.
#include "workloads/routing/checkpoint_gates.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "tests/support/temporary_folder.hpp"
#include "workloads/routing/bank.hpp"
#include "workloads/routing/shape_text.hpp"
#include "workloads/routing/statistics.hpp"

using namespace switchyard;
using Catch::Matchers::Contains;

namespace {

constexpr std::int64_t kExperts = 16, kWidth = 64;

Architecture model(const std::string& router = "softmax_topk") {
  Architecture result;
  result.name = "test";
  result.hidden_size = kWidth;
  Layer dense, routed;
  routed.moe = MoeFfn{};
  routed.moe->router = router;
  routed.moe->gate.num_experts = kExperts;
  routed.moe->gate.num_experts_per_tok = 2;
  result.layers = {dense, routed, routed};
  return result;
}

struct Tensor {
  std::string name, type;
  std::vector<std::int64_t> shape;
  std::string bytes;
};

std::string safetensors(const std::vector<Tensor>& tensors) {
  std::string header = "{", data;
  for (const Tensor& tensor : tensors) {
    header += (header.size() > 1 ? "," : "") + ("\"" + tensor.name) + R"(":{"dtype":")" + tensor.type +
              R"(","shape":)" + shape_text(tensor.shape) + R"(,"data_offsets":[)" +
              std::to_string(data.size()) + "," + std::to_string(data.size() + tensor.bytes.size()) + "]}";
    data += tensor.bytes;
  }
  header += "}";
  std::string start(8, '\0');
  for (std::size_t i = 0; i < 4; ++i) start[i] = static_cast<char>(header.size() >> (8 * i) & 0xff);
  return start + header + data;
}

std::string floats(const std::vector<float>& values) {
  std::string bytes(values.size() * 4, '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::string bfloats(const std::vector<float>& values) {
  std::string bytes;
  for (const float value : values) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value) >> 16;
    bytes += {static_cast<char>(bits & 0xff), static_cast<char>(bits >> 8)};
  }
  return bytes;
}

std::vector<float> weights(std::uint64_t seed) {
  Random random(seed, "test weights");
  std::vector<float> values(kExperts * kWidth);
  for (float& value : values) value = static_cast<float>(0.1 * random.normal());
  return values;
}

Tensor gate(int layer, const std::vector<float>& values, const std::string& name = "mlp.gate.weight") {
  return {"model.layers." + std::to_string(layer) + "." + name, "F32", {kExperts, kWidth}, floats(values)};
}

double dot(const float* a, const float* b, std::int64_t size) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < size; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace

TEST_CASE("A gate in its row space has rows of the same lengths and angles") {
  const TemporaryFolder folder;
  const std::vector<float> first = weights(1), second = weights(2);
  const auto path = folder.write("model.safetensors", safetensors({gate(1, first), gate(2, second)}));
  const std::vector<GeneratedGate> gates = read_gates(model(), path.string(), 1);
  REQUIRE(gates.size() == 2);
  for (std::size_t g = 0; g < 2; ++g) {
    const std::vector<float>& whole = g == 0 ? first : second;
    REQUIRE(gates[g].shape.hidden_size == kExperts);
    for (std::int64_t i = 0; i < kExperts; ++i)
      for (std::int64_t j = 0; j < kExperts; ++j)
        CHECK(dot(&gates[g].weights[static_cast<std::size_t>(i * kExperts)],
                  &gates[g].weights[static_cast<std::size_t>(j * kExperts)],
                  kExperts) == Approx(dot(&whole[static_cast<std::size_t>(i * kWidth)],
                                          &whole[static_cast<std::size_t>(j * kWidth)], kWidth))
                                   .margin(1e-5));
  }
}

TEST_CASE("Rows that are alike, or zero, are no trouble to the factor") {
  const TemporaryFolder folder;
  std::vector<float> values = weights(1);
  std::copy_n(values.begin(), kWidth, values.begin() + 3 * kWidth);
  std::fill_n(values.begin() + 5 * kWidth, kWidth, 0.0f);
  const auto path = folder.write("model.safetensors", safetensors({gate(1, values), gate(2, values)}));
  for (const GeneratedGate& gate : read_gates(model(), path.string(), 1)) {
    for (std::int64_t i = 0; i < kExperts; ++i) {
      CHECK(std::isfinite(gate.weights[static_cast<std::size_t>(3 * kExperts + i)]));
      CHECK(gate.weights[static_cast<std::size_t>(3 * kExperts + i)] ==
            Approx(gate.weights[static_cast<std::size_t>(i)]).margin(1e-4));
      CHECK(gate.weights[static_cast<std::size_t>(5 * kExperts + i)] == 0.0f);
    }
  }
}

TEST_CASE("The norm before a gate goes into its columns, and its biases are read") {
  const TemporaryFolder folder;
  const std::vector<float> values = weights(1), ones(kExperts, 1.0f), bias(kExperts, 0.5f);
  std::vector<Tensor> tensors;
  for (const int layer : {1, 2}) {
    tensors.push_back(gate(layer, values));
    const std::string prefix = "model.layers." + std::to_string(layer);
    tensors.push_back({prefix + ".mlp.gate.e_score_correction_bias", "BF16", {kExperts}, bfloats(bias)});
    tensors.push_back({prefix + ".mlp.router.bias", "F32", {kExperts}, floats(ones)});
    tensors.push_back({prefix + ".post_attention_layernorm.weight", "F16", {kWidth}, [] {
                         std::string twos;
                         for (int i = 0; i < kWidth; ++i) twos += {'\0', '\x40'};
                         return twos;
                       }()});
  }
  Architecture wanted = model();
  for (Layer& layer : wanted.layers)
    if (layer.moe) layer.moe->gate_bias = layer.moe->selection_bias = true;
  const auto path = folder.write("model.safetensors", safetensors(tensors));
  const GeneratedGate read = read_gates(wanted, path.string(), 1).front();
  CHECK(read.selection_bias == bias);
  CHECK(read.logit_bias == ones);
  CHECK(dot(read.weights.data(), read.weights.data(), kExperts) ==
        Approx(4.0 * dot(values.data(), values.data(), kWidth)).epsilon(1e-5));
}

TEST_CASE("Gates are found in a folder of files, through an index, and under other families' names") {
  const TemporaryFolder folder;
  const std::string name = "block_sparse_moe.gate.weight";
  folder.write("a.safetensors", safetensors({gate(1, weights(1), name)}));
  folder.write("b.safetensors", safetensors({gate(2, weights(2), name), gate(3, weights(3), name)}));
  const auto index =
      folder.write("model.safetensors.index.json", R"({"metadata": {"total_size": 1}, "weight_map":
      {"x": "a.safetensors", "y": "b.safetensors"}})");
  const auto by_folder = read_gates(model(), folder.path().string(), 1);
  const auto by_index = read_gates(model(), index.string(), 1);
  REQUIRE(by_folder.size() == 2);
  for (std::size_t g = 0; g < 2; ++g) CHECK(by_folder[g].weights == by_index[g].weights);
}

TEST_CASE("A gate that is wider in some rows sends more tokens to their experts") {
  const TemporaryFolder folder;
  std::vector<float> values = weights(1);
  std::for_each(values.begin(), values.begin() + 2 * kWidth, [](float& value) { value *= 3.0f; });
  const auto path = folder.write("model.safetensors", safetensors({gate(1, values), gate(2, values)}));
  const RoutingPreset preset = read_routing_preset("random", "test");
  const RoutingBank bank(model(), preset, 1, Choice::gates, read_gates(model(), path.string(), 1));
  ExpertCounts counts = bank.empty_counts();
  for (std::uint32_t stream = 0; stream < bank.streams(); ++stream)
    bank.add({stream, 0, bank.stream_length(stream)}, counts);
  for (std::size_t e = 2; e < kExperts; ++e) CHECK(counts.layer(0)[0] > counts.layer(0)[e]);
}

TEST_CASE("Values that are no numbers, and a gate that comes twice, are refused") {
  const TemporaryFolder folder;
  std::vector<float> values = weights(1);
  const auto twice = folder.write(
      "twice.safetensors",
      safetensors(
          {gate(1, values), {"vision.layers.1.mlp.gate.weight", "F32", {kExperts, kWidth}, floats(values)}}));
  CHECK_THROWS_WITH(read_gates(model(), twice.string(), 1),
                    Contains("has both \"model.layers.1.mlp.gate.weight\""));
  values[7] = std::nanf("");
  const auto path = folder.write("nan.safetensors", safetensors({gate(1, values), gate(2, values)}));
  CHECK_THROWS_WITH(read_gates(model(), path.string(), 1),
                    Contains("layer 1 with values that are infinite or no"));
}

TEST_CASE("Norms that are centred on zero multiply by one more than their weight") {
  const TemporaryFolder folder;
  const std::vector<float> values = weights(1), twos(kWidth, 2.0f);
  std::vector<Tensor> tensors;
  for (const int layer : {1, 2}) {
    tensors.push_back(gate(layer, values));
    const std::string stack = "layers." + std::to_string(layer) + ".post_attention_layernorm.weight";
    tensors.push_back({"model." + stack, "F32", {kWidth}, floats(twos)});
    tensors.push_back({"a_vision_tower." + stack, "F32", {2}, floats({1.0f, 1.0f})});
  }
  const auto path = folder.write("model.safetensors", safetensors(tensors));
  Architecture centred = model();
  centred.zero_centred_norms = true;
  const auto square = [&](const Architecture& wanted) {
    const std::vector<float> read = read_gates(wanted, path.string(), 1).front().weights;
    return dot(read.data(), read.data(), kExperts) / dot(values.data(), values.data(), kWidth);
  };
  CHECK(square(model()) == Approx(4.0).epsilon(1e-5));
  CHECK(square(centred) == Approx(9.0).epsilon(1e-5));
}

TEST_CASE("Layers of multi-token prediction are another stack, and are passed over") {
  const TemporaryFolder folder;
  std::vector<Tensor> tensors = {gate(1, weights(1)), gate(2, weights(2))};
  const auto plain = folder.write("plain.safetensors", safetensors(tensors));
  for (const std::string name : {"mtp.layers.1.mlp.gate.weight", "model.mtp.layers.2.mlp.gate.weight"})
    tensors.push_back({name, "F32", {kExperts, kWidth}, floats(weights(3))});
  const auto path = folder.write("mtp.safetensors", safetensors(tensors));
  CHECK(read_gates(model(), path.string(), 1)[1].weights ==
        read_gates(model(), plain.string(), 1)[1].weights);
}

TEST_CASE("A norm that comes twice is refused with both files") {
  const TemporaryFolder folder;
  const Tensor norm{
      "model.layers.1.post_attention_layernorm.weight", "F32", {kWidth}, floats(std::vector(kWidth, 1.0f))};
  folder.write("a.safetensors", safetensors({gate(1, weights(1)), norm}));
  folder.write("b.safetensors", safetensors({gate(2, weights(2)), norm}));
  CHECK_THROWS_WITH(read_gates(model(), folder.path().string(), 1),
                    Contains("post_attention_layernorm.weight\" twice, in ") && Contains("b.safetensors"));
}

TEST_CASE("A gate whose scores could leave fp32 is refused by its layer and tensor") {
  const TemporaryFolder folder;
  for (const float large : {2e28f, 3e36f, -3e38f}) {
    std::vector<float> values = weights(1);
    values[7] = large;
    const auto path = folder.write("large.safetensors", safetensors({gate(1, weights(1)), gate(2, values)}));
    CHECK_THROWS_WITH(read_gates(model(), path.string(), 1),
                      Contains("layer 2 with the value ") && Contains("from -1.56e+28 to 1.56e+28") &&
                          Contains("\"model.layers.2.mlp.gate.weight\""));
  }
  Architecture biased = model();
  for (Layer& layer : biased.layers)
    if (layer.moe) layer.moe->gate_bias = true;
  const Tensor bias{
      "model.layers.1.mlp.router.bias", "F32", {kExperts}, floats(std::vector(kExperts, 2e30f))};
  const auto path = folder.write("bias.safetensors", safetensors({gate(1, weights(1)), bias}));
  CHECK_THROWS_WITH(read_gates(biased, path.string(), 1), Contains("mlp.router.bias"));
}
