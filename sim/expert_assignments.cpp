// A run is summed from its log: how often each token of the bank was visited, then one pass over the bank.
// The simulation itself counts nothing for it.
#include "sim/expert_assignments.hpp"

#include <algorithm>
#include <numeric>

#include "sim/serving/serve.hpp"

namespace switchyard {
namespace {

Assignments nothing(const RoutingBank& bank) {
  Assignments assignments;
  for (std::int64_t layer = 0; layer < bank.moe_layers(); ++layer)
    assignments.emplace_back(static_cast<std::size_t>(bank.gate(layer).num_experts), 0);
  return assignments;
}

void add_domain(const RoutingBank& bank, std::int64_t domain, Assignments& assignments) {
  const ExpertCounts counts = bank.counts_of_domain(domain);
  for (std::size_t layer = 0; layer < assignments.size(); ++layer) {
    const auto row = counts.layer(static_cast<std::int64_t>(layer));
    for (std::size_t e = 0; e < assignments[layer].size(); ++e) assignments[layer][e] += row[e];
  }
}

std::int64_t computed_tokens(const RequestRow& row) {
  const bool counts = !row.warmup && row.outcome != Outcome::rejected && row.generated_tokens > 0;
  return counts ? row.prompt_tokens + row.generated_tokens - 1 : 0;
}

/// Visits of the tokens of one domain's ring.
class Ring {
 public:
  Ring(const RoutingBank& bank, std::int64_t domain)
      : first_stream_(bank.first_stream(domain)), changes_(bank.ring_length(domain)) {}

  void visit(std::uint64_t place, std::uint64_t tokens) {
    turns_ += tokens / changes_.size();
    const std::uint64_t end = place + tokens % changes_.size();
    open(place, std::min<std::uint64_t>(end, changes_.size()));
    if (end > changes_.size()) open(0, end - changes_.size());
  }

  /// By place.
  std::vector<std::uint64_t> visits() const {
    std::vector<std::uint64_t> sums;
    std::int64_t opened = 0;
    for (const std::int64_t change : changes_) {
      opened += change;
      sums.push_back(turns_ + static_cast<std::uint64_t>(opened));
    }
    return sums;
  }

  std::uint32_t first_stream() const { return first_stream_; }

 private:
  void open(std::uint64_t first, std::uint64_t end) {
    ++changes_[first];
    if (end < changes_.size()) --changes_[end];
  }

  std::uint32_t first_stream_;
  std::vector<std::int64_t> changes_;  // of the number of runs that are open, at each place
  std::uint64_t turns_ = 0;            // whole ones
};

void add_visits(const RoutingBank& bank, const Ring& ring, Assignments& assignments) {
  const std::vector<std::uint64_t> visits = ring.visits();
  for (std::size_t place = 0; place < visits.size(); ++place) {
    if (visits[place] == 0) continue;
    for (std::size_t layer = 0; layer < assignments.size(); ++layer) {
      // Past the end of the ring's first stream its others go on.
      const auto experts = bank.experts_of(ring.first_stream(), place, static_cast<std::int64_t>(layer));
      for (const std::uint16_t expert : experts) assignments[layer][expert] += visits[place];
    }
  }
}

Assignments walked(const RoutingBank& bank, std::uint64_t seed, const RunLog& log) {
  std::vector<Ring> rings;
  for (std::int64_t domain = 0; domain < bank.domains(); ++domain) rings.emplace_back(bank, domain);
  log.for_each_request([&](const RequestRow& row) {
    const std::int64_t tokens = computed_tokens(row);
    if (tokens == 0) return;
    TokenRun start = place_in_bank(bank, seed, row.id);
    start.stream = bank.stream_of(start);
    rings[static_cast<std::size_t>(bank.domain_of(start.stream))].visit(bank.place_of(start),
                                                                        static_cast<std::uint64_t>(tokens));
  });
  Assignments assignments = nothing(bank);
  for (const Ring& ring : rings) add_visits(bank, ring, assignments);
  return assignments;
}

Assignments dealt_evenly(const RoutingBank& bank) {
  Assignments assignments = nothing(bank);
  for (std::vector<std::uint64_t>& row : assignments) std::fill(row.begin(), row.end(), 1);
  return assignments;
}

}  // namespace

std::int64_t domains_in_use(const RoutingBank& bank) {
  return std::min<std::int64_t>(bank.domains(), bank.streams());
}

Assignments assignments_in_bank(const RoutingBank& bank) {
  Assignments assignments = nothing(bank);
  for (std::int64_t domain = 0; domain < domains_in_use(bank); ++domain)
    add_domain(bank, domain, assignments);
  return assignments;
}

Assignments assignments_in_domain(const RoutingBank& bank, std::int64_t domain) {
  Assignments assignments = nothing(bank);
  add_domain(bank, domain, assignments);
  return assignments;
}

Assignments assignments_served(const Scenario& scenario, const RoutingBank& bank, const RunLog& log) {
  return scenario.routing.mode == "balanced" ? dealt_evenly(bank) : walked(bank, scenario.seed, log);
}

RelativeLoads relative_to_mean(const Assignments& assignments) {
  RelativeLoads loads;
  for (const std::vector<std::uint64_t>& row : assignments) {
    const std::uint64_t sum = std::accumulate(row.begin(), row.end(), std::uint64_t{0});
    std::vector<double>& load = loads.emplace_back(row.size(), 0.0);
    if (sum == 0) continue;
    const double mean = static_cast<double>(sum) / static_cast<double>(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) load[i] = static_cast<double>(row[i]) / mean;
  }
  return loads;
}

std::vector<std::int64_t> moe_layer_indices(const Architecture& model) {
  std::vector<std::int64_t> indices;
  const Architecture part = prompt_part(model);
  for (std::size_t layer = 0; layer < part.layers.size(); ++layer)
    if (part.layers[layer].moe) indices.push_back(static_cast<std::int64_t>(layer));
  return indices;
}

}  // namespace switchyard
