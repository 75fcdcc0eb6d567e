// What requests take at least on one deployment, alone and together.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/collectives/collective.hpp"
#include "sim/plan/memory_fit.hpp"
#include "sim/record/metrics.hpp"
#include "sim/scenario.hpp"
#include "sim/study/bound/least_work.hpp"

namespace switchyard {

struct RequestLengths {
  std::int64_t prompt = 1, output = 1;
  double arrival = 0.0;  // in seconds if one request a second arrived; 0 without a rate
};

class RequestBound {
 public:
  /// `requests`: those that will be served, at least one; they must outlive this. The others as least_work().
  RequestBound(const Scenario& scenario, const MemoryFit& memory, std::span<const RequestLengths> requests,
               const LeastCosts& costs, std::span<const Collective> all_reduces);

  struct Times {
    Seconds ttft, tpot;  // tpot 0 of a single output token
    Seconds e2el(const RequestLengths& request) const {
      return ttft + tpot * static_cast<double>(request.output - 1);
    }
  };
  /// The least of each of the requests.
  const std::vector<Times>& least() const { return least_; }
  Seconds tpot(const RequestLengths& request) const;

  /// Completed requests over the run's duration, at most, of all replicas.
  double rate() const;
  /// Requests over the time that the replicas work on them, at most, of a run where so much of them meet the
  /// slo's bounds on tpot as its statistics ask for.
  double rate_within(const Slo& slo) const;
  /// Arrivals a second at most of a run that meets the slo; infinite where nothing says so.
  double offered_rate_within(const Slo& slo) const;

 private:
  /// How much there is of everything in all requests together.
  struct Totals {
    double requests = 0.0, prompts = 0.0, decodes = 0.0, outputs = 0.0, contexts = 0.0;
    std::vector<double> keys, pairs;  // of each of work_.attentions: read by decodes, seen in prompts
  };
  Totals totals() const;
  Totals totals_of_least(double requests) const;
  Seconds ttft(const RequestLengths& request) const;
  double most_sequences() const;                 // of a rank, in one step
  double least_rounds(const Totals& all) const;  // steps that sample, of all replicas together
  double rounds_within(const Slo& slo) const;    // when a run meets it
  /// All replicas' steps together, when at least so many of them sample.
  Seconds time(const Totals& all, double rounds) const;
  Seconds time_of_tokens(const Totals& all, double rounds) const;
  Seconds time_of_prompts(const Totals& all) const;
  Seconds time_of_head(const Totals& all) const;
  /// One of several lower bounds of a decoded token's time, of which the largest holds: its `tokens` and, of
  /// each of work_.attentions, the largest of some lines.
  struct Decode {
    Seconds tokens;
    std::vector<LeastLines> attentions;
  };
  std::vector<Decode> decodes() const;
  Seconds decode_of(const std::vector<double>& keys) const;
  struct Done;  // requests that are done by some date
  std::vector<Done> done_within(const Slo& slo) const;
  /// Of all requests when all replicas' steps last so long.
  double rate(double requests, Seconds time) const;
  /// The most sequences of a rank that may decode together if their steps are to last at most `limit` on
  /// average; 0: none.
  double most_together(Seconds limit) const;
  Seconds decode_step(double sequences) const;

  const Scenario& scenario_;
  const MemoryFit& memory_;
  std::span<const RequestLengths> requests_;
  double ranks_ = 1.0, stages_ = 1.0;
  MostSizes most_;
  LeastWork work_;
  bool preempts_ = false;  // it may
  bool apart_ = false;     // prompts and decodes never share a step
  std::vector<Decode> decodes_;
  Seconds around_decode_;     // what else a token of a sequence takes, whatever its context
  std::vector<Times> least_;  // by request
  Totals totals_;
};

}  // namespace switchyard
