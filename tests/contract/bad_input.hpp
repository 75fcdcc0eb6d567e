// Wrong input as a user gives it: the program runs in a child under limits of time and memory, and what it
// says is checked. The tables of bad_*_test.cpp are made of these rows.
#pragma once

#include <string>
#include <vector>

#include "tests/support/temporary_folder.hpp"

namespace switchyard {

struct BadInput {
  std::string what;                    // a sentence's part: "a negative count"
  std::vector<std::string> arguments;  // of the program, in the bench's folder
  std::string says;                    // what the message must hold, in parts: "chat.json: /seed: |-1|give"
  int status = 2;                      // 1: the input is right, but it does not fit
};

/// `switchyard run chat.json` with values set: "/model=mixtral-8x7b & /seed=-1".
BadInput with_values(std::string what, const std::string& values, std::string says, int status = 2);

/// A folder with a good scenario chat.json, a good trace.csv and a good study.json, in which the rows run.
class BadInputBench {
 public:
  BadInputBench();
  const TemporaryFolder& folder() const { return folder_; }

  /// Runs every row: it must end with its status, within 2 s of processor time and 200 MiB (ten times as much
  /// under sanitizers), print nothing but the message, and leave no file. A message of status 2 is one line
  /// of printable text.
  void check(const std::vector<BadInput>& rows);

 private:
  TemporaryFolder folder_;
};

}  // namespace switchyard
