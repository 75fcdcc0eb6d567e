// What points of a sweep share is built once, and only where they do.
#include "sim/study/shared_parts.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/support/small_scenarios.hpp"

namespace switchyard {
namespace {

/// Counts how often it builds its number.
struct Builder {
  int number = 0, built = 0;
  std::shared_ptr<const int> operator()() {
    ++built;
    return std::make_shared<int>(number);
  }
};

}  // namespace

TEST_CASE("A part is built once, if more points share it than are worth it") {
  PartsByKey<int> parts;
  for (int point = 0; point < 3; ++point) parts.expect(7);
  parts.expect(8);
  Builder seven{7}, eight{8};
  for (int point = 0; point < 3; ++point) parts.prepare(7, 2, std::ref(seven));
  parts.prepare(8, 1, std::ref(eight));
  parts.prepare(9, 0, std::ref(eight));  // nobody expects it
  CHECK(*parts.find(7) == 7);
  CHECK(seven.built == 1);
  CHECK_FALSE(parts.find(8));
  CHECK(eight.built == 0);
}

TEST_CASE("A part that cannot be built, or is none, is not asked for again") {
  PartsByKey<int> parts;
  for (const std::uint64_t key : {1, 1, 2, 2}) parts.expect(key);
  int asked = 0;
  for (int point = 0; point < 2; ++point) {
    parts.prepare(1, 1, [&]() -> std::shared_ptr<const int> {
      ++asked;
      throw std::runtime_error("wrong");
    });
    parts.prepare(2, 1, [&]() -> std::shared_ptr<const int> {
      ++asked;
      return nullptr;
    });
  }
  CHECK(asked == 2);
  CHECK_FALSE(parts.find(1));
  CHECK_FALSE(parts.find(2));
}

TEST_CASE("Of many parts the last ones stay") {
  PartsByKey<int> parts;
  for (int key = 0; key < 9; ++key) {
    parts.expect(static_cast<std::uint64_t>(key));
    Builder builder{key};
    parts.prepare(static_cast<std::uint64_t>(key), 0, std::ref(builder));
  }
  CHECK_FALSE(parts.find(0));
  for (int key = 5; key < 9; ++key) CHECK(*parts.find(static_cast<std::uint64_t>(key)) == key);
}

TEST_CASE("Scenarios of one GPU and engine share operators' times, others do not") {
  const Json dense = small_dense();
  const auto key = [](const Json& json) { return cost_key(read(json)); };
  CHECK(key(with(dense, "/workload/num_requests", 7)) == key(dense));
  CHECK(key(with(dense, "/deployment/tensor_parallel_size", 2)) == key(dense));
  CHECK(key(with(dense, "/engine", Json{{"profile", "sglang"}})) != key(dense));
  CHECK(key(with(dense, "/cluster", "hgx-h100")) != key(with(dense, "/cluster", "hgx-h200")));
}

}  // namespace switchyard
