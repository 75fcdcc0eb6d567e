// A long trace in bounded memory: what a run of two million requests takes, from its first row to the last
// line of its tables.
#include <catch2/catch.hpp>
#include <fstream>

#include "sim/base/csv_reader.hpp"
#include "sim/base/json.hpp"
#include "tests/support/finish.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kRows = 2'000'000;

/// One prompt every 100 us: batches stay small, and no two requests wait equally long.
void write_trace(const std::filesystem::path& path) {
  std::ofstream out(path);
  out << "arrival_s,prompt_tokens,output_tokens\n";
  for (std::int64_t i = 0; i < kRows; ++i) {
    const std::int64_t jitter = i * 7919 % 100;
    out << i / 10'000 << '.' << std::to_string(1'000'000 + i % 10'000 * 100 + jitter).substr(1) << ','
        << 1 + i % 7 << ',' << 1 + i % 2 << '\n';
  }
}

}  // namespace

TEST_CASE("Two million requests of a trace take less memory than their rows would", "[slow]") {
  const TemporaryFolder folder;
  write_trace(folder.path() / "trace.csv");
  folder.write("long.json", R"({"model": "llama-3.1-8b", "cluster": "hgx-h100", "deployment": {"replicas": 8},
      "workload": {"trace": "trace.csv"}})");
  const Finish finish = run_to_finish("cd " + folder.path().string() +
                                      " && exec " SWITCHYARD_BINARY " run long.json --out out > printed");
  REQUIRE(finish.status == 0);
  // The log keeps 64 MiB and four tables of latencies 32 MiB each; rows alone would take 104 bytes, 200 MiB.
  CHECK(finish.peak_mib < 250.0);
  CHECK(read_json_file((folder.path() / "out/summary.json").string()).at("completed") == kRows);

  CsvReader csv((folder.path() / "out/requests.csv").string());
  const std::size_t id = csv.column("request_id");
  std::int64_t rows = 0, astray = 0;
  for (CsvReader::Row row; csv.next(row); ++rows) astray += csv.integer(row, id) != rows;
  CHECK(rows == kRows);
  CHECK(astray == 0);
}

}  // namespace switchyard
