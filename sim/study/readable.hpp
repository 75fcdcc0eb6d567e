// Numbers and words for a reader of tables and sentences.
#pragma once

#include <string>
#include <vector>

#include "sim/base/json.hpp"

namespace switchyard {

/// Three significant digits, whole numbers from 100 to a million, then with a prefix: "46.7 G".
std::string readable(double value);

/// readable() and its unit: "57.7 GB", "12.4/s". An empty unit adds nothing.
std::string with_unit(double value, const std::string& unit);

/// Of requests per second: "12.4 requests/s".
std::string rate_text(double requests_per_s);

/// With a prefix from 1000 on: "328 kB".
std::string in_bytes(double value);

/// Of a share of 1: "28 %", below ten "2.8 %", "< 0.1 %".
std::string percent(double share);

/// "1.8 times"; from ten on without a fraction, near one with two.
std::string times(double ratio);

/// "a", "a and b", "a, b and c".
std::string in_words(const std::vector<std::string>& names);

/// Lines of cells: the first column to the left, the others to the right.
class Grid {
 public:
  void add(std::vector<std::string> cells) { lines_.push_back(std::move(cells)); }
  /// A line that is no part of the columns.
  void add_heading(std::string text) { lines_.push_back({std::move(text)}); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> lines_;
};

}  // namespace switchyard
