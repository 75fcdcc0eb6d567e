// The shape of an array or a tensor, in words.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace switchyard {

/// "[256, 7168]"; "[]" of a single number.
inline std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

}  // namespace switchyard
