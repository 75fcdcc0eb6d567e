// Layer by layer, kind by kind. Each function's comment says why its time is none too long.
#include "sim/study/bound/least_work.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "sim/plan/layer_kinds.hpp"

namespace switchyard {
namespace {

// How finely sizes are cut: a line lies below a time by at most so much, and cuts cost time.
constexpr double kTokens = 1.06;
constexpr double kContext = 1.08;
constexpr double kRows = 1.1;
constexpr double kSequences = 2.0, kReads = 2.0;

using Piece = LeastLines::Piece;

std::int64_t whole(double number) { return static_cast<std::int64_t>(number); }

double first_of_next(double end) { return end + 1.0; }

/// What bounds the keys of one query, as LayerTimes has it.
std::optional<std::int64_t> most_keys(const AttentionWork& work) {
  if (!work.window || !work.selected) return work.window ? work.window : work.selected;
  return std::min(*work.window, *work.selected);
}

class WorkOfLayers {
 public:
  WorkOfLayers(const Scenario& scenario, const LeastCosts& costs, const MostSizes& most,
               std::span<const Collective> all_reduces)
      : scenario_(scenario),
        costs_(costs),
        most_(most),
        all_reduces_(all_reduces),
        deployment_(scenario.deployment),
        engine_(scenario.engine.profile) {
    for (const Layer& layer : scenario.model.layers) {
      const auto known =
          std::find_if(kinds_.begin(), kinds_.end(), [&](const Kind& kind) { return *kind.layer == layer; });
      if (known != kinds_.end()) known->layers += 1.0;
      else kinds_.push_back({&layer, 1.0, times_of(layer, costs.tokens), times_of(layer, costs.experts)});
    }
  }

  LeastWork work() const {
    LeastWork work;
    work.tokens = tokens();
    work.routed = routed();
    add_mixers(work);
    work.head = head();
    return work;
  }

 private:
  struct Kind {
    const Layer* layer;
    double layers;
    LayerTimes by_tokens, by_rows;
  };

  LayerTimes times_of(const Layer& layer, const OperatorCost& cost) const {
    return LayerTimes(layer, scenario_.model.hidden_size, deployment_.sharding(), scenario_.precision, cost,
                      engine_, Scope::serving);
  }
  double ranks() const { return static_cast<double>(deployment_.data_parallel_size); }
  bool exchanges() const { return ranks() > 1.0 && exchange_backend(deployment_.all2all_backend) != nullptr; }

  /// The timetable adds all of a rank's operators that depend on tokens alone, whatever hides exchanges;
  /// where ranks wait for one another, the slowest's, which are no fewer. Tokens gathered from all ranks are
  /// routed on each (see routed()); else each routes its own.
  LeastLines tokens() const {
    std::vector<Piece> pieces;
    double from = 1.0;
    for (const double to : piece_ends(from, most_.tokens, kTokens)) {
      Seconds least = all_reduces(from, to) + around_layers(from);
      for (const Kind& kind : kinds_) {
        least += kind.by_tokens.token_breakdown(whole(from)).total() * kind.layers;
        if (exchanges()) least += routing(kind, from) * kind.layers;
      }
      pieces.push_back({to, least});
      from = first_of_next(to);
    }
    return LeastLines(pieces);
  }

  /// Top-k and moving rows to experts' order.
  Seconds routing(const Kind& kind, double tokens) const {
    if (!kind.layer->moe) return Seconds(0.0);
    return kind.by_tokens.routing(whole(tokens)) + kind.by_tokens.permutation(whole(tokens));
  }

  /// Embedding and sampling; where those are measured kernels nothing is counted.
  Seconds around_layers(double tokens) const {
    if (engine_.torch_kernels) return Seconds(0.0);
    const Bytes hidden =
        tokens * static_cast<double>(scenario_.model.hidden_size) * bytes_per_element(Precision::bf16);
    return costs_.tokens.elementwise(engine_.serving_step.kernels, engine_.serving_step.passes * hidden);
  }

  /// A group's all-reduce is the fastest way that a message of its size may go; groups that share links are
  /// slower, never faster. Of groups that differ the fastest counts.
  Seconds all_reduces(double from, double to) const {
    if (all_reduces_.empty()) return Seconds(0.0);
    const double row =
        static_cast<double>(scenario_.model.hidden_size) * bytes_per_element(Precision::bf16).value();
    Seconds least(std::numeric_limits<double>::infinity());
    for (const Collective& group : all_reduces_)
      for (const CollectivePiece& piece : group.pieces())
        if (piece.from <= Bytes(to * row) && piece.below > Bytes(from * row))
          least = std::min(least, piece.cost.time(Bytes(from * row)));
    double count = 0.0;
    for (const Kind& kind : kinds_) count += all_reduces_of(kind.by_tokens.work()) * kind.layers;
    return least * count;
  }

  /// As StepTimer counts them.
  double all_reduces_of(const LayerWork& work) const {
    const double mixer = work.output_projection ? 1.0 : 0.0;
    if (deployment_.data_parallel_size == 1) return mixer + (work.has_ffn() ? 1.0 : 0.0);
    return mixer + (work.dense_ffn.empty() ? 0.0 : 1.0) + (work.shared_expert.empty() ? 0.0 : 1.0);
  }

  LeastLines routed() const {
    std::vector<std::vector<Seconds>> least_of_rows;  // by kind: for at least the rows up to each end
    const std::vector<double> row_ends = piece_ends(1.0, most_rows(), kRows);
    for (const Kind& kind : kinds_) least_of_rows.push_back(experts(kind, row_ends));
    if (std::none_of(kinds_.begin(), kinds_.end(), [](const Kind& kind) { return kind.layer->moe; }))
      return {};
    std::vector<Piece> pieces;
    double from = 1.0;
    for (const double to : piece_ends(from, most_.tokens * ranks(), kTokens)) {
      Seconds least;
      for (std::size_t k = 0; k < kinds_.size(); ++k) {
        if (!kinds_[k].layer->moe) continue;
        const auto row_end =
            std::lower_bound(row_ends.begin(), row_ends.end(), rows_of(*kinds_[k].layer->moe, from));
        least += least_of_rows[k][static_cast<std::size_t>(row_end - row_ends.begin())] * kinds_[k].layers;
        if (!exchanges()) least += routing(kinds_[k], from) * kinds_[k].layers;
      }
      pieces.push_back({to, least});
      from = first_of_next(to);
    }
    return LeastLines(pieces);
  }

  /// Of the rank with the most rows: no fewer than the mean. What an expert has no room for is dropped: then
  /// one row is all that is sure.
  double rows_of(const MoeFfn& moe, double tokens) const {
    if (moe.capacity_factor) return 1.0;
    return std::ceil(tokens * static_cast<double>(moe.gate.num_experts_per_tok) /
                     static_cast<double>(deployment_.expert_ranks()));
  }
  double most_rows() const {
    std::int64_t most = 1;  // of a token
    for (const Kind& kind : kinds_)
      if (kind.layer->moe) most = std::max(most, kind.layer->moe->gate.num_experts_per_tok);
    return static_cast<double>(most) * most_.tokens * ranks();
  }

  /// The slowest expert rank takes no less than the one with the most rows. A token visits top_k different
  /// experts, so at least its share of those stands on that rank and is read; more rows and more reads than
  /// the piece's least are in the pieces that follow.
  std::vector<Seconds> experts(const Kind& kind, const std::vector<double>& row_ends) const {
    std::vector<Seconds> least(row_ends.size());
    if (!kind.layer->moe) return least;
    const MoeFfn& moe = *kind.layer->moe;
    const double fewest = moe.capacity_factor ? 1.0 : rows_of(moe, 1.0);
    const double local = static_cast<double>(kind.by_rows.work().experts->local_experts);
    double from = 1.0;
    for (std::size_t i = 0; i < row_ends.size(); ++i) {
      const double most_reads =
          engine_.expert_tiling.large ? local + row_ends[i] : std::min(local, row_ends[i]);
      least[i] = Seconds(std::numeric_limits<double>::infinity());
      for (double reads = fewest; reads <= std::max(fewest, most_reads); reads *= kReads)
        least[i] = std::min(least[i], kind.by_rows.experts(whole(from), whole(from), whole(reads)).total());
      from = first_of_next(row_ends[i]);
    }
    for (std::size_t i = row_ends.size() - 1; i > 0; --i) least[i - 1] = std::min(least[i - 1], least[i]);
    return least;
  }

  /// Kinds of layers with the same mixer are taken together.
  void add_mixers(LeastWork& work) const {
    std::vector<std::pair<const Kind*, double>> mixers;
    for (const Kind& kind : kinds_) {
      const auto same = std::find_if(mixers.begin(), mixers.end(), [&](const auto& mixer) {
        return mixer.first->layer->attention == kind.layer->attention &&
               mixer.first->layer->linear_attention == kind.layer->linear_attention;
      });
      if (same != mixers.end()) same->second += kind.layers;
      else mixers.emplace_back(&kind, kind.layers);
    }
    for (const auto& [kind, layers] : mixers) {
      const LayerWork& layer = kind->by_tokens.work();
      if (layer.attention) work.attentions.push_back(attention(*layer.attention, layers, reduction()));
      if (layer.indexer) work.attentions.push_back(attention(*layer.indexer, layers, Seconds(0.0)));
      if (layer.state) add_state(*layer.state, layers, work);
    }
  }

  /// Kernels that join split caches: the fewer of the two cases; where they are measured nothing is counted.
  Seconds reduction() const {
    if (engine_.torch_kernels) return Seconds(0.0);
    const DecodeReduction& reduction = engine_.decode_reduction;
    return costs_.exact->elementwise(std::min(reduction.kernels, reduction.unsplit_kernels), Bytes(0.0));
  }

  LeastWork::Attention attention(const AttentionWork& attention, double layers, Seconds reduction) const {
    LeastWork::Attention sum{most_keys(attention), decode(attention, layers, reduction), {}};
    if (engine_.torch_kernels) return sum;  // whose prompts have times of their own
    const OperatorCost::LeastPrompts one = costs_.exact->least_prefill_attention(attention);
    sum.prompts = {one.fixed * layers, one.each_token * layers, one.each_pair * layers};
    return sum;
  }

  /// By keys; of so many keys by any number of sequences that can have them. A window or a choice of keys
  /// bounds those of each. Where an engine's blocks are timed one by one (token_time), other cuts than those
  /// measured may be faster: then a kernel's overhead is all that is sure.
  LeastLines decode(const AttentionWork& attention, double layers, Seconds reduction) const {
    const double bound =
        static_cast<double>(most_keys(attention).value_or(std::numeric_limits<std::int64_t>::max()));
    const double fewest = std::min(most_.least_context, bound), most = std::min(most_.most_context, bound);
    const DecodeReduction& cut = engine_.decode_reduction;
    const bool by_blocks = cut.token_time > Seconds(0.0) && cut.thread_blocks && !most_keys(attention);
    const double slots = cut.slots ? costs_.exact->gpu().profile.slotted_cache : 1.0;
    std::vector<Piece> pieces;
    double from = fewest;
    const double all = std::max(most, std::min(most_.cached, most_.sequences * most));
    for (const double to : piece_ends(from, all, kContext)) {
      Seconds least(std::numeric_limits<double>::infinity());
      const double at_most = std::max(1.0, std::min(most_.sequences, std::floor(to / fewest)));
      const double at_least = std::clamp(std::floor(from / most), 1.0, at_most);
      for (double sequences = at_least; sequences <= at_most; sequences *= kSequences)
        least = std::min(least, costs_.decodes.decode_attention(attention, whole(sequences), from));
      if (by_blocks) least = std::min(least, costs_.exact->gpu().profile.kernel_overhead);
      pieces.push_back({to, (least * slots + reduction) * layers});
      from = first_of_next(to);
    }
    return LeastLines(pieces);
  }

  /// A recurrence's time is a straight line itself: two points give it.
  void add_state(const StateWork& state, double layers, LeastWork& work) const {
    const auto line_of = [&](auto time) {
      const Seconds each = time(2) - time(1);
      return LeastLines::Line{std::max(Seconds(0.0), time(1) - each) * layers, each * layers};
    };
    const auto add = [](LeastLines::Line& sum, const LeastLines::Line& line) {
      sum.fixed += line.fixed;
      sum.each += line.each;
    };
    add(work.state_decode,
        line_of([&](std::int64_t n) { return costs_.exact->linear_attention(state, n, 0); }));
    add(work.state_prompt,
        line_of([&](std::int64_t n) { return costs_.exact->linear_attention(state, 0, n); }));
  }

  LeastLines head() const {
    const Gemm head = head_of(scenario_.model, deployment_.sharding());
    std::vector<Piece> pieces;
    double from = 1.0;
    for (const double to : piece_ends(from, most_.sequences, kTokens)) {
      pieces.push_back({to, costs_.tokens.gemm(head, whole(from))});
      from = first_of_next(to);
    }
    return LeastLines(pieces);
  }

  const Scenario& scenario_;
  const LeastCosts& costs_;
  const MostSizes& most_;
  std::span<const Collective> all_reduces_;
  const Deployment& deployment_;
  const EngineProfile& engine_;
  std::vector<Kind> kinds_;
};

}  // namespace

LeastCosts::LeastCosts(std::shared_ptr<const OperatorCost> cost)
    : exact(std::move(cost)),
      tokens(exact->least_within({kTokens, 1.0})),
      decodes(exact->least_within({kSequences, kContext})),
      experts(exact->least_within({kRows, kReads})) {}

LeastWork least_work(const Scenario& scenario, const LeastCosts& costs, const MostSizes& most,
                     std::span<const Collective> all_reduces) {
  return WorkOfLayers(scenario, costs, most, all_reduces).work();
}

}  // namespace switchyard
