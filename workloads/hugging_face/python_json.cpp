// One pass that knows strings and their escapes.
#include "workloads/hugging_face/python_json.hpp"

#include <array>

namespace switchyard {

std::string without_python_numbers(std::string_view text) {
  constexpr std::array<std::string_view, 3> kNumbers = {"-Infinity", "Infinity", "NaN"};
  std::string result;
  result.reserve(text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!in_string) {
      std::size_t length = 0;
      for (const std::string_view number : kNumbers)
        if (length == 0 && text.substr(i).starts_with(number)) length = number.size();
      if (length > 0) {
        result += "null";
        i += length - 1;
        continue;
      }
    }
    if (in_string && text[i] == '\\' && i + 1 < text.size()) result += text[i++];
    else if (text[i] == '"') in_string = !in_string;
    result += text[i];
  }
  return result;
}

}  // namespace switchyard
