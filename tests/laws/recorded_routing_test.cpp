// A bank that is written to a file and read back as a trace is the same bank.
#include <catch2/catch.hpp>

#include "tests/support/small_scenarios.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {

TEST_CASE("A run over the recording of its own bank is the same to the byte") {
  const Json scenario = with(small_moe(), "/routing/preset", "mixtral-8x7b");
  const Run generated = run(scenario);
  const TemporaryFolder folder;
  for (const RecordingFormat& format : recording_formats()) {
    const std::string path = (folder.path() / ("bank" + std::string(format.name))).string();
    write_recording(path, build_bank(read(scenario))->recording(), "test");
    const Run recorded = run(with(with(scenario, "/routing/mode", "trace"), "/routing/trace", path));
    CHECK(recorded.summary["routing"]["mode"] == "trace");
    CHECK(recorded.requests_csv == generated.requests_csv);
    CHECK(recorded.steps_csv == generated.steps_csv);
  }
}

}  // namespace switchyard
