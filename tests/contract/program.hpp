// The program as a user runs it, for contract tests: SWITCHYARD_BINARY under a shell.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {

struct Answer {
  int status = 0;
  std::string text;  // what it printed and said
};

/// Runs `switchyard LINE` in a folder.
Answer ask(const std::string& line, const std::string& folder = ".");

/// A folder in which the program runs, and what it leaves there.
struct ProgramFolder {
  TemporaryFolder folder;

  /// The program's exit status; a shell reads the line. What it prints and says is in .out and .err.
  /// `meanwhile` is told the id of the process.
  int run(const std::string& line, const std::function<void(pid_t)>& meanwhile = {}) const;

  std::string path(const std::string& name) const { return (folder.path() / name).string(); }
  std::string text(const std::string& name) const { return read_text_file(path(name)); }
  Json json(const std::string& name) const { return read_json_file(path(name)); }
  /// Names in a folder of the folder.
  std::set<std::string> files(const std::string& name = ".") const;
};

/// Cells of a CSV file by column, a map a row.
std::vector<std::map<std::string, std::string>> rows_of(const std::string& path);

/// Ended ones of a file; 0 when it is not there.
std::size_t lines_of(const std::string& path);

}  // namespace switchyard
