// Tables of any size.
#include "sim/base/huge_pages.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

using namespace switchyard;

TEST_CASE("A large table holds what a vector does, smaller than a huge page and larger") {
  for (const std::size_t size : {std::size_t{10}, (std::size_t{2} << 20) / 4, std::size_t{3'000'000}}) {
    LargeTable<std::uint32_t> table;
    std::vector<std::uint32_t> wanted;
    for (std::size_t i = 0; i < size; ++i) {
      table.push_back(static_cast<std::uint32_t>(i * i));
      wanted.push_back(static_cast<std::uint32_t>(i * i));
    }
    const LargeTable<std::uint32_t> copy = table;
    table.clear();
    table.shrink_to_fit();
    CHECK(std::equal(copy.begin(), copy.end(), wanted.begin(), wanted.end()));
  }
}

TEST_CASE("A table of at least a huge page begins at one") {
  const LargeTable<std::uint8_t> table(std::size_t{5} << 20);
  CHECK(reinterpret_cast<std::uintptr_t>(table.data()) % (std::size_t{2} << 20) == 0);
}
