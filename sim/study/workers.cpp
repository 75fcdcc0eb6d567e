// fork, a pipe for the answer, poll and waitpid.
#include "sim/study/workers.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace switchyard {
namespace {

/// The status of a worker that could not answer.
constexpr int kBroken = 70;

int status_of(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
  return status;
}

bool write_whole(int pipe, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = write(pipe, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    done += static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

Workers::Workers(std::size_t jobs, Work work) : jobs_(jobs), work_(std::move(work)) {}

Workers::Workers(std::size_t jobs, std::function<std::string(std::uint64_t task)> answer)
    : Workers(jobs, Work{std::move(answer)}) {}

Workers::~Workers() {
  for (const Child& child : running_) kill(child.process, SIGKILL);
  for (const Child& child : running_) {
    status_of(child.process);
    close(child.pipe);
  }
}

void Workers::start(std::uint64_t task) {
  if (work_.prepare) work_.prepare(task);
  start(task, 1);
}

void Workers::start(std::uint64_t task, int attempt) {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "a pipe to a worker");
  const pid_t parent = getpid();
  const pid_t process = fork();
  if (process == 0) work_and_exit(task, ends[1], parent);
  const int error = errno;
  close(ends[1]);
  if (process < 0) {
    close(ends[0]);
    throw std::system_error(error, std::generic_category(), "a process for a worker (fewer --jobs may do)");
  }
  running_.push_back({task, process, ends[0], attempt, {}});
}

void Workers::work_and_exit(std::uint64_t task, int pipe, pid_t parent) const {
  signal(SIGINT, SIG_IGN);  // Ctrl-C reaches the whole group; the parent decides
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kBroken);
  try {
    _exit(write_whole(pipe, work_.answer(task)) ? 0 : kBroken);
  } catch (...) {
    _exit(kBroken);
  }
}

std::vector<Crew::Ended> Workers::wait(std::chrono::milliseconds longest) {
  std::vector<pollfd> polled;
  for (const Child& child : running_) polled.push_back({child.pipe, POLLIN, 0});
  std::vector<Ended> ended;
  if (poll(polled.data(), polled.size(), static_cast<int>(longest.count())) <= 0) return ended;

  std::vector<Child> still, done;
  for (std::size_t i = 0; i < polled.size(); ++i) {
    const bool more = polled[i].revents == 0 || read_some(running_[i]);
    (more ? still : done).push_back(std::move(running_[i]));
  }
  running_ = std::move(still);
  for (Child& child : done) {
    if (std::optional<Ended> result = end(std::move(child))) ended.push_back(std::move(*result));
  }
  return ended;
}

bool Workers::read_some(Child& child) {
  std::array<char, 1 << 16> buffer;
  const ssize_t got = read(child.pipe, buffer.data(), buffer.size());
  if (got < 0) return errno == EINTR;
  child.text.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

std::optional<Crew::Ended> Workers::end(Child child) {
  close(child.pipe);
  const int status = status_of(child.process);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Ended{child.task, std::move(child.text), {}};
  if (WIFEXITED(status))
    return Ended{child.task, std::nullopt, "exit status " + std::to_string(WEXITSTATUS(status))};
  if (child.attempt == 1) {
    start(child.task, 2);
    return std::nullopt;
  }
  return Ended{child.task, std::nullopt, "signal " + std::to_string(WTERMSIG(status))};
}

}  // namespace switchyard
