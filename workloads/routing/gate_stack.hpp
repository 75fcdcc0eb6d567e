// The gates of all MoE layers of a model with the routers that read them: hidden states in, experts out.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "workloads/architecture.hpp"
#include "workloads/routing/generated_gate.hpp"
#include "workloads/routing/preset.hpp"
#include "workloads/routing/token_streams.hpp"

namespace switchyard {

struct ExpertRouter;

class GateStack {
 public:
  /// Gates generated from the seed, each when it is needed. Throws InputError when a layer's router is
  /// unknown.
  GateStack(const Architecture& architecture, const RoutingPreset& preset, std::uint64_t seed);
  /// The gates of a checkpoint, one a MoE layer (see read_gates), in place of generated ones; streams and
  /// what they share come from preset and seed all the same. The preset's temperature and profiles are not
  /// applied: such gates have none of the directions that profiles displace hidden states along.
  GateStack(const Architecture& architecture, const RoutingPreset& preset, std::uint64_t seed,
            std::vector<GeneratedGate> gates);

  std::size_t layers() const { return moe_.size(); }
  GateShape shape(std::size_t layer) const;

  /// Receives the experts of all tokens in one layer, [tokens, top_k of the layer], layer by layer.
  using Receive = std::function<void(std::size_t layer, std::span<const std::uint16_t> chosen)>;
  /// Generates the streams and routes them, on at most `threads` threads, of which one at a time receives;
  /// the result is the same whatever their number. Throws std::invalid_argument when a gate is out of bounds.
  void route(TokenStreams& streams, const Receive& receive, std::int64_t threads = 1) const;
  /// Streams for these gates: of the bank's pool, or more of the same kind (see TokenStreams).
  TokenStreams streams(StreamPool pool) const;
  TokenStreams more_streams(StreamPool pool, StreamPool first_pool, std::uint64_t number) const;

 private:
  /// A layer on its way from its draws to its experts.
  struct Passing {
    GeneratedGate gate;
    TokenStreams::Layer states;
    std::vector<std::uint16_t> chosen;  // [tokens, top_k]
  };
  using Work = std::vector<std::function<void()>>;
  GeneratedGate gate(std::size_t layer) const;
  void add_draws(std::size_t layer, TokenStreams& streams, const Passing& before, Passing& now,
                 Work& work) const;
  void add_mixes(const TokenStreams& streams, Passing& now, Work& work) const;
  void add_choices(std::size_t layer, std::size_t tokens, std::size_t shares, Passing& now, Work& work) const;
  void choose_experts(std::size_t layer, std::size_t first, std::size_t count, Passing& now) const;
  std::int64_t widest() const;

  std::string model_;
  std::int64_t width_;
  std::vector<MoeFfn> moe_;
  std::vector<const ExpertRouter*> routers_;  // of the same layers
  RoutingPreset preset_;
  std::uint64_t seed_;
  std::vector<GeneratedGate> gates_;  // of a checkpoint
};

}  // namespace switchyard
