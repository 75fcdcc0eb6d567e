// Finding the gates among a checkpoint's tensors, and their factors.
#include "workloads/routing/checkpoint_gates.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/base/quote.hpp"
#include "sim/base/random.hpp"
#include "workloads/routing/safetensors.hpp"
#include "workloads/routing/shuffle.hpp"

namespace switchyard {
namespace {

namespace fs = std::filesystem;
using namespace literals;

constexpr std::size_t kMostFiles = 10'000;
constexpr Bytes kLargestIndex = Bytes(100e6);

using Names = std::span<const std::string_view>;
constexpr std::array<std::string_view, 5> kGate = {"mlp.gate.weight", "block_sparse_moe.gate.weight",
                                                   "mlp.router.weight", "feed_forward.router.weight",
                                                   "mixer.gate.weight"};
constexpr std::array<std::string_view, 3> kLogitBias = {"mlp.router.bias", "mlp.gate.bias",
                                                        "block_sparse_moe.gate.bias"};
constexpr std::array<std::string_view, 3> kSelectionBias = {"mlp.gate.e_score_correction_bias",
                                                            "block_sparse_moe.e_score_correction_bias",
                                                            "mixer.gate.e_score_correction_bias"};
constexpr std::array<std::string_view, 2> kNorm = {"post_attention_layernorm.weight", "ffn_norm.weight"};

/// fp32 ends at 3.4e38: a score of up to 1e30 leaves room for tokens that are longer than the norm makes
/// them, and for sums and differences of scores.
constexpr float kLargestScore = 1e30f;

/// Takes the names of files out of {"metadata": {…}, "weight_map": {TENSOR: FILE}}.
class IndexEvents final : public nlohmann::json_sax<Json> {
 public:
  std::set<std::string> files;
  std::string problem;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const std::string&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool string(string_t& value) override {
    if (depth_ != 2 || block_ != "weight_map") return true;
    if (value.find('/') != value.npos || !value.ends_with(".safetensors")) {
      problem = "names the file " + in_quotes(value) + "; files are .safetensors beside it";
      return false;
    }
    files.insert(value);
    return true;
  }
  bool start_object(std::size_t) override { return ++depth_ <= 64; }
  bool end_object() override { return --depth_, true; }
  bool start_array(std::size_t) override { return ++depth_ <= 64; }
  bool end_array() override { return --depth_, true; }
  bool key(string_t& value) override {
    if (depth_ == 1) block_ = value;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    problem = "is no JSON at byte " + std::to_string(position) + ": " + one_line(error.what());
    return false;
  }

 private:
  int depth_ = 0;
  std::string block_;
};

std::vector<std::string> files_of_index(const std::string& path) {
  const std::string text = read_text_file(path, kLargestIndex);
  IndexEvents events;
  if (!Json::sax_parse(text, &events) || events.files.empty()) {
    throw InputError(one_line(path),
                     events.problem.empty() ? "has no weight_map with files .safetensors" : events.problem);
  }
  std::vector<std::string> files;
  for (const std::string& name : events.files)
    files.push_back((fs::path(path).parent_path() / name).string());
  return files;
}

std::vector<std::string> files_of_folder(const std::string& path) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".safetensors") files.push_back(entry->path().string());
    if (files.size() > kMostFiles) throw InputError(one_line(path), "has more than 10000 files; give one");
  }
  if (files.empty()) throw InputError(one_line(path), "has no files .safetensors; give a folder that does");
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> files_at(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return files_of_folder(path);
  if (path.ends_with(".json")) return files_of_index(path);
  return {path};
}

/// "12.mlp.gate.weight" of "model.layers.12.mlp.gate.weight"; none of a tensor outside the layers, or in
/// those of multi-token prediction ("mtp.layers.0.mlp.gate.weight"), which are numbered from 0 again.
std::optional<std::string> place_in_layers(std::string_view name) {
  constexpr std::string_view kLayers = "layers.";
  const std::size_t at = name.rfind(kLayers);
  if (at == name.npos || (at > 0 && name[at - 1] != '.')) return std::nullopt;
  const std::string_view stack = name.substr(0, at);
  if (stack.starts_with("mtp.") || stack.find(".mtp.") != stack.npos) return std::nullopt;
  return std::string(name.substr(at + kLayers.size()));
}

class Checkpoint {
 public:
  explicit Checkpoint(const std::string& path) : path_(one_line(path)) {
    for (const std::string& file : files_at(path)) files_.emplace_back(file);
    for (std::size_t f = 0; f < files_.size(); ++f)
      for (const auto& [name, entry] : files_[f].tensors())
        if (const std::optional<std::string> place = place_in_layers(name)) note(*place, name, f);
  }

  struct Tensor {
    std::string name;
    std::vector<float> values;
  };
  /// Of the stack that has the layer's gate: a vision tower has layers and norms of the same numbers.
  std::optional<Tensor> find(std::size_t layer, Names names, const std::vector<std::int64_t>& shape) const {
    const auto gate = gates_.find(layer);
    if (gate == gates_.end()) return std::nullopt;
    for (const std::string_view name : names) {
      const auto found = file_of_.find(gate->second + std::string(name));
      if (found != file_of_.end())
        return Tensor{found->first, files_[found->second].read(found->first, shape)};
    }
    return std::nullopt;
  }
  Tensor read(std::size_t layer, Names names, const std::vector<std::int64_t>& shape) const {
    if (std::optional<Tensor> tensor = find(layer, names, shape)) return std::move(*tensor);
    throw InputError(path_, "has no tensor layers." + std::to_string(layer) + "." + std::string(names[0]) +
                                " nor one of another family's name for it; give the model's own checkpoint");
  }

 private:
  /// Keeps a tensor that is asked for: "12.mlp.gate.weight" is its place.
  void note(const std::string& place, const std::string& name, std::size_t file) {
    const std::size_t dot = place.find('.');
    if (dot == place.npos) return;
    const std::string_view own = std::string_view(place).substr(dot + 1);
    const auto is = [&](Names names) { return std::find(names.begin(), names.end(), own) != names.end(); };
    if (!is(kGate) && !is(kLogitBias) && !is(kSelectionBias) && !is(kNorm)) return;
    const auto [known, is_new] = file_of_.try_emplace(name, file);
    if (!is_new) {
      throw InputError(path_, "has " + in_quotes(name) + " twice, in " +
                                  in_quotes(files_[known->second].path()) + " and " +
                                  in_quotes(files_[file].path()) + "; give the files of one model");
    }
    std::size_t layer = 0;
    const auto [end, error] = std::from_chars(place.data(), place.data() + dot, layer);
    if (!is(kGate) || error != std::errc() || end != place.data() + dot) return;
    const std::string stem = name.substr(0, name.size() - own.size());
    const auto [gate, is_first] = gates_.try_emplace(layer, stem);
    if (is_first || gate->second == stem) return;
    throw InputError(path_, "has both " + in_quotes(gate->second + std::string(own)) + " and " +
                                in_quotes(name) + "; give the files of one model");
  }

  std::string path_;
  std::vector<Safetensors> files_;
  std::map<std::string, std::size_t> file_of_;
  std::map<std::size_t, std::string> gates_;  // "model.layers.12." by layer
};

/// In eight interleaved sums: the order is fixed, so are the bits.
double product(const float* a, const float* b, std::size_t size) {
  std::array<double, 8> sums{};
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8)
    for (std::size_t lane = 0; lane < 8; ++lane)
      sums[lane] += static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
  for (; i < size; ++i) sums[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// L [n, n], lower triangular, with L Lᵀ the products of the rows [n, width] in that order (Cholesky). A row
/// that depends on those before it has no part of its own.
std::vector<double> factor(const std::vector<const float*>& rows, std::size_t width) {
  const std::size_t n = rows.size();
  std::vector<double> l(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      const double own = product(rows[i], rows[j], width);
      double rest = own;
      for (std::size_t k = 0; k < j; ++k) rest -= l[i * n + k] * l[j * n + k];
      if (i == j) l[i * n + i] = rest > 1e-10 * own ? std::sqrt(rest) : 0.0;
      else l[i * n + j] = l[j * n + j] > 0.0 ? rest / l[j * n + j] : 0.0;
    }
  return l;
}

/// The gate in its row space, as generate_gate() has it.
std::vector<float> in_row_space(const std::vector<float>& weights, std::size_t experts, std::size_t width,
                                Random random) {
  const std::vector<std::int64_t> order = shuffled(static_cast<std::int64_t>(experts), random);
  std::vector<const float*> rows;
  for (const std::int64_t row : order)
    rows.push_back(weights.data() + row * static_cast<std::int64_t>(width));
  const std::vector<double> l = factor(rows, width);
  std::vector<float> result(experts * experts);
  for (std::size_t i = 0; i < experts; ++i)
    std::copy_n(l.begin() + static_cast<std::ptrdiff_t>(i * experts), experts,
                result.begin() + order[i] * static_cast<std::int64_t>(experts));
  return result;
}

/// Of every value up to `most` in size.
void check_values(const std::vector<float>& values, float most, std::size_t layer, const std::string& name,
                  const std::string& path) {
  const auto wrong =
      std::find_if(values.begin(), values.end(), [&](float value) { return !(std::abs(value) <= most); });
  if (wrong == values.end()) return;
  char text[160];
  if (std::isfinite(*wrong)) {
    std::snprintf(
        text, sizeof text,
        " with the value %.3g (times its norm's weight): scores may overflow fp32; give values from %.3g "
        "to %.3g",
        static_cast<double>(*wrong), -static_cast<double>(most), static_cast<double>(most));
  } else {
    std::snprintf(text, sizeof text, " with values that are infinite or no numbers");
  }
  throw InputError(one_line(path), "has a gate in layer " + std::to_string(layer) + text + " (tensor " +
                                       in_quotes(name) + ")");
}

/// Scales the columns of a gate by the norm before it.
void apply_norm(const std::vector<float>& norm, bool zero_centred, std::vector<float>& weights) {
  const float offset = zero_centred ? 1.0f : 0.0f;
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] *= offset + norm[i % norm.size()];
}

/// A hidden vector is sqrt(width) long after its norm, a row of weights up to w is at most w sqrt(width):
/// their product, and every partial sum of it, is at most w width.
GeneratedGate read_gate(const Checkpoint& checkpoint, const Architecture& architecture, std::size_t layer,
                        Random random, const std::string& path) {
  const MoeFfn& moe = *architecture.layers[layer].moe;
  const std::int64_t width = architecture.hidden_size;
  const auto experts = static_cast<std::size_t>(moe.gate.num_experts), size = static_cast<std::size_t>(width);
  const Checkpoint::Tensor weights = checkpoint.read(layer, kGate, {moe.gate.num_experts, width});
  GeneratedGate gate{moe.gate, weights.values, {}};
  if (const auto norm = checkpoint.find(layer, kNorm, {width}))
    apply_norm(norm->values, architecture.zero_centred_norms, gate.weights);
  check_values(gate.weights, kLargestScore / static_cast<float>(width), layer, weights.name, path);
  const auto bias = [&](Names names) {
    const Checkpoint::Tensor tensor = checkpoint.read(layer, names, {moe.gate.num_experts});
    check_values(tensor.values, kLargestScore, layer, tensor.name, path);
    return tensor.values;
  };
  if (moe.gate_bias) gate.logit_bias = bias(kLogitBias);
  if (moe.selection_bias) gate.selection_bias = bias(kSelectionBias);
  gate.shape.hidden_size = std::min(moe.gate.num_experts, width);
  if (experts <= size) gate.weights = in_row_space(gate.weights, experts, size, random);
  return gate;
}

}  // namespace

std::vector<GeneratedGate> read_gates(const Architecture& architecture, const std::string& path,
                                      std::uint64_t seed) {
  const Checkpoint checkpoint(path);
  std::vector<GeneratedGate> gates;
  for (std::size_t layer = 0; layer < architecture.layers.size(); ++layer) {
    if (!architecture.layers[layer].moe) continue;
    const Random random(seed, "routing gate", gates.size());
    gates.push_back(read_gate(checkpoint, architecture, layer, random, path));
  }
  return gates;
}

}  // namespace switchyard
