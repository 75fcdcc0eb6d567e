// Up or down by steps until one rate is met and a higher one missed, then by halves of their ratio.
#include "sim/study/plan/race.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/ensure.hpp"

namespace switchyard {

Race::Race(const Options& options, std::size_t entrants)
    : options_(options),
      entrants_(entrants, Entrant{0.0, options.ceiling}),
      rate_(std::max(options.least, std::min(options.start, options.ceiling / options.step))),
      done_(entrants == 0) {
  if (done_) return;
  if (options_.floor > 0.0) rate_ = options_.floor;
  line_up();
  if (runners_.empty()) choose_rate();
}

double Race::carries_not() const {
  double most = 0.0;
  for (const Entrant& entrant : entrants_) most = std::max(most, entrant.missed);
  return most;
}

void Race::tell(const std::vector<bool>& met) {
  ensure(met.size() == runners_.size(), "every runner of a race has a result");
  for (std::size_t i = 0; i < met.size(); ++i) {
    Entrant& entrant = entrants_[runners_[i]];
    (met[i] ? entrant.met : entrant.missed) = rate_;
    if (met[i]) met_ = std::max(met_, rate_);
  }
  choose_rate();
}

/// Whoever's miss is the highest always runs: what it met is below every rate chosen here.
void Race::choose_rate() {
  const double missed = carries_not(), least = std::max(options_.least, options_.floor);
  done_ = met_ > 0.0 ? missed <= met_ * options_.tolerance : missed <= least;
  runners_.clear();
  if (done_) return;
  const double up = met_ * options_.step, down = missed / (options_.step * options_.step);
  if (met_ == 0.0) rate_ = std::max(least, down);
  else rate_ = up < missed ? up : std::sqrt(met_ * missed);
  line_up();
}

/// Whoever may carry the rate, for all that is known.
void Race::line_up() {
  runners_.clear();
  for (std::size_t i = 0; i < entrants_.size(); ++i)
    if (entrants_[i].met < rate_ && entrants_[i].missed > rate_) runners_.push_back(i);
}

std::vector<std::size_t> Race::leaders() const {
  std::vector<std::size_t> leaders;
  if (met_ == 0.0) return leaders;
  for (std::size_t i = 0; i < entrants_.size(); ++i)
    if (entrants_[i].missed * options_.margin > met_) leaders.push_back(i);
  std::stable_sort(leaders.begin(), leaders.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(entrants_[b].met, entrants_[b].missed) <
           std::pair(entrants_[a].met, entrants_[a].missed);
  });
  return leaders;
}

}  // namespace switchyard
