// Each thread takes the next piece when it is done with one.
#include "kernels/on_threads.hpp"

#include <atomic>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace switchyard {

void on_threads(std::int64_t threads, std::int64_t count, const std::function<void(std::int64_t)>& work) {
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(count));
  std::atomic<std::int64_t> next = 0;
  const auto take = [&] {
    for (std::int64_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        failures[static_cast<std::size_t>(i)] = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      for (std::int64_t other = 1; other < threads && other < count; ++other) others.emplace_back(take);
    } catch (const std::system_error&) {  // those that there are do it
    }
    take();
  }
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace switchyard
