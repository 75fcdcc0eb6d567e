// The command line's commands: one row and one file each. A command reads its arguments, does its work, and
// returns the exit code; what is wrong with the user's input it throws as InputError, what cannot be done as
// Infeasible.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/positional_options.hpp>
#include <boost/program_options/variables_map.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario.hpp"

namespace switchyard {

using Arguments = std::vector<std::string>;

/// Exit statuses of commands that simulate many points.
inline constexpr int kSomeFailed = 70;
inline constexpr int kInterrupted = 130;

struct Command {
  std::string_view name;
  std::string_view synopsis;
  std::string_view description;
  int (*run)(const Arguments&);
};

int run_command(const Arguments& arguments);
int step_command(const Arguments& arguments);
int sweep_command(const Arguments& arguments);
int plan_command(const Arguments& arguments);
int compare_command(const Arguments& arguments);
int model_command(const Arguments& arguments);
int topology_command(const Arguments& arguments);
int collective_command(const Arguments& arguments);
int routing_command(const Arguments& arguments);
int balance_command(const Arguments& arguments);
int list_command(const Arguments& arguments);
int schema_command(const Arguments& arguments);

/// The arguments of a command that are not options: one, at most one, or one and more.
struct Positional {
  std::string name;
  enum class Need { required, optional, several } need = Need::required;
};

/// The parsed options of one command. Throws InputError with the choices.
boost::program_options::variables_map parse_arguments(
    const Arguments& arguments, const boost::program_options::options_description& options,
    const std::string& command, const Positional& positional);

/// An option's text as an integer in the range. Throws InputError naming the option.
std::int64_t integer_of(const boost::program_options::variables_map& options, const std::string& name,
                        IntegerRange range);

/// --jobs of a command that simulates many points at once; none where it is not given. Throws InputError.
std::optional<std::size_t> jobs_of(const boost::program_options::variables_map& options);
/// As many as there are cores, where it is not given.
std::size_t jobs_or_cores(const boost::program_options::variables_map& options);

/// The value of --format, one of `formats`. Throws InputError with the choices.
std::string format_of(const boost::program_options::variables_map& options,
                      const std::vector<std::string>& formats);

/// `--set` values "/pointer=VALUE". Throws InputError.
std::vector<Override> overrides_of(const boost::program_options::variables_map& options);

/// Reads a scenario file with its overrides.
Scenario scenario_at(const std::string& path, const std::vector<Override>& overrides);
/// The one that the options name.
Scenario scenario_of(const boost::program_options::variables_map& options);

}  // namespace switchyard
