// What can be wrong with a user's wish. main turns these into exit codes: InputError 2, Infeasible 1.
#pragma once

#include <stdexcept>
#include <string>

namespace switchyard {

/// The user's input is wrong. The message is one line, "path: problem; choose one of …": the path is a file,
/// a JSON pointer or an option, so that the reader knows where to look.
struct InputError : std::runtime_error {
  InputError(const std::string& path, const std::string& problem)
      : std::runtime_error(path + ": " + problem) {}
};

/// A file cannot be opened, read or written; the path is the file's.
struct FileError : InputError {
  using InputError::InputError;
};

/// What `read` gives. Where a file that a key names cannot be opened, the message begins with `where`,
/// "scenario.json: /workload/trace", so that the reader knows which key named it; with nothing where the
/// command line did.
template <class Read>
auto named_at(const std::string& where, const Read& read) {
  try {
    return read();
  } catch (const FileError& error) {
    if (where.empty()) throw;
    throw InputError(where, error.what());
  }
}

/// Each value is right but they do not go together, e.g. more GPUs than the cluster has: wrong input to one
/// run, an infeasible point of a sweep.
struct Mismatch : InputError {
  using InputError::InputError;
};

/// The input is right but cannot be done, e.g. the weights do not fit. The message may be a table of several
/// lines.
struct Infeasible : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace switchyard
