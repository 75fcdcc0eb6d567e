// The journal of a sweep: one line of JSON a finished point, so that a sweep that was stopped goes on where
// it was.
//
//   {"key": "0123456789abcdef", "row": {"verdict": "ok", "reason": "", "summary": {…}}}
//
// Lines that are no such thing, e.g. one torn by a crash, are ignored; one of more than a megabyte is
// refused. A line is with the system when its point counts as finished: killing the sweep loses none, a crash
// of the whole machine may lose the last ones, which are simulated again. Journals of several shards may be
// joined with cat.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "sim/study/point.hpp"

namespace switchyard {

class JournalReader {
 public:
  /// Opens the file and finds what it has. Throws InputError when it cannot.
  explicit JournalReader(const std::string& path);
  ~JournalReader();
  JournalReader(const JournalReader&) = delete;
  JournalReader& operator=(const JournalReader&) = delete;

  bool has(std::uint64_t key) const { return entries_.count(key) != 0; }
  /// How many keys it has.
  std::size_t size() const { return entries_.size(); }
  /// Reads the entry from the file: a journal in memory is a few bytes a point.
  std::optional<PointOutcome> find(std::uint64_t key) const;

 protected:
  struct Place {
    std::uint64_t offset, length;
  };

  /// `file`: open, or what open() gave.
  JournalReader(std::string path, int file);
  void find_entries();

  std::string path_;
  int file_;
  std::unordered_map<std::uint64_t, Place> entries_;
};

/// A journal that is being written: one a file at a time, wherever the file system knows locks.
class Journal : public JournalReader {
 public:
  /// Makes the file if there is none. While another process writes it, waits as long as `patience`: those of
  /// a sweep that was killed end a moment after it. Throws InputError.
  explicit Journal(const std::string& path, std::chrono::milliseconds patience = std::chrono::seconds(5));

  /// Appends a line at once. Throws InputError when it cannot be written.
  void add(std::uint64_t key, const PointOutcome& outcome);

 private:
  void lock(std::chrono::milliseconds patience) const;
  void write_whole(const std::string& text);
};

}  // namespace switchyard
