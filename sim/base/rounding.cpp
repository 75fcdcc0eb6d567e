// By way of decimal text: exact, and the same on every machine.
#include "sim/base/rounding.hpp"

#include <array>
#include <charconv>

namespace switchyard {

double rounded(double value, int digits) {
  std::array<char, 40> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific, digits - 1)
          .ptr;
  std::from_chars(text.data(), end, value);
  return value;
}

}  // namespace switchyard
