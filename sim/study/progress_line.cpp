// A carriage return and "erase to the end of the line" (ECMA-48, EL), or whole lines.
#include "sim/study/progress_line.hpp"

#include <unistd.h>

#include <iostream>
#include <utility>

namespace switchyard {
namespace {

constexpr std::chrono::milliseconds kRewriteEvery{100};
constexpr std::chrono::minutes kWriteEvery{1};
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
  if (!is_due(phase)) return;
  const std::string text = phase.empty() ? state : phase + ": " + state;
  if (form_ == Form::rewritten) out_ << kErase << text << std::flush;
  else out_ << text << std::endl;
  written_ = true;
}

bool ProgressLine::is_due(const std::string& phase) {
  const bool rewrites = form_ == Form::rewritten;
  const Clock::duration pause = rewrites ? Clock::duration(kRewriteEvery) : Clock::duration(kWriteEvery);
  const Clock::time_point now = now_();
  const bool first = rewrites && !written_;
  if (!first && phase == phase_ && now - last_ < pause) return false;
  phase_ = phase;
  last_ = now;
  return true;
}

}  // namespace switchyard
