// Rows on demand: fresh for every sequence, the same when asked again, and of the bank's kind.
#include "workloads/routing/exact_rows.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "workloads/routing/bank.hpp"

using namespace switchyard;

namespace {

Architecture model() {
  Architecture result;
  result.name = "test";
  result.hidden_size = 512;
  Layer layer;
  layer.moe = MoeFfn{};
  layer.moe->router = "softmax_topk_renorm";
  layer.moe->gate.num_experts = 32;
  layer.moe->gate.num_experts_per_tok = 4;
  result.layers.assign(2, layer);
  return result;
}

RoutingPreset preset(const char* name = "mixtral-8x7b") { return read_routing_preset(name, "test"); }

using Row = std::vector<std::uint16_t>;
Row row(ExactRows& rows, std::uint32_t sequence, std::uint64_t position) {
  const std::uint16_t* first = rows.row(sequence, position, false);
  return {first, first + 8};
}

}  // namespace

TEST_CASE("Every sequence has rows of its own, and a row that is asked for again is the same") {
  ExactRows rows(GateStack(model(), preset(), 1), {64, 64}, 5, 4);
  std::set<Row> seen;
  for (std::uint32_t sequence = 0; sequence < 50; ++sequence)
    for (std::uint64_t position = 0; position < 100; ++position) seen.insert(row(rows, sequence, position));
  CHECK(seen.size() > 4900);
  const Row first = row(rows, 7, 3);
  for (std::uint32_t sequence = 100; sequence < 200; ++sequence) row(rows, sequence, 0);
  CHECK(row(rows, 7, 3) == first);
}

TEST_CASE("Exact rows load the experts of every domain as the bank's do") {
  RoutingPreset skewed = preset("random");
  skewed.domains = 2;
  skewed.domain_share = 0.2;
  skewed.token_share = 0.3;
  const RoutingBank bank(model(), skewed, 1), exact(model(), skewed, 1, Choice::exact);
  for (const std::uint32_t domain : {0u, 1u}) {
    ExpertCounts pooled = bank.empty_counts(), fresh = bank.empty_counts();
    bank.add({domain, 0, 8192}, pooled);
    for (std::uint32_t sequence = 0; sequence < 128; ++sequence)
      exact.add({2 * sequence + domain, 0, 64}, fresh);
    double apart = 0.0, rows = 0.0;
    for (std::size_t i = 0; i < pooled.counts.size(); ++i) {
      apart += std::abs(static_cast<double>(pooled.counts[i]) - static_cast<double>(fresh.counts[i]));
      rows += pooled.counts[i];
    }
    CHECK(apart / rows < 0.06);
    ExpertCounts other = bank.empty_counts();
    bank.add({1 - domain, 0, 8192}, other);
    double domains_apart = 0.0;
    for (std::size_t i = 0; i < other.counts.size(); ++i)
      domains_apart += std::abs(static_cast<double>(other.counts[i]) - static_cast<double>(fresh.counts[i]));
    CHECK(domains_apart / rows > 0.3);
  }
}

TEST_CASE("Tokens that stand alone are of other sequences, of the same domain") {
  ExactRows rows(GateStack(model(), preset(), 1), {64, 64}, 5, 4);
  std::set<Row> seen;
  for (std::uint32_t sequence = 0; sequence < 3000; ++sequence) {
    const std::uint16_t* first = rows.row(sequence, 0, true);
    seen.insert({first, first + 8});
  }
  CHECK(seen.size() > 2900);
}
