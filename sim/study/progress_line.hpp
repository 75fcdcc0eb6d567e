// How far a study is, on stderr: one line that is rewritten on a terminal, lines now and then in a log.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>

namespace switchyard {

class ProgressLine {
 public:
  enum class Form { rewritten, log };
  using Clock = std::chrono::steady_clock;

  /// On stderr: rewritten where that is a terminal, else a log.
  ProgressLine();
  /// `now` replaces the clock in tests.
  ProgressLine(std::ostream& out, Form form, std::function<Clock::time_point()> now);
  /// A rewritten line leaves nothing behind.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// "screening: 12 simulations"; an empty phase has no name. A rewritten line shows the
  /// first state and then ten a second; a log the first of every named phase, and then one a minute.
  void show(const std::string& phase, const std::string& state);

 private:
  bool is_due(const std::string& phase);

  std::ostream& out_;
  Form form_;
  std::function<Clock::time_point()> now_;
  Clock::time_point last_;  // when something was written, or the beginning
  std::string phase_;
  bool written_ = false;
};

}  // namespace switchyard
