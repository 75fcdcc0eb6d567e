// Choosing from a menu.
#include "sim/base/menu.hpp"

#include <array>
#include <catch2/catch.hpp>

#include "tests/unit/sim/base/message_of.hpp"

using namespace switchyard;

namespace {

struct Row {
  std::string_view name;
  std::string_view description;
};

constexpr std::array<Row, 2> kRows{{{"fcfs", "in order"}, {"chunked_prefill", "in chunks"}}};

}  // namespace

TEST_CASE("A row of a menu is chosen by its name") {
  CHECK(choose(std::span<const Row>(kRows), "fcfs", "/engine/scheduler").description == "in order");
  CHECK(names(std::span<const Row>(kRows)) == std::vector<std::string>{"fcfs", "chunked_prefill"});
}

TEST_CASE("A name that is not on the menu is refused on one line") {
  const auto refusal = [](std::string_view name) {
    return message_of<InputError>([&] { choose(std::span<const Row>(kRows), name, "/engine/scheduler"); });
  };
  CHECK(refusal("fcsf") ==
        "/engine/scheduler: unknown name \"fcsf\"; did you mean \"fcfs\"?; choose one of fcfs, "
        "chunked_prefill");
  CHECK(refusal("a\nb").find("unknown name \"a\\nb\"; choose") != std::string::npos);
}
