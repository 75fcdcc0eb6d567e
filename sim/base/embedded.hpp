// Files compiled into the binary (catalogues, the report's page and its chart library): nothing is looked up
// at run time. CMake's embed_files(TARGET FUNCTION FILES…) generates `std::span<const EmbeddedFile>
// FUNCTION()`.
#pragma once

#include <span>
#include <string_view>

namespace switchyard {

struct EmbeddedFile {
  std::string_view name;  // file name without folder and extension: "h100_sxm"
  std::string_view text;
};

}  // namespace switchyard
