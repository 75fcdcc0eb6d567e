// Running the program and waiting for its end.
#include "tests/contract/program.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>

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

}  // namespace switchyard
