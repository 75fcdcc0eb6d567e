// A replica: one engine with its attention data-parallel ranks in lockstep. Its life is one loop: wait for
// work, plan a step, spend its timetable, commit it.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "sim/serving/clients.hpp"
#include "sim/serving/link_tally.hpp"
#include "sim/serving/rank_queue.hpp"
#include "sim/serving/serve.hpp"

namespace switchyard {

class Replica {
 public:
  Replica(std::uint32_t index, const ServingSpec& spec, Clients& clients, RunLog& log, std::stop_token stop);

  /// The main loop, an actor's body. `watch` is called after every commit.
  void run(Actor& actor, const std::function<void()>& watch);

  /// Delivers a request, which the replica sees at the end of the step in progress.
  void deliver(const Sequence& sequence, std::uint32_t rank);
  /// No more requests will come.
  void close();
  /// Loads as the dispatcher sees them, one per rank, appended.
  void append_loads(std::vector<TargetLoad>& loads) const;

  const RoutingTally& routing() const { return routing_; }
  /// On each link by the steps that were measured: bytes over efficiency.
  std::span<const Bytes> link_bytes() const { return links_.total(); }
  Seconds now() const { return now_; }

 private:
  struct Letter {
    Sequence sequence;
    std::uint32_t rank = 0;
  };

  /// When the scheduler may see it: the front end has had its time.
  Seconds seen(const Letter& letter) const { return letter.sequence.submitted + spec_.request_time; }
  bool wait_for_work(Actor& actor);
  void plan();
  void spend(Actor& actor);
  void spend_alone(Actor& actor);
  void spend_sharing(Actor& actor);
  void spend_by_phase(Actor& actor);
  /// A step that ends then, after having `waited` for links that others used.
  void note_step(Seconds end, Seconds waited, Breakdown breakdown);
  /// Whether collectives are spent one by one.
  bool by_phase() const;
  void commit();
  StepRow row_of_batches(Seconds start) const;

  void read_letters();
  void look_ahead(std::int64_t steps);
  std::size_t steps_begun_by(Seconds date) const;
  void abandon();

  std::uint32_t index_;
  const ServingSpec& spec_;
  Clients& clients_;
  RunLog& log_;
  std::stop_token stop_;
  StepTimer& timer_;
  std::vector<RankQueue> ranks_;
  std::deque<Letter> letters_;             // by date
  std::vector<std::int64_t> undelivered_;  // letters by rank
  Bell bell_;
  bool closed_ = false;
  bool ended_ = false;  // what is delivered now will not be served: the run was interrupted
  Seconds now_;         // the end of the last step committed, by the replica's own exact sums
  Seconds settled_;     // when the step to be planned was settled: who was seen by then is in it
  RoutingTally routing_;

  // The step or run of steps in progress.
  std::vector<RankBatch> batches_;
  std::int64_t repeats_ = 1;   // steps until the batch changes
  std::vector<Seconds> ends_;  // of the steps timed so far
  std::vector<Breakdown> breakdowns_;
  std::vector<RoutingSpread> spreads_;  // empty when nothing routes
  std::vector<Letter> finished_;        // scratch
  LinkTally links_;                     // of the steps timed so far, and of those measured
  std::vector<LinkLoad> loads_;         // scratch
};

}  // namespace switchyard
