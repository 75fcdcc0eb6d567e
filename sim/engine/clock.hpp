// Dates of one engine, from 0: SimGrid's clock goes on from one engine of a process to the next, and is
// rounded on the way. Alarms are kept here in exact order (equal dates: first set, first woken); SimGrid has
// a timer for the next one only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "sim/base/units.hpp"

namespace simgrid::kernel::timer {
class Timer;
}  // namespace simgrid::kernel::timer

namespace switchyard {

class Clock {
 public:
  Clock();
  ~Clock();
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;

  /// The date of the alarm that went off last, or what SimGrid's clock shows when it has gone on since.
  Seconds now();

  using AlarmId = std::pair<Seconds, std::uint64_t>;
  AlarmId set_alarm(Seconds date, std::function<void()> action);
  /// Nothing when it has gone off.
  void cancel(const AlarmId& alarm);

 private:
  void go_off();
  void arm();
  void disarm();

  double origin_;  // on SimGrid's clock
  double seen_;    // SimGrid's clock when date_ was found
  Seconds date_;
  std::uint64_t set_ = 0;
  std::map<AlarmId, std::function<void()>> alarms_;
  simgrid::kernel::timer::Timer* timer_ = nullptr;
  Seconds armed_;  // the timer's date
};

}  // namespace switchyard
