// Near misses and the lists of choices in messages.
#include "sim/base/choices.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace switchyard;

namespace {

const std::vector<std::string> kKeys = {"num_requests", "num_warmups", "arrivals", "seed", "tp"};

}  // namespace

TEST_CASE("A letter left out, added, replaced or swapped is a near miss") {
  CHECK(near_miss("num_request", kKeys) == "num_requests");
  CHECK(near_miss("arrivalss", kKeys) == "arrivals");
  CHECK(near_miss("num-requests", kKeys) == "num_requests");
  CHECK(near_miss("sede", kKeys) == "seed");
  CHECK(near_miss("NUM_WARMUPS", kKeys) == "num_warmups");
}

TEST_CASE("A word far from every candidate is no near miss") {
  CHECK(near_miss("temperature", kKeys) == std::nullopt);
  CHECK(near_miss("", kKeys) == std::nullopt);
  CHECK(near_miss("x", std::vector<std::string>{"y"}) == std::nullopt);
  CHECK(near_miss("seed", std::vector<std::string>{}) == std::nullopt);
  CHECK(near_miss(std::string(1000000, 's'), kKeys) == std::nullopt);
}

TEST_CASE("The nearest of several candidates is suggested") {
  const std::vector<std::string> names = {"fp8_block", "fp8", "fp4"};
  CHECK(near_miss("fp_8", names) == "fp8");
  CHECK(near_miss("fp8_blok", names) == "fp8_block");
}

TEST_CASE("A word that begins one candidate alone means that one, and of two as near the better begun") {
  const std::vector<std::string> gpus = {"gb200", "b200_sxm", "h200_sxm", "h20", "mi300x"};
  CHECK(near_miss("b200", gpus) == "b200_sxm");
  CHECK(near_miss("H200", gpus) == "h200_sxm");
  CHECK(near_miss("mi3", gpus) == "mi300x");
  CHECK(near_miss("mi", gpus) == std::nullopt);
  CHECK(near_miss("mooncake", std::vector<std::string>{"mooncake-synthetic", "mooncake-toolagent"}) ==
        std::nullopt);
  CHECK(near_miss("llama-3-8b", std::vector<std::string>{"llama-2-7b", "llama-3.1-8b"}) == "llama-3.1-8b");
}

TEST_CASE("The choices are listed after the near miss") {
  const std::vector<std::string> names = {"fp8", "bf16"};
  CHECK(choices("bf61", names) == "did you mean \"bf16\"?; choose one of fp8, bf16");
  CHECK(choices("nothing", names) == "choose one of fp8, bf16");
  CHECK(choices("nothing", std::vector<std::string>{}) == "there are none to choose from");
}
