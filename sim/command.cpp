// What the commands share: parsing options with messages in the project's form.
#include "sim/command.hpp"

#include <algorithm>
#include <boost/program_options/parsers.hpp>
#include <charconv>
#include <filesystem>
#include <thread>

#include "sim/base/choices.hpp"
#include "sim/base/quote.hpp"

namespace switchyard {

namespace po = boost::program_options;

namespace {

/// Names in full: an abbreviation that works today may be ambiguous tomorrow.
constexpr int kStyle = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;

std::string unknown_option(const std::string& given, const po::options_description& options,
                           const std::string& positional) {
  std::vector<std::string> known;
  for (const auto& option : options.options())
    if (option->long_name() != positional) known.push_back("--" + option->long_name());
  return "unknown option " + in_quotes(given) + "; " + choices(given, known);
}

}  // namespace

po::variables_map parse_arguments(const Arguments& arguments, const po::options_description& options,
                                  const std::string& command, const Positional& positional) {
  constexpr auto kMore = "more arguments";
  po::positional_options_description places;
  const bool several = positional.need == Positional::Need::several;
  places.add(positional.name.c_str(), several ? -1 : 1);
  if (!several) places.add(kMore, -1);
  po::options_description all;
  all.add(options).add_options()(kMore, po::value<std::vector<std::string>>());
  po::variables_map values;
  try {
    po::store(po::command_line_parser(arguments).options(all).positional(places).style(kStyle).run(), values);
    po::notify(values);
  } catch (const po::unknown_option& error) {
    throw InputError("switchyard " + command,
                     unknown_option(error.get_option_name(), options, positional.name));
  } catch (const po::error& error) {
    throw InputError("switchyard " + command,
                     std::string(error.what()) + "; see `switchyard " + command + " --help`");
  }
  if (values.count(kMore)) {
    throw InputError("switchyard " + command,
                     "unexpected argument " +
                         in_quotes(values[kMore].as<std::vector<std::string>>().front()) + "; give one " +
                         positional.name + ", and options as `switchyard " + command + " --help` shows");
  }
  if (positional.need != Positional::Need::optional && !values.count(positional.name) &&
      !values.count("help")) {
    throw InputError("switchyard " + command, "no " + positional.name + " given; give one, as `switchyard " +
                                                  command + " --help` shows");
  }
  return values;
}

std::int64_t integer_of(const po::variables_map& options, const std::string& name, IntegerRange range) {
  const std::string& text = options[name].as<std::string>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || number < range.min || number > range.max) {
    throw InputError("--" + name, in_quotes(text) + " is no integer from " + std::to_string(range.min) +
                                      " to " + std::to_string(range.max) + "; give one");
  }
  return number;
}

std::string format_of(const po::variables_map& options, const std::vector<std::string>& formats) {
  std::string format = options["format"].as<std::string>();
  if (std::find(formats.begin(), formats.end(), format) == formats.end())
    throw InputError("--format", "unknown format " + in_quotes(format) + "; " + choices(format, formats));
  return format;
}

std::optional<std::size_t> jobs_of(const po::variables_map& options) {
  if (!options.count("jobs")) return std::nullopt;
  return static_cast<std::size_t>(integer_of(options, "jobs", {1, 1024}));
}

std::size_t jobs_or_cores(const po::variables_map& options) {
  return jobs_of(options).value_or(std::max(1u, std::thread::hardware_concurrency()));
}

std::vector<Override> overrides_of(const po::variables_map& options) {
  std::vector<Override> overrides;
  if (!options.count("set")) return overrides;
  for (const std::string& text : options["set"].as<std::vector<std::string>>()) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
      throw InputError(
          "--set",
          in_quotes(text) + " has no value; give /json/pointer=VALUE, e.g. /workload/num_requests=100");
    overrides.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return overrides;
}

Scenario scenario_at(const std::string& path, const std::vector<Override>& overrides) {
  return read_scenario(read_scenario_json(path, overrides), path,
                       std::filesystem::path(path).parent_path().string());
}

Scenario scenario_of(const po::variables_map& options) {
  return scenario_at(options["scenario"].as<std::string>(), overrides_of(options));
}

}  // namespace switchyard
