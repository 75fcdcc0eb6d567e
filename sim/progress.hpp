// What a long run shows on a terminal, and Ctrl-C that leaves what was finished.
#pragma once

#include <functional>
#include <stop_token>

#include "sim/serving/serve.hpp"

namespace switchyard {

/// Turns SIGINT into a stop request while it lives; a second SIGINT kills. The engine keeps our handler.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  std::stop_token token() const { return source_.get_token(); }
  /// Passes a signal that has come on to the token: call it now and then.
  void poll();

 private:
  std::stop_source source_;
};

/// A line on stderr, at most ten times a second, when it is a terminal; else silent.
std::function<void(const ServingProgress&)> progress_line(std::uint64_t expected, Interruption& interruption);
void clear_progress_line();

}  // namespace switchyard
