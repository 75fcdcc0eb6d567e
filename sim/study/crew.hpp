// Who does the work of a study: processes of this machine (workers.hpp), or the ranks that mpirun started
// (ranks.hpp).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace switchyard {

/// What is to be done with a task, a number.
struct Work {
  std::function<std::string(std::uint64_t task)> answer;  // in a process of its own
  std::function<void(std::uint64_t task)> prepare =
      {};  // before, in the process that is forked; none: nothing
};

class Crew {
 public:
  struct Ended {
    std::uint64_t task;
    std::optional<std::string> text;  // what the work answered; none when its process died
    std::string failure;              // then "signal 11" or "exit status 1"
  };

  virtual ~Crew() = default;

  virtual bool full() const = 0;
  virtual std::size_t running() const = 0;
  bool idle() const { return running() == 0; }

  /// Not when full. Throws std::system_error when the system gives no process.
  virtual void start(std::uint64_t task) = 0;
  /// Waits until something ends, a signal comes, or the time is over. A task that a signal ends is started
  /// once more before it is reported.
  virtual std::vector<Ended> wait(std::chrono::milliseconds longest) = 0;
};

}  // namespace switchyard
