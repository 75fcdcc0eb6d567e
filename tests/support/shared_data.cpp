// Looks for the data's folder in the environment first, beside the source tree second.
#include "tests/support/shared_data.hpp"

#include <cstdlib>

namespace switchyard {

namespace fs = std::filesystem;

std::optional<fs::path> shared_data(std::string_view file) {
  const char* named = std::getenv("SWITCHYARD_DATA");
  const fs::path folder =
      named != nullptr ? fs::path(named) : fs::path(SWITCHYARD_SOURCE_DIR) / "../shared/data";
  const fs::path path = folder / file;
  if (!fs::exists(path)) return std::nullopt;
  return path;
}

}  // namespace switchyard
