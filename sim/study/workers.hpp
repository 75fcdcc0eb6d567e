// Tasks in processes of their own, several at once: a simulation needs a fresh process, and one that crashes
// harms no other.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace switchyard {

class Workers {
 public:
  using Work = std::function<std::string(std::uint64_t task)>;

  struct Ended {
    std::uint64_t task;
    std::optional<std::string> text;  // what the work returned; none when its process died
    std::string failure;              // then "signal 11" or "exit status 1"
  };

  /// At most `jobs` at once. `work` runs in a fork of this process, which must have no thread and no engine.
  Workers(std::size_t jobs, Work work);
  /// Kills what still runs. Processes also die with this one.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  bool full() const { return running_.size() >= jobs_; }
  bool idle() const { return running_.empty(); }
  std::size_t running() const { return running_.size(); }

  /// Throws std::system_error when the system gives no process.
  void start(std::uint64_t task);
  /// Waits until something ends, a signal comes, or the time is over. A task that a signal ends is started
  /// once more before it is reported.
  std::vector<Ended> wait(std::chrono::milliseconds longest);

 private:
  struct Child {
    std::uint64_t task;
    pid_t process;
    int pipe;
    int attempt;
    std::string text;
  };

  void start(std::uint64_t task, int attempt);
  [[noreturn]] void work_and_exit(std::uint64_t task, int pipe, pid_t parent) const;
  /// False at the end of the child's text.
  static bool read_some(Child& child);
  std::optional<Ended> end(Child child);

  std::size_t jobs_;
  Work work_;
  std::vector<Child> running_;
};

}  // namespace switchyard
