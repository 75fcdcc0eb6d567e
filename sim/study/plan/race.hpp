// The most load that the best of several layouts carries: bisection on the rate, those that fall behind
// dropping out (successive halving). It decides on what was met and missed alone, so any order of simulating
// gives the same.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace switchyard {

class Race {
 public:
  struct Options {
    double start = 1.0;      // the first rate, requests per second
    double step = 2.0;       // from a rate that is met to the next
    double tolerance = 1.1;  // ends when what is missed is at most so many times what is met
    double margin = 1.1;     // an entrant that missed less than so many times the best one's load stays
    double least = 1e-2;     // a rate that nobody meets below is none
    double floor = 0.0;      // entrants that do not carry so much are of no interest; the first rate, if any
    double ceiling = std::numeric_limits<double>::infinity();  // a rate that none is said to carry
  };

  Race(const Options& options, std::size_t entrants);

  bool done() const { return done_; }
  /// The rate to try next, and who tries it.
  double rate() const { return rate_; }
  const std::vector<std::size_t>& runners() const { return runners_; }
  /// Whether each of runners() met the SLO.
  void tell(const std::vector<bool>& met);

  /// The best's: met, and missed by all. 0 when nobody met any rate.
  double carries() const { return met_; }
  double carries_not() const;
  double carries(std::size_t entrant) const { return entrants_[entrant].met; }
  double carries_not(std::size_t entrant) const { return entrants_[entrant].missed; }
  /// Those within the margin of the best, the best first; empty when nobody met any rate.
  std::vector<std::size_t> leaders() const;

 private:
  struct Entrant {
    double met = 0.0, missed;
  };

  void choose_rate();
  void line_up();

  Options options_;
  std::vector<Entrant> entrants_;
  double met_ = 0.0;
  double rate_;
  std::vector<std::size_t> runners_;
  bool done_ = false;
};

}  // namespace switchyard
