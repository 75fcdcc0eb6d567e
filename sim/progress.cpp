// Signals and the progress line.
#include "sim/progress.hpp"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>

namespace switchyard {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void remember_interrupt(int) {
  interrupted = 1;
  std::signal(SIGINT, SIG_DFL);
}

}  // namespace

Interruption::Interruption() {
  interrupted = 0;
  std::signal(SIGINT, remember_interrupt);
}

Interruption::~Interruption() { std::signal(SIGINT, SIG_DFL); }

void Interruption::poll() {
  if (interrupted != 0) source_.request_stop();
}

std::function<void(const ServingProgress&)> progress_line(std::uint64_t expected,
                                                          Interruption& interruption) {
  using Clock = std::chrono::steady_clock;
  const bool terminal = isatty(STDERR_FILENO) == 1;
  return [expected, &interruption, terminal, last = Clock::now()](const ServingProgress& progress) mutable {
    interruption.poll();
    if (!terminal || Clock::now() - last < std::chrono::milliseconds(100)) return;
    last = Clock::now();
    if (expected > 0)
      std::fprintf(stderr, "\r\033[K%llu of %llu requests",
                   static_cast<unsigned long long>(progress.finished),
                   static_cast<unsigned long long>(expected));
    else std::fprintf(stderr, "\r\033[K%llu requests", static_cast<unsigned long long>(progress.finished));
    std::fprintf(stderr, ", %.1f s simulated", progress.clock.value());
    std::fflush(stderr);
  };
}

void clear_progress_line() {
  if (isatty(STDERR_FILENO) == 1) std::fputs("\r\033[K", stderr);
}

}  // namespace switchyard
