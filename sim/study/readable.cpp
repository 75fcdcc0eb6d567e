// Rounding for the eye, and columns.
#include "sim/study/readable.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace switchyard {
namespace {

std::string printed(const char* format, double value) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

/// UTF-8 characters.
std::size_t letters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string rate_text(double requests_per_s) { return readable(requests_per_s) + " requests/s"; }

std::string readable(double value) {
  constexpr std::array<std::string_view, 5> kPrefixes = {" M", " G", " T", " P", " E"};
  std::string_view prefix;
  if (std::fabs(value) >= 1e6) {
    std::size_t i = 0;
    for (value /= 1e6; std::fabs(value) >= 1e3 && i + 1 < kPrefixes.size(); ++i) value /= 1e3;
    prefix = kPrefixes[i];
  }
  return printed(std::fabs(value) >= 100 ? "%.0f" : "%.3g", value) + std::string(prefix);
}

std::string with_unit(double value, const std::string& unit) {
  std::string text = readable(value);
  if (unit.empty()) return text;
  const bool prefixed = text.back() >= 'A';
  return text + (prefixed || unit.front() == '/' ? "" : " ") + unit;
}

std::string in_bytes(double value) {
  return value < 1e3 || value >= 1e6 ? with_unit(value, "B") : readable(value / 1e3) + " kB";
}

std::string percent(double share) {
  if (share > 0.0 && share < 0.0005) return "< 0.1 %";
  return printed(share < 0.1 ? "%.1f %%" : "%.0f %%", share * 100.0);
}

std::string times(double ratio) {
  return printed(ratio >= 10.0                 ? "%.0f times"
                 : ratio >= 1.0 && ratio < 1.2 ? "%.3g times"
                                               : "%.2g times",
                 ratio);
}

std::string in_words(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

std::string Grid::text() const {
  std::vector<std::size_t> widths;
  for (const auto& cells : lines_) {
    if (cells.size() == 1) continue;
    widths.resize(std::max(widths.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], letters(cells[i]));
  }
  std::string text;
  for (const auto& cells : lines_) {
    std::string line = "  ";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string blanks(cells.size() == 1 ? 0 : widths[i] - letters(cells[i]), ' ');
      line += (i == 0 ? "" : "  ") + (i == 0 ? cells[i] + blanks : blanks + cells[i]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace switchyard
