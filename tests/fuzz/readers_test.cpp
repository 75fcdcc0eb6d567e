// Readers survive any input: the seeds of every reader, damaged at random.
#include <catch2/catch.hpp>

#include "sim/base/random.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace switchyard;

namespace {

/// What damages most: bytes of the grammar, numbers at the edge, no text at all.
constexpr std::string_view kPieces[] = {"{",
                                        "}",
                                        "[",
                                        "]",
                                        "\"",
                                        ":",
                                        ",",
                                        "//",
                                        "-1",
                                        "0",
                                        "1e999",
                                        "null",
                                        "99999999999999999999",
                                        "NaN",
                                        "\xff",
                                        "\n",
                                        "\\u0000",
                                        "true",
                                        "1e-320"};

std::string damaged(std::string text, Random& random) {
  for (std::int64_t changes = random.integer(1, 4); changes > 0 && !text.empty(); --changes) {
    const auto at = static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(text.size()) - 1));
    const auto length = static_cast<std::size_t>(random.integer(0, 12));
    const auto piece = kPieces[random.integer(0, static_cast<std::int64_t>(std::size(kPieces)) - 1)];
    switch (random.integer(0, 4)) {
      case 0:
        text[at] = static_cast<char>(random.integer(0, 255));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, piece);
        break;
      case 3:
        text.insert(at, text.substr(at, length));
        break;
      default:
        text.resize(at);
    }
  }
  return text;
}

}  // namespace

TEST_CASE("Every reader reads its seeds", "[fuzz]") {
  for (const FuzzTarget& target : fuzz_targets()) {
    for (const std::string& seed : target.seeds) {
      INFO(target.name << ": " << seed);
      CHECK_NOTHROW(target.read(seed));
    }
  }
}

TEST_CASE("A damaged text is read or refused, by every reader", "[fuzz]") {
  constexpr int kTexts = 3000;
  for (const FuzzTarget& target : fuzz_targets()) {
    int accepted = 0;
    for (int i = 0; i < kTexts; ++i) {
      Random random(1, target.name, static_cast<std::uint64_t>(i));
      const std::string& seed = target.seeds[static_cast<std::size_t>(i) % target.seeds.size()];
      const std::string broken = damaged(seed, random);
      INFO(target.name << " " << i << ": " << broken);
      CHECK_NOTHROW(accepted += reads(target, broken) ? 1 : 0);
    }
    INFO(target.name << " accepted " << accepted);
    CHECK(accepted > 20);
    CHECK((accepted < kTexts || target.name == "journal"));  // a journal's bad lines are left out
  }
}
