// Bad input that stands in files of its own.
#pragma once

#include <string>
#include <vector>

#include "tests/contract/bad_input.hpp"

namespace switchyard {

/// Rows about a file of these bytes.
class Files {
 public:
  /// `switchyard run` of the file.
  void scenario(const std::string& what, const std::string& bytes, const std::string& says) {
    const std::string name = write(bytes, ".json");
    rows_.push_back({what, {"run", name}, name + ": |" + says});
  }
  /// A run with the trace.
  void trace(const std::string& what, const std::string& bytes, const std::string& says,
             const char* format = nullptr) {
    const std::string name = write(bytes, ".csv");
    const std::string key = format == nullptr ? "" : std::string(R"(, "format": ")") + format + "\"";
    rows_.push_back(
        with_values(what, R"(/workload={"trace": ")" + name + "\"" + key + "}", name + ": |" + says));
  }
  /// A run with the file where `values` has "FILE".
  void named(const std::string& what, const std::string& bytes, std::string values, const std::string& says,
             const std::string& extension = ".json") {
    const std::string name = write(bytes, extension);
    values.replace(values.find("FILE"), 4, name);
    rows_.push_back(with_values(what, values, name + ": |" + says));
  }
  void check() { bench_.check(rows_); }

 private:
  std::string write(const std::string& bytes, const std::string& extension) {
    std::string name = "f" + std::to_string(rows_.size()) + extension;
    bench_.folder().write(name, bytes);
    return name;
  }
  BadInputBench bench_;
  std::vector<BadInput> rows_;
};

/// "aaa…", of so many megabytes.
inline std::string megabytes(int count) {
  const std::string one(1'000'000, 'a');
  std::string text;
  while (count-- > 0) text += one;
  return text;
}

inline std::string many(std::size_t count, const std::string& first, const std::string& next) {
  std::string text = first;
  while (--count > 0) text += next;
  return text;
}

}  // namespace switchyard
