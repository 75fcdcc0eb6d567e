// The journal of a sweep: one line of JSON a finished point, so that a sweep that was stopped goes on where
// it was.
//
//   {"key": "0123456789abcdef", "row": {"verdict": "ok", "reason": "", "summary": {…}}}
//
// Lines that are no such thing, e.g. one torn by a crash, are ignored; one of more than a megabyte is
// refused. Journals of several shards may be one file, or be joined with cat.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "sim/study/point.hpp"

namespace switchyard {

class Journal {
 public:
  /// Opens the file, or makes it, and finds what it has. Throws InputError when it cannot.
  explicit Journal(const std::string& path);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  bool has(std::uint64_t key) const { return entries_.count(key) != 0; }
  /// Reads the entry from the file: a journal in memory is a few bytes a point.
  std::optional<PointOutcome> find(std::uint64_t key) const;

  /// Appends a line at once, also beside other processes. Throws InputError when it cannot be written.
  void add(std::uint64_t key, const PointOutcome& outcome);

 private:
  struct Place {
    std::uint64_t offset, length;
  };

  void find_entries();
  void write_whole(const std::string& text);

  std::string path_;
  int file_;
  std::unordered_map<std::uint64_t, Place> entries_;
};

}  // namespace switchyard
