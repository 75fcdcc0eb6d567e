// A carriage return and "erase to the end of the line" (ECMA-48, EL), or whole lines.
#include "sim/study/progress_line.hpp"

#include <unistd.h>

#include <iostream>
#include <utility>

namespace switchyard {
namespace {

constexpr std::chrono::minutes kSilence{1};
constexpr const char* kErase = "\r\033[K";

}  // namespace

ProgressLine::ProgressLine()
    : ProgressLine(std::cerr, isatty(STDERR_FILENO) == 1 ? Form::rewritten : Form::log, Clock::now) {}

ProgressLine::ProgressLine(std::ostream& out, Form form, std::function<Clock::time_point()> now)
    : out_(out), form_(form), now_(std::move(now)), last_(now_()) {}

ProgressLine::~ProgressLine() {
  if (form_ == Form::rewritten && written_) out_ << kErase << std::flush;
}

void ProgressLine::show(const std::string& phase, const std::string& state) {
  const std::string text = phase.empty() ? state : phase + ": " + state;
  if (form_ == Form::rewritten) out_ << kErase << text << std::flush;
  else if (is_due(phase)) out_ << text << std::endl;
  else return;
  written_ = true;
}

bool ProgressLine::is_due(const std::string& phase) {
  const Clock::time_point now = now_();
  if (phase == phase_ && now - last_ < kSilence) return false;
  phase_ = phase;
  last_ = now;
  return true;
}

}  // namespace switchyard
