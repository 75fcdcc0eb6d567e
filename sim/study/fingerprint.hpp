// What a point's result depends on, as a short key: a point whose key is in the journal need not be run
// again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sim/base/json.hpp"

namespace switchyard {

/// The absolute path of the file that a text value names, if there is such a file: it must look like a path
/// (a '/', or an extension) and exist, from `base_folder` when relative.
std::optional<std::string> file_named_by(const Json& value, const std::string& base_folder);

/// Keys of points, made of the running program's own bytes (a change of code or catalogue is another key),
/// the scenario as written and as resolved, and the content of the files that either names. Files named
/// within such files count only as far as the resolved scenario shows them.
class Fingerprints {
 public:
  explicit Fingerprints(std::string base_folder);

  std::uint64_t of(const Json& scenario, const Json& resolved);

 private:
  void add(std::uint64_t& hash, const Json& json);
  std::uint64_t content_of(const std::string& path);

  std::string base_folder_;
  std::uint64_t program_;
  std::map<std::string, std::uint64_t> contents_;  // by path
};

}  // namespace switchyard
