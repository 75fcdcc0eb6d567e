// Transfers one by one, against closed forms.
#include <catch2/catch.hpp>
#include <vector>

#include "sim/engine/engine.hpp"
#include "tests/support/clusters.hpp"
#include "tests/support/in_child.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

Bytes megabytes(double count) { return Bytes(count * 1e6); }

struct Move {
  Seconds begin, alone;
  std::vector<Transfer> transfers;
};

/// How long each took, one actor a move.
std::vector<double> move(const std::vector<Move>& moves) {
  return in_child([&] {
    const LinkGraph graph(round_cluster(2, 4));
    Engine engine(graph, Fidelity::flow);
    std::vector<double> took(moves.size());
    for (std::size_t i = 0; i < moves.size(); ++i)
      engine.add_actor("actor", [&, i](Actor& actor) {
        actor.sleep_until(moves[i].begin);
        const LinkLoad any{0, Bytes(1.0)};
        const PhaseLoad load{std::span(&any, 1), Bytes(1.0), moves[i].transfers};
        took[i] = actor.move({Seconds(0.0), Seconds(0.0), moves[i].alone, Seconds(0.0), std::span(&load, 1)})
                      .value();
      });
    engine.run();
    return took;
  });
}

}  // namespace

TEST_CASE("A flow alone takes its bytes over the narrowest link of its route", "[engine]") {
  CHECK(move({{0_s, 0_s, {{0, 1, megabytes(400)}}}})[0] == Approx(1e-3).epsilon(1e-9));  // NVLink
  CHECK(move({{0_s, 0_s, {{0, 4, megabytes(50)}}}})[0] == Approx(1e-3).epsilon(1e-9));   // NICs
}

TEST_CASE("Flows of different actors share a NIC, and go on alone when the other has ended", "[engine]") {
  const auto took = move({{0_s, 0_s, {{0, 4, megabytes(50)}}}, {0_s, 0_s, {{0, 5, megabytes(100)}}}});
  CHECK(took[0] == Approx(2e-3).epsilon(1e-9));
  CHECK(took[1] == Approx(3e-3).epsilon(1e-9));
}

TEST_CASE("A transfer of many flows ends with its last, and not before its own time", "[engine]") {
  const std::vector<Transfer> transfers{
      {0, 4, megabytes(50)}, {1, 5, megabytes(100)}, {2, 3, megabytes(400)}};
  CHECK(move({{0_s, 0_s, transfers}})[0] == Approx(2e-3).epsilon(1e-9));
  CHECK(move({{0_s, 5_ms, transfers}})[0] == Approx(5e-3).epsilon(1e-12));
}
