// switchyard schema: the JSON Schema of a scenario or a study.
#include <array>
#include <iostream>

#include "sim/base/menu.hpp"
#include "sim/command.hpp"
#include "sim/schema.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

struct FileKind {
  std::string_view name;
  std::string_view description;
  Json (*schema)();
};

constexpr std::array<FileKind, 3> kFileKinds = {{
    {"scenario", "what run, step, compare and routing take", scenario_schema},
    {"study", "what sweep takes", study_schema},
    {"plan", "what plan takes", plan_schema},
}};

}  // namespace

int schema_command(const Arguments& arguments) {
  po::options_description options(
      "switchyard schema [scenario|study|plan]: a JSON Schema (2020-12) of the file\n"
      "An editor completes and checks a file that begins with {\"$schema\": \"./scenario.schema.json\", …");
  options.add_options()(
      "file", po::value<std::string>()->default_value("scenario"),
      "scenario: what run, step, compare and routing take; study: what sweep takes; plan: what plan takes")(
      "help", "this text");
  const po::variables_map values =
      parse_arguments(arguments, options, "schema", {"file", Positional::Need::optional});
  if (values.count("help")) {
    std::cout << options;
    return 0;
  }
  const std::span<const FileKind> kinds(kFileKinds);
  std::cout << pretty(choose(kinds, values["file"].as<std::string>(), "switchyard schema").schema());
  return 0;
}

}  // namespace switchyard
