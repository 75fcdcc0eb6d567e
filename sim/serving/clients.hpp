// The clients: they send requests, open loop or closed, through the dispatcher, and keep the account of what
// became of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim/engine/engine.hpp"
#include "sim/serving/serve.hpp"

namespace switchyard {

class Replica;

class Clients {
 public:
  Clients(const ServingSpec& spec, const Traffic& traffic, RunLog& log, std::stop_token stop);

  /// The replicas that requests go to, before run().
  void connect(std::vector<Replica*> replicas) { replicas_ = std::move(replicas); }
  /// The body of the clients' actor: warm-ups, then the rest; closes the replicas at the end.
  void run(Actor& actor);
  /// A replica reports a finished sequence; in the closed loop the next request is sent at that moment.
  void finished(const Sequence& sequence, std::uint32_t replica, std::uint32_t rank, Seconds date);
  /// An interrupted run: the sequence will not finish.
  void abandoned(const Sequence& sequence, std::uint32_t replica, std::uint32_t rank);

  /// Date of the next arrival that is known; nothing arrives before it but what a completion sends. Only
  /// spares work.
  std::optional<Seconds> next_arrival() const { return next_arrival_; }
  /// Warm-ups are under way: what happens now is left out of the figures.
  bool warming_up() const { return warming_up_; }
  std::uint64_t submitted() const { return submitted_; }
  std::uint64_t finished_count() const { return finished_; }

 private:
  void send_warmups(Actor& actor);
  void send_open_loop(Actor& actor);
  void send_closed_loop(Actor& actor);
  bool send_next(Seconds date);
  /// False when it was rejected.
  bool submit(const Request& request, Seconds date);
  bool fits(const Request& request) const;
  void wait_until_all_finished(Actor& actor);

  const ServingSpec& spec_;
  const Traffic& traffic_;
  RunLog& log_;
  std::stop_token stop_;
  std::vector<Replica*> replicas_;
  std::vector<TargetLoad> targets_;  // scratch
  Bell idle_;                        // rings when nothing is outstanding
  std::int64_t left_in_phase_ = 0;   // closed loop: requests that completions may still send
  bool warming_up_ = false;
  bool resend_ = false;  // a completion sends the next request
  std::uint64_t submitted_ = 0, finished_ = 0, dispatched_ = 0;
  std::optional<Seconds> next_arrival_;
  Seconds measured_from_;
};

}  // namespace switchyard
