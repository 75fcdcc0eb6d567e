// Running the program and waiting for its end.
#include "tests/contract/program.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>

#include "sim/base/csv_reader.hpp"
#include "sim/base/files.hpp"

namespace switchyard {

Answer ask(const std::string& line, const std::string& folder) {
  const std::string command = "cd " + folder + " && " SWITCHYARD_BINARY " " + line + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Answer answer;
  std::array<char, 4096> buffer{};
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe))
    answer.text.append(buffer.data(), n);
  answer.status = WEXITSTATUS(pclose(pipe));
  return answer;
}

int ProgramFolder::run(const std::string& line, const std::function<void(pid_t)>& meanwhile) const {
  const std::string command =
      "cd " + folder.path().string() + " && exec " SWITCHYARD_BINARY " >.out 2>.err " + line;
  const pid_t process = fork();
  if (process == 0) _exit(execl("/bin/sh", "sh", "-c", command.c_str(), nullptr) == 0 ? 0 : 127);
  if (meanwhile) meanwhile(process);
  int status = 0;
  REQUIRE((waitpid(process, &status, 0) == process && WIFEXITED(status)));
  return WEXITSTATUS(status);
}

std::set<std::string> ProgramFolder::files(const std::string& name) const {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path(name)))
    files.insert(entry.path().filename().string());
  return files;
}

std::vector<std::map<std::string, std::string>> rows_of(const std::string& path) {
  CsvReader csv(path);
  std::vector<std::map<std::string, std::string>> rows;
  for (CsvReader::Row row; csv.next(row);) {
    rows.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) rows.back()[csv.columns()[i]] = row[i];
  }
  return rows;
}

std::size_t lines_of(const std::string& path) {
  if (!std::filesystem::exists(path)) return 0;
  const std::string text = read_text_file(path);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace switchyard
