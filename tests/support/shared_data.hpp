// Where the tests find measured data that is not part of the project.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace switchyard {

/// The path of `file` in the folder that the environment variable SWITCHYARD_DATA names, else in
/// ../shared/data beside the source tree. Nothing where it does not exist: the test then warns "skipped: …"
/// and returns.
std::optional<std::filesystem::path> shared_data(std::string_view file);

}  // namespace switchyard
