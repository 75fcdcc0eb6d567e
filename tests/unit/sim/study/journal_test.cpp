// The journal keeps what was finished, whatever happened to its last line.
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "sim/base/files.hpp"
#include "sim/study/fingerprint.hpp"
#include "sim/study/journal.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {
namespace {

PointOutcome outcome_with(double figure) { return {"ok", "", Json{{"figure", figure}}}; }

double figure_of(const std::optional<PointOutcome>& outcome) {
  return outcome.value().summary["figure"].get<double>();
}

}  // namespace

TEST_CASE("What was added is found again, in this process and in the next") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "journal.jsonl").string();
  {
    Journal journal(path);
    journal.add(1, outcome_with(0.1));
    journal.add(0xfedcba9876543210, {"infeasible", "does not fit", nullptr});
    CHECK(figure_of(journal.find(1)) == 0.1);
  }
  const Journal journal(path);
  CHECK(figure_of(journal.find(1)) == 0.1);
  CHECK(journal.find(0xfedcba9876543210)->reason == "does not fit");
  CHECK_FALSE(journal.has(2));
  CHECK_FALSE(journal.find(2).has_value());
}

TEST_CASE("A torn last line is ignored, and what is added after it is whole") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "journal.jsonl").string();
  Journal(path).add(1, outcome_with(1));
  Journal(path).add(2, outcome_with(2));
  std::string text = read_text_file(path);
  write_file_atomically(path, text.substr(0, text.size() - 9));
  {
    Journal journal(path);
    CHECK(journal.has(1));
    CHECK_FALSE(journal.has(2));
    journal.add(3, outcome_with(3));
  }
  const Journal journal(path);
  CHECK(figure_of(journal.find(1)) == 1);
  CHECK_FALSE(journal.has(2));
  CHECK(figure_of(journal.find(3)) == 3);
}

TEST_CASE("Lines that are no entries are ignored") {
  const TemporaryFolder folder;
  const auto file =
      folder.write("journal.jsonl",
                   "\n[]\n{\"key\": 3}\n{\"key\": \"zz\", \"row\": {}}\n"
                   "{\"key\":\"04\",\"row\":{\"verdict\":\"ok\",\"reason\":\"\",\"summary\":7}}\n"
                   "{\"key\":\"05\",\"row\":{\"verdict\":\"ok\",\"reason\":\"\",\"summary\":{}}}\n");
  const Journal journal(file.string());
  CHECK_FALSE(journal.has(4));
  CHECK(journal.has(5));
}

TEST_CASE("Lines longer than a piece of reading are found in their place") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "journal.jsonl").string();
  const PointOutcome longer = {"infeasible", std::string(9000, 'x'), nullptr};
  Journal(path).add(1, longer);
  Journal(path).add(2, outcome_with(2));
  const Journal journal(path);
  CHECK(journal.find(1)->reason == longer.reason);
  CHECK(figure_of(journal.find(2)) == 2);
}

TEST_CASE("What is nested deep in a journal is no entry, and a file without lines is no journal") {
  const TemporaryFolder folder;
  const std::string row = R"({"key":"1","row":{"verdict":"ok","reason":"","summary":{"a":)";
  const auto deep =
      folder.write("deep.jsonl", row + std::string(90000, '[') + std::string(90000, ']') + "}}}\n");
  CHECK_FALSE(Journal(deep.string()).has(1));
  const auto zeros = folder.write("zeros.jsonl", std::string(1100000, '\0'));
  CHECK_THROWS_WITH(Journal(zeros.string()), Catch::Contains("has a line of more than 1000000 bytes"));
}

TEST_CASE("A journal that is being written can be read by others, and written by none") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "journal.jsonl").string();
  std::optional<Journal> one(std::in_place, path);
  one->add(1, outcome_with(1));
  CHECK_THROWS_WITH(Journal(path, std::chrono::milliseconds(0)), Catch::Contains("another sweep"));
  CHECK(figure_of(JournalReader(path).find(1)) == 1);
  CHECK(JournalReader(path).size() == 1);
  one.reset();
  CHECK(Journal(path, std::chrono::milliseconds(0)).has(1));
}

TEST_CASE("A journal that is only read is not made") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "journal.jsonl").string();
  CHECK_THROWS_WITH(JournalReader(path), Catch::Contains("cannot be opened: No such file"));
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("A changed scenario or a changed file that it names has another key") {
  const TemporaryFolder folder;
  folder.write("trace.csv", "arrival_s\n1\n");
  const Json scenario = {{"seed", 1}, {"trace", "trace.csv"}};
  const std::uint64_t key = Fingerprints(folder.path().string()).of(scenario, {});
  CHECK(Fingerprints(folder.path().string()).of(scenario, {}) == key);
  CHECK(Fingerprints(folder.path().string()).of({{"seed", 2}, {"trace", "trace.csv"}}, {}) != key);
  CHECK(Fingerprints(folder.path().string()).of(scenario, {{"max", 8}}) != key);
  folder.write("trace.csv", "arrival_s\n2\n");
  CHECK(Fingerprints(folder.path().string()).of(scenario, {}) != key);
}

TEST_CASE("A change of any byte of a file that a scenario names is another key") {
  const TemporaryFolder folder;
  const Json scenario = {{"trace", "trace.csv"}};
  const auto key_with = [&](const std::string& text) {
    folder.write("trace.csv", text);
    return Fingerprints(folder.path().string()).of(scenario, {});
  };
  const std::string text(2'100'003, 'x');  // pieces, and what is left of the last
  std::set<std::uint64_t> keys = {key_with(text), key_with(text + "x"), key_with("")};
  for (const std::size_t place : {0, 7, 31, 32, 1'048'575, 1'048'576, 2'099'999, 2'100'002}) {
    std::string changed = text;
    changed[place] = 'y';
    keys.insert(key_with(changed));
    changed[place] = static_cast<char>('x' ^ 0x80);
    keys.insert(key_with(changed));
  }
  CHECK(keys.size() == 19);
}

}  // namespace switchyard
