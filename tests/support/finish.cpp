// A child, waited for.
#include "tests/support/finish.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace switchyard {

Finish run_to_finish(const std::string& line) {
  const pid_t process = fork();
  if (process == 0) _exit(execl("/bin/sh", "sh", "-c", line.c_str(), nullptr) == 0 ? 0 : 127);
  int status = 0;
  rusage usage{};
  if (wait4(process, &status, 0, &usage) != process || !WIFEXITED(status))
    throw std::runtime_error("did not finish: " + line);
  return {WEXITSTATUS(status), static_cast<double>(usage.ru_maxrss) / 1024.0};  // Linux counts KiB
}

}  // namespace switchyard
