// A bank out of recorded choices, and back.
#include <algorithm>
#include <map>

#include "sim/base/error.hpp"
#include "sim/base/quote.hpp"
#include "workloads/routing/bank.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kMostBytes = std::size_t{256} << 20;  // of rows and prefix sums

/// Which of the recorded layers are the model's MoE layers.
std::vector<std::size_t> moe_layers_of(const Architecture& architecture, const RoutingRecording& recording,
                                       const std::string& where) {
  std::vector<std::size_t> all;
  for (std::size_t l = 0; l < architecture.layers.size(); ++l)
    if (architecture.layers[l].moe) all.push_back(l);
  const auto layers = static_cast<std::size_t>(recording.layers);
  if (layers == architecture.layers.size()) return all;
  if (layers != all.size()) {
    throw InputError(where, "has " + std::to_string(layers) + " layers; " + architecture.name + " has " +
                                std::to_string(all.size()) + " with experts of " +
                                std::to_string(architecture.layers.size()) +
                                " in all: give a recording of this model");
  }
  for (std::size_t l = 0; l < all.size(); ++l) all[l] = l;
  return all;
}

/// Refuses what the model's gate cannot have chosen.
class RowCheck {
 public:
  RowCheck(const RecordedSequence& sequence, const std::string& where) : sequence_(sequence), where_(where) {}

  void operator()(std::span<const std::uint16_t> chosen, const GateShape& gate, std::size_t token,
                  std::size_t layer) const {
    const auto k = static_cast<std::size_t>(gate.num_experts_per_tok);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (i >= k && chosen[i] == kNotRecorded) continue;
      if (i >= k || chosen[i] == kNotRecorded)
        fail(token, layer,
             "does not have the " + std::to_string(k) + " experts that the model's gate chooses");
      if (chosen[i] >= gate.num_experts)
        fail(token, layer,
             "has expert " + std::to_string(chosen[i]) + "; the model's are 0 to " +
                 std::to_string(gate.num_experts - 1));
      if (std::find(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(i), chosen[i]) !=
          chosen.begin() + static_cast<std::ptrdiff_t>(i))
        fail(token, layer,
             "has expert " + std::to_string(chosen[i]) + " twice; are these tokens padding? Cut them off");
    }
  }

 private:
  [[noreturn]] void fail(std::size_t token, std::size_t layer, const std::string& problem) const {
    throw InputError(where_, "sequence " + in_quotes(sequence_.name) + ", token " + std::to_string(token) +
                                 ", layer " + std::to_string(layer) + " " + problem);
  }
  const RecordedSequence& sequence_;
  const std::string& where_;
};

std::string numbered(std::string name, std::size_t number) {
  const std::string digits = std::to_string(number);
  return name.append(4 - std::min<std::size_t>(4, digits.size()), '0') + digits;
}

}  // namespace

RoutingBank::RoutingBank(const Architecture& architecture, const RoutingRecording& recording,
                         const std::string& where)
    : RoutingBank(architecture) {
  if (gates_.empty())
    throw InputError(where, architecture.name + " has no layers with experts; leave it out");
  const std::vector<std::size_t> layers = moe_layers_of(architecture, recording, where);
  if (recording.top_k != top_k()) {
    throw InputError(where, "has " + std::to_string(recording.top_k) + " experts a token and layer; " +
                                architecture.name + " chooses " + std::to_string(top_k_) +
                                ": give a recording of this model");
  }
  lay_out(recording);
  fit_blocks(where);
  copy(recording, layers, where);
  sum_prefixes(1);
}

void RoutingBank::lay_out(const RoutingRecording& recording) {
  std::map<std::string, std::int64_t> domains;  // in order of appearance
  for (const RecordedSequence& sequence : recording.sequences) {
    const auto [domain, is_new] =
        domains.try_emplace(sequence.domain, static_cast<std::int64_t>(domains.size()));
    if (is_new) {
      rings_.emplace_back();
      domain_names_.push_back(sequence.domain);
    }
    append_stream(domain->second, static_cast<std::size_t>(recording.tokens(sequence)));
  }
  make_room();
}

void RoutingBank::fit_blocks(const std::string& where) {
  constexpr int kLongest = 30;
  const std::size_t rows = rows_.size() * sizeof(rows_[0]);
  const std::size_t sum = gates_.size() * experts_ * sizeof(prefixes_[0]);
  for (block_bits_ = 4; block_bits_ <= kLongest; ++block_bits_) {
    std::size_t sums = 0;
    for (const Ring& ring : rings_) sums += blocks(ring) + 1;
    if (rows + sums * sum <= kMostBytes) return;
  }
  throw InputError(where, "takes more than 256 MiB for " + std::to_string(tokens_) + " tokens in " +
                              std::to_string(rings_.size()) + " domains; keep fewer of them");
}

void RoutingBank::copy(const RoutingRecording& recording, std::span<const std::size_t> layers,
                       const std::string& where) {
  const auto k = static_cast<std::size_t>(recording.top_k);
  for (std::size_t s = 0; s < streams_.size(); ++s) {
    const RecordedSequence& sequence = recording.sequences[s];
    const RowCheck check(sequence, where);
    const Ring& ring = rings_[static_cast<std::size_t>(streams_[s].domain)];
    std::uint16_t* to = rows_.data() + (ring.first_row + streams_[s].place) * layers.size() * k;
    for (std::size_t t = 0; t < streams_[s].length; ++t)
      for (std::size_t l = 0; l < layers.size(); ++l, to += k) {
        const std::size_t from = (t * static_cast<std::size_t>(recording.layers) + layers[l]) * k;
        const std::span<const std::uint16_t> chosen = std::span(sequence.experts).subspan(from, k);
        check(chosen, gates_[l], t, layers[l]);
        std::copy(chosen.begin(), chosen.end(), to);
      }
  }
}

std::string RoutingBank::domain_name(std::int64_t domain) const {
  const auto index = static_cast<std::size_t>(domain);
  const bool has_name = index < domain_names_.size() && !domain_names_[index].empty();
  return has_name ? domain_names_[index] : "domain " + std::to_string(domain);
}

RoutingRecording RoutingBank::recording() const {
  RoutingRecording result{moe_layers(), top_k(), {}};
  for (std::size_t s = 0; s < streams_.size(); ++s) {
    const Stream& stream = streams_[s];
    RecordedSequence sequence{numbered("stream_", s), "", {}};
    if (!domain_names_.empty()) sequence.domain = domain_names_[static_cast<std::size_t>(stream.domain)];
    else if (rings_.size() > 1)
      sequence.domain = numbered("domain_", static_cast<std::size_t>(stream.domain));
    if (!sequence.domain.empty()) sequence.name = sequence.domain + "/" + sequence.name;
    sequence.experts.assign(stream.length * gates_.size() * top_k_, kNotRecorded);
    std::uint16_t* to = sequence.experts.data();
    for (std::size_t t = 0; t < stream.length; ++t)
      for (std::size_t l = 0; l < gates_.size(); ++l, to += top_k_) {
        const auto chosen = experts_of(static_cast<std::uint32_t>(s), t, static_cast<std::int64_t>(l));
        std::copy(chosen.begin(), chosen.end(), to);
      }
    result.sequences.push_back(std::move(sequence));
  }
  return result;
}

}  // namespace switchyard
