// Alarms in exact order, one SimGrid timer for the next.
#include "sim/engine/clock.hpp"

#include <algorithm>
#include <simgrid/kernel/Timer.hpp>
#include <simgrid/s4u/Engine.hpp>

namespace switchyard {

using simgrid::kernel::timer::Timer;

Clock::Clock() : origin_(simgrid::s4u::Engine::get_clock()), seen_(origin_) {}

Clock::~Clock() { disarm(); }

Seconds Clock::now() {
  const double shown = simgrid::s4u::Engine::get_clock();
  if (shown != seen_) {
    seen_ = shown;
    date_ = std::max(date_, Seconds(shown - origin_));
  }
  return date_;
}

Clock::AlarmId Clock::set_alarm(Seconds date, std::function<void()> action) {
  const AlarmId alarm(date, set_++);
  alarms_.emplace(alarm, std::move(action));
  arm();
  return alarm;
}

void Clock::cancel(const AlarmId& alarm) {
  if (alarms_.erase(alarm) > 0) arm();
}

void Clock::go_off() {
  timer_ = nullptr;
  seen_ = simgrid::s4u::Engine::get_clock();
  date_ = std::max(date_, armed_);
  while (!alarms_.empty() && alarms_.begin()->first.first <= armed_) {
    const auto action = std::move(alarms_.begin()->second);
    alarms_.erase(alarms_.begin());
    action();
  }
  arm();
}

/// Sets the timer for the first alarm.
void Clock::arm() {
  if (timer_ && (alarms_.empty() || alarms_.begin()->first.first != armed_)) disarm();
  if (timer_ || alarms_.empty()) return;
  armed_ = alarms_.begin()->first.first;
  const double date = std::max(origin_ + armed_.value(), simgrid::s4u::Engine::get_clock());
  timer_ = Timer::set(date, [this] { go_off(); });
}

void Clock::disarm() {
  if (timer_) timer_->remove();
  timer_ = nullptr;
}

}  // namespace switchyard
