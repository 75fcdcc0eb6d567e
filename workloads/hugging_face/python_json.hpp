// Hugging Face writes config.json with Python, which knows numbers that JSON does not.
#pragma once

#include <string>
#include <string_view>

namespace switchyard {

/// The text with Infinity, -Infinity and NaN outside of strings replaced by null.
std::string without_python_numbers(std::string_view text);

}  // namespace switchyard
