// Bounds, then one heat a size of replica, each with the threshold that the sizes before it set.
#include "sim/study/plan/screening.hpp"

#include <algorithm>

#include "sim/study/plan/rule_out.hpp"
#include "sim/study/readable.hpp"

namespace switchyard {
namespace {

using Leaders = std::map<std::int64_t, std::vector<PlannedLayout*>>;

/// Another number of sequences stands for this one's: the first that fits. Not another budget of tokens:
/// where tpot is short, steps of a whole budget are too long, and a smaller one carries twice as much.
bool is_stood_for(const PlannedLayout& planned, const std::vector<PlannedLayout*>& others) {
  return std::any_of(others.begin(), others.end(), [&](const PlannedLayout* other) {
    return same_cut(other->layout, planned.layout) &&
           other->layout.max_num_batched_tokens == planned.layout.max_num_batched_tokens;
  });
}

/// Those of a chain's layouts of so many GPUs that the bound, asked here, leaves.
std::vector<PlannedLayout*> entrants_of(const PlanStudy& study, PlannedChain& chain, std::int64_t gpus,
                                        Prober& prober) {
  std::vector<PlannedLayout*> entrants;
  for (PlannedLayout& planned : chain.layouts) {
    if (planned.layout.gpus() != gpus || planned.out() || is_stood_for(planned, entrants)) continue;
    apply_bound(study, planned, prober);
    if (!planned.out()) entrants.push_back(&planned);
  }
  return entrants;
}

/// How many of a chain's layouts are of each number of GPUs, but for those that are out.
std::map<std::int64_t, std::size_t> sizes_of(const PlannedChain& chain) {
  std::map<std::int64_t, std::size_t> sizes;
  for (const PlannedLayout& planned : chain.layouts)
    if (!planned.out()) ++sizes[planned.layout.gpus()];
  return sizes;
}

/// What may be tried in one chain, a size at a time.
class Screening {
 public:
  Screening(const PlanStudy& study, PlannedChain& chain, Leaders& leaders, Prober& prober)
      : chain_(chain), leaders_(leaders) {
    for (const auto& [gpus, layouts] : sizes_of(chain))
      for (PlannedLayout* entrant : entrants_of(study, chain, gpus, prober))
        sizes_[place_of(*entrant)].push_back(entrant);
  }

  std::optional<Heat> next(const Heat* before) {
    if (before) settle(*before);
    if (sizes_.empty()) return std::nullopt;
    const auto [place, entrants] = *sizes_.begin();
    sizes_.erase(sizes_.begin());
    size_ = place.first;
    floor_ = floor_of(size_);
    return Heat(
        entrants, kScreening,
        {.start = start_of(entrants), .step = 1.6, .tolerance = 1.15, .margin = 1.15, .floor = floor_});
  }

 private:
  /// Pipelines take long to simulate and seldom win: they come after the others of their size, and have to
  /// carry more.
  using Place = std::pair<std::int64_t, bool>;
  static Place place_of(const PlannedLayout& planned) {
    return {planned.layout.gpus(), planned.layout.deployment.pipeline_parallel_size > 1};
  }

  /// What those before it carry on as many GPUs, less what coarse counts may be wrong.
  double floor_of(std::int64_t size) const {
    constexpr double kLenient = 0.92;
    double floor = 0.0;
    for (const auto& [smaller, best] : chain_.best_of_size) {
      const std::int64_t replicas = size / smaller;
      if (replicas * smaller == size) floor = std::max(floor, best->carries * static_cast<double>(replicas));
    }
    return kLenient * floor;
  }

  static double start_of(const std::vector<PlannedLayout*>& entrants) {
    double most = 0.0;
    for (const PlannedLayout* entrant : entrants) most = std::max(most, entrant->most_requests_per_s);
    return most / 2.0;
  }

  void settle(const Heat& heat) {
    const std::vector<PlannedLayout*> leaders = heat.leaders();
    for (PlannedLayout* entrant : heat.entrants()) {
      if (!leaders.empty()) {
        if (std::find(leaders.begin(), leaders.end(), entrant) == leaders.end())
          fall_behind(*entrant, *leaders.front());
      } else if (floor_ > 0.0) {
        entrant->verdict = "dominated";
        entrant->reason = "others on as many GPUs carry at least " + rate_text(floor_);
      } else {
        entrant->verdict = "misses the SLO";
        entrant->reason = "already at " + rate_text(std::max(entrant->carries_not, 1e-3)) + " a replica";
      }
    }
    note_nearest(heat);
    if (leaders.empty()) return;
    std::vector<PlannedLayout*>& all = leaders_[size_];
    all.insert(all.end(), leaders.begin(), leaders.end());
    std::stable_sort(all.begin(), all.end(),
                     [](const auto* a, const auto* b) { return a->carries > b->carries; });
    chain_.best_of_size[size_] = all.front();
  }

  void note_nearest(const Heat& heat) {
    if (!heat.nearest_probe()) return;
    if (chain_.nearest && chain_.nearest_reading.strain <= heat.nearest_reading().strain) return;
    chain_.nearest = heat.nearest_probe();
    chain_.nearest_reading = heat.nearest_reading();
  }

  PlannedChain& chain_;
  Leaders& leaders_;
  std::map<Place, std::vector<PlannedLayout*>> sizes_;  // still to come
  std::int64_t size_ = 0;
  double floor_ = 0.0;
};

/// Layouts of a chain and size in a process of their own, many first. Where that fails the screening asks.
void ask_bounds(const PlanStudy& study, std::vector<PlannedChain>& chains, Prober& prober) {
  struct Part {
    PlannedChain* chain;
    std::int64_t gpus;
    std::size_t layouts;
  };
  std::vector<Part> parts;
  for (PlannedChain& chain : chains)
    for (const auto& [gpus, layouts] : sizes_of(chain)) parts.push_back({&chain, gpus, layouts});
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.layouts > b.layouts; });
  const auto answers = prober.compute(parts.size(), [&](std::uint64_t part) {
    entrants_of(study, *parts[part].chain, parts[part].gpus, prober);
    return bounds_json(parts[part].chain->layouts).dump();
  });
  for (std::size_t part = 0; part < parts.size(); ++part)
    if (answers[part]) take_bounds(Json::parse(*answers[part]), parts[part].chain->layouts);
}

}  // namespace

bool same_cut(const Layout& a, const Layout& b) {
  Layout other = b;
  other.max_num_seqs = a.max_num_seqs;
  other.max_num_batched_tokens = a.max_num_batched_tokens;
  return a == other;
}

void fall_behind(PlannedLayout& loser, const PlannedLayout& winner) {
  loser.verdict = "outrun";
  loser.reason = "a replica misses the SLO at " + rate_text(loser.carries_not) + "; " +
                 words_of(winner.layout) + " carries " + rate_text(winner.carries);
}

std::vector<Leaders> screen(const PlanStudy& study, std::vector<PlannedChain>& chains, Prober& prober) {
  ask_bounds(study, chains, prober);
  std::vector<Leaders> leaders(chains.size());
  std::vector<std::optional<Screening>> screenings(chains.size());
  std::vector<HeatSource> sources;
  for (std::size_t i = 0; i < chains.size(); ++i)
    sources.emplace_back([&, i](const Heat* before) {
      if (!screenings[i]) screenings[i].emplace(study, chains[i], leaders[i], prober);
      return screenings[i]->next(before);
    });
  run_heats(prober, sources);
  return leaders;
}

}  // namespace switchyard
