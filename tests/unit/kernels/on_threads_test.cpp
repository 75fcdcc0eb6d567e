// Work in pieces on threads.
#include "kernels/on_threads.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

using namespace switchyard;

namespace {

std::ptrdiff_t threads_of_this_process() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                       std::filesystem::directory_iterator());
}

}  // namespace

TEST_CASE("The result is the same whatever the number of threads that take pieces, and each is done once") {
  const std::int64_t threads = GENERATE(1, 2, 3, 16);
  for (const std::int64_t count : {0, 1, 2, 7, 100}) {
    std::vector<int> times(static_cast<std::size_t>(count));
    on_threads(threads, count, [&](std::int64_t piece) { ++times[static_cast<std::size_t>(piece)]; });
    CHECK(std::all_of(times.begin(), times.end(), [](int done) { return done == 1; }));
  }
}

TEST_CASE("On one thread pieces are done in order, by the thread that asks") {
  std::vector<std::int64_t> order;
  on_threads(1, 5, [&](std::int64_t piece) {
    order.push_back(piece);
    CHECK(threads_of_this_process() == 1);
  });
  CHECK(order == std::vector<std::int64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("What the first piece throws is thrown once all pieces are done, and no thread is left") {
  const std::int64_t threads = GENERATE(1, 2, 3);
  std::vector<int> done(8);
  const auto work = [&](std::int64_t piece) {
    done[static_cast<std::size_t>(piece)] = 1;
    if (piece >= 3) throw std::runtime_error("piece " + std::to_string(piece));
  };
  CHECK_THROWS_WITH(on_threads(threads, 8, work), "piece 3");
  CHECK(std::count(done.begin(), done.end(), 1) == 8);
  CHECK(threads_of_this_process() == 1);
}
