// Numbers computed in a process of its own: SimGrid takes its models once a process. The parent must not have
// simulated yet, so under ctest, where each test case has a process, this comes first in a case.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <vector>

namespace switchyard {

template <class Compute>
std::vector<double> in_child(Compute compute) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child == 0) {
    try {
      const std::vector<double> numbers = compute();
      const std::size_t bytes = numbers.size() * sizeof(double);
      _exit(write(ends[1], numbers.data(), bytes) == static_cast<ssize_t>(bytes) ? 0 : 1);
    } catch (const std::exception& error) {
      std::cerr << error.what() << "\n";
      _exit(1);
    }
  }
  close(ends[1]);
  std::vector<double> numbers;
  for (double number; read(ends[0], &number, sizeof number) == sizeof number;) numbers.push_back(number);
  close(ends[0]);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error("the child process failed");
  return numbers;
}

}  // namespace switchyard
