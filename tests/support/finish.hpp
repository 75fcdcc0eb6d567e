// How a program ended, and the memory it took.
#pragma once

#include <string>

namespace switchyard {

struct Finish {
  int status = 0;
  double peak_mib = 0.0;
};

/// Runs a line of the shell and waits for it. Throws std::runtime_error when it was killed. Its peak is that
/// of the shell, so the line should end in `exec`.
Finish run_to_finish(const std::string& line);

}  // namespace switchyard
