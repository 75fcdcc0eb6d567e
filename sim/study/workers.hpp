// Tasks in processes of their own, several at once: a simulation needs a fresh process, and one that crashes
// harms no other.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "sim/study/crew.hpp"

namespace switchyard {

class Workers : public Crew {
 public:
  /// At most `jobs` at once. The work runs in a fork of this process, which must have no thread and no
  /// engine.
  Workers(std::size_t jobs, Work work);
  Workers(std::size_t jobs, std::function<std::string(std::uint64_t task)> answer);
  /// Kills what still runs. Processes also die with this one.
  ~Workers() override;
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  bool full() const override { return running_.size() >= jobs_; }
  std::size_t running() const override { return running_.size(); }
  void start(std::uint64_t task) override;
  std::vector<Ended> wait(std::chrono::milliseconds longest) override;

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
