// The routing bank: a table of rows (stream, position -> experts of every MoE layer), filled once before the
// simulation starts, then read as often as needed: a pool of generated token streams that the real gates
// route (real arithmetic on synthetic weights), uniform draws, or recorded choices. Independent of placement;
// shared read-only by forked points.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/gate_shape.hpp"
#include "sim/base/huge_pages.hpp"
#include "sim/base/random.hpp"
#include "workloads/architecture.hpp"
#include "workloads/routing/exact_rows.hpp"
#include "workloads/routing/expert_masks.hpp"
#include "workloads/routing/preset.hpp"
#include "workloads/routing/recording.hpp"
#include "workloads/routing/token_streams.hpp"

namespace switchyard {

/// Consecutive tokens, from a position of a stream on. Past the stream's end they go on in the next stream of
/// the same domain, and after the last in the first: the streams of a domain form a ring.
struct TokenRun {
  std::uint32_t stream = 0;
  std::uint64_t position = 0;
  std::int64_t tokens = 0;
};

/// Assignments per MoE layer and expert, row-major [moe_layers, num_experts]. Layers with fewer experts leave
/// the tail 0.
struct ExpertCounts {
  std::int64_t layers = 0;
  std::int64_t experts = 0;
  std::vector<std::uint32_t> counts;

  std::span<std::uint32_t> layer(std::int64_t l) {
    return std::span(counts).subspan(static_cast<std::size_t>(l * experts),
                                     static_cast<std::size_t>(experts));
  }
  std::span<const std::uint32_t> layer(std::int64_t l) const {
    return std::span(counts).subspan(static_cast<std::size_t>(l * experts),
                                     static_cast<std::size_t>(experts));
  }
  void clear();
};

/// The pool that a bank of this architecture and preset has: as many tokens as about 0.4 s of one 2.5 GHz
/// core can generate and route by a fixed estimate, between 64 x 16 and 128 x 256.
StreamPool pool_of(const Architecture& architecture, const RoutingPreset& preset);

/// gates: the kernels choose · uniform: every token draws its experts uniformly, for comparison, from a pool
/// of 128 x 128: draws are cheap · exact: the kernels choose anew for every token that is read (see
/// ExactRows); the pool of `gates` is there too, for those who ask for its rows.
enum class Choice { gates, uniform, exact };

class RoutingBank {
 public:
  /// Generates and routes, by what the routers do at inference without a capacity: every token has its top_k
  /// experts and kNoExpert never occurs. What an expert of limited capacity drops is known only with a step's
  /// batch. At most about 0.5 s on one core, and 256 MiB. The same (architecture, preset, seed) gives the
  /// same bank on every x86-64-v3 machine. Throws InputError when a layer's router is unknown,
  /// std::invalid_argument when its gate is out of bounds. A model without MoE layers has an empty bank.
  /// `threads` share the work; none is left when it is done, and the bank is the same whatever their number.
  RoutingBank(const Architecture& architecture, const RoutingPreset& preset, std::uint64_t seed,
              Choice choice = Choice::gates, std::vector<GeneratedGate> gates = {}, std::int64_t threads = 1);

  /// Recorded choices: each sequence is a stream of its own length, and the sequences of a domain form its
  /// ring. Their layers are the model's MoE layers, or all its layers, of which those of the dense ones are
  /// passed over. Throws InputError at `where` unless layers, experts and top_k are the model's, every token
  /// has top_k distinct experts, and rows and sums fit 256 MiB.
  RoutingBank(const Architecture& architecture, const RoutingRecording& recording, const std::string& where);

  std::uint32_t streams() const { return static_cast<std::uint32_t>(streams_.size()); }
  /// In tokens; generated streams are all as long as the first.
  std::uint32_t stream_length(std::uint32_t stream = 0) const {
    return static_cast<std::uint32_t>(streams_[stream].length);
  }
  std::int64_t tokens() const { return tokens_; }
  std::int64_t moe_layers() const { return static_cast<std::int64_t>(gates_.size()); }
  std::int64_t experts() const { return static_cast<std::int64_t>(experts_); }  // of the layer with the most
  std::int64_t top_k() const { return static_cast<std::int64_t>(top_k_); }      // of the layer with the most
  /// The gate of a MoE layer; its hidden_size is the subspace that it was routed in.
  const GateShape& gate(std::int64_t layer) const { return gates_[static_cast<std::size_t>(layer)]; }
  std::int64_t domains() const { return static_cast<std::int64_t>(rings_.size()); }
  std::int64_t domain_of(std::uint32_t stream) const { return streams_[stream].domain; }
  /// As it was recorded; "domain 3" where it has no name.
  std::string domain_name(std::int64_t domain) const;

  /// Tokens of a domain's ring, and the stream whose position 0 is its first.
  std::uint64_t ring_length(std::int64_t domain) const {
    return rings_[static_cast<std::size_t>(domain)].length;
  }
  std::uint32_t first_stream(std::int64_t domain) const {
    return rings_[static_cast<std::size_t>(domain)].first_stream;
  }

  /// Where a new sequence starts: a run of no tokens yet, at a token drawn uniformly of all.
  TokenRun draw_place(Random& random) const;
  /// The stream of a run. The sequences of an exact bank are none: one of the run's domain stands for it.
  std::uint32_t stream_of(const TokenRun& run) const;
  /// Where a run begins on its domain's ring.
  std::uint64_t place_of(const TokenRun& run) const { return place(streams_[run.stream], run.position); }
  /// Counts of zero, of the bank's shape.
  ExpertCounts empty_counts() const;
  /// Of every token of a domain.
  ExpertCounts counts_of_domain(std::int64_t domain) const;
  /// Consecutive tokens [first, last) of a domain's ring, `times` over; first <= last <= ring_length(domain).
  struct Stretch {
    std::int64_t domain = 0;
    std::uint64_t first = 0, last = 0;
    std::uint32_t times = 1;
  };
  /// A run on its ring: its whole turns, then the rest up to the ring's end and from its beginning on; some
  /// may be empty. Not of an exact bank, whose tokens lie on no ring.
  std::array<Stretch, 3> stretches(const TokenRun& run) const;
  bool is_exact() const { return exact_ != nullptr; }
  /// Of the token at a place of a domain's ring: [moe_layers, top_k], of which a layer fills its own top_k.
  std::span<const std::uint16_t> row_at(std::int64_t domain, std::uint64_t place) const {
    return {row(rings_[static_cast<std::size_t>(domain)], place), gates_.size() * top_k_};
  }
  /// The rows of a run, token by token, each valid until the next. An exact bank draws those anew that it has
  /// let go of since they were read last (see ExactRows).
  void visit_rows(const TokenRun& run,
                  const std::function<void(std::span<const std::uint16_t>)>& visit) const;
  /// Adds the assignments of a run: whole blocks of consecutive rows from prefix sums, odd rows singly.
  /// Conserves tokens x top_k per layer. Safe to call from several readers, unless it is exact.
  void add(const TokenRun& run, ExpertCounts& counts) const;
  /// A record without any read, of the bank's size: note() notes runs of one token in it, for add_tokens().
  TokenReads no_reads() const { return {std::vector<std::uint32_t>(tokens_of_masks()), {}}; }
  /// Notes a run of one token, if the bank adds such up faster together; else false.
  bool note(const TokenRun& run, TokenReads& reads) const;
  /// Adds the noted tokens, and forgets them.
  void add_tokens(TokenReads& reads, ExpertCounts& counts) const;
  /// The experts of one token in one MoE layer, [top_k of the layer], by descending score.
  std::span<const std::uint16_t> experts_of(std::uint32_t stream, std::uint64_t position,
                                            std::int64_t layer) const;
  /// All rows. A bank made of it has the same rows, rings and recorded names of domains.
  RoutingRecording recording() const;

 private:
  /// A stream's place on the ring of its domain, in tokens.
  struct Stream {
    std::int64_t domain = 0;
    std::size_t place = 0;
    std::size_t length = 0;
    std::int64_t tokens_before = 0;  // in the streams before it
  };
  /// The streams of a domain, one behind the other; tokens, and where its rows and its prefix sums begin.
  struct Ring {
    std::uint32_t first_stream = 0;
    std::size_t length = 0;
    std::size_t first_row = 0;
    std::size_t first_prefix = 0;
  };
  explicit RoutingBank(const Architecture& architecture);  // without streams
  void lay_out(StreamPool pool, std::int64_t domains);
  void lay_out(const RoutingRecording& recording);
  /// Makes blocks so long that rows and prefix sums fit 256 MiB, or throws InputError.
  void fit_blocks(const std::string& where);
  /// The rows of a recording; `layers`: those of its layers that are the model's MoE layers.
  void copy(const RoutingRecording& recording, std::span<const std::size_t> layers, const std::string& where);
  /// Appends a stream to the ring of its domain.
  void append_stream(std::int64_t domain, std::size_t length);
  /// Once all streams are known: where each ring's rows begin, and room for them.
  void make_room();
  void draw_uniformly(std::uint64_t seed, std::int64_t threads);
  void draw_uniformly(std::uint64_t seed, std::size_t layer);
  /// One layer's choices of all tokens, stream by stream, [tokens, top_k of the layer].
  void store(std::size_t layer, std::span<const std::uint16_t> chosen);
  void sum_prefixes(std::int64_t threads);
  void sum_prefixes(const Ring& ring);
  void fill_masks(std::int64_t threads);
  void fill_masks(const Ring& ring, ExpertMasks& masks) const;
  std::size_t tokens_of_masks() const { return masks_ ? static_cast<std::size_t>(tokens_) : 0; }
  std::size_t place(const Stream& stream, std::uint64_t position) const;
  /// Rows of the token at a place of a ring, [layers, top_k].
  const std::uint16_t* row(const Ring& ring, std::size_t place) const;
  /// Places [first, last) of a ring, without wrapping.
  void add_row(const std::uint16_t* chosen, ExpertCounts& counts) const;
  void add_rows(const Ring& ring, std::size_t first, std::size_t last, ExpertCounts& counts) const;
  void add_segment(const Ring& ring, std::size_t first, std::size_t last, ExpertCounts& counts) const;
  /// Blocks of a ring; the last may be shorter than the others.
  std::size_t blocks(const Ring& ring) const;
  /// Assignments of the first `block` blocks of a ring, [layers, experts].
  const std::uint32_t* prefix(const Ring& ring, std::size_t block) const;

  std::size_t experts_ = 0;
  std::size_t top_k_ = 0;
  std::vector<GateShape> gates_;
  std::vector<Stream> streams_;
  std::vector<Ring> rings_;                // of each domain
  std::vector<std::string> domain_names_;  // the same, of recorded ones
  std::int64_t tokens_ = 0;
  bool equal_lengths_ = true;                 // of the streams
  int block_bits_ = 4;                        // a block has 2^block_bits_ tokens
  LargeTable<std::uint16_t> rows_;            // ring by ring, [ring length, layers, top_k]
  LargeTable<std::uint32_t> prefixes_;        // ring by ring, [blocks + 1, layers, experts]
  std::shared_ptr<ExactRows> exact_;          // of an exact bank
  std::shared_ptr<const ExpertMasks> masks_;  // of its rows, ring by ring, where they are worth their room
};

}  // namespace switchyard
