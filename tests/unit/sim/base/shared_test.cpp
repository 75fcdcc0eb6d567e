// Parts that copies share.
#include "sim/base/shared.hpp"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

using namespace switchyard;

namespace {

/// Counts how often any two were compared.
struct Compared {
  int number = 0;
  int* times = nullptr;
  bool operator==(const Compared& other) const {
    ++*times;
    return number == other.number;
  }
};

}  // namespace

TEST_CASE("A copy shares the value until one of the two changes it") {
  const Shared<std::vector<int>> first(std::vector<int>{1, 2, 3});
  Shared<std::vector<int>> second = first;
  CHECK(&*second == &*first);
  second.own().push_back(4);
  CHECK(first->size() == 3);
  CHECK(second->size() == 4);
  const std::vector<int>* const alone = &*second;
  second.own().push_back(5);
  CHECK(&*second == alone);
  second = std::vector<int>{6};
  CHECK(second->size() == 1);
  CHECK(Shared<std::vector<int>>()->empty());
}

TEST_CASE("What was moved from still has its value") {
  Shared<std::vector<int>> first(std::vector<int>{1, 2, 3});
  const Shared<std::vector<int>> second = std::move(first);
  CHECK(first->size() == 3);
  CHECK(second == first);
}

TEST_CASE("Values are compared only where they are not shared") {
  int times = 0;
  const Shared<Compared> first(Compared{1, &times});
  const Shared<Compared> copy = first;
  CHECK(copy == first);
  CHECK(times == 0);
  CHECK(Shared<Compared>(Compared{1, &times}) == first);
  CHECK_FALSE(Shared<Compared>(Compared{2, &times}) == first);
  CHECK(times == 2);
}
