// Putting together what the shards of a study finished.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "sim/study/journal.hpp"
#include "sim/study/sweep/sweep.hpp"

namespace switchyard {

/// The journals of several folders, DIR/journal.jsonl.
class JournalsOfShards {
 public:
  /// Throws InputError when a folder has none, and when points are in none of them: it names the first of
  /// these.
  JournalsOfShards(const std::vector<std::string>& folders, const Study& study, const CheckedPoints& checked);

  /// Adds the points that `whole` lacks.
  void add_to(Journal& whole) const;

 private:
  const JournalReader* with(std::uint64_t key) const;

  std::deque<JournalReader> journals_;
  std::vector<std::uint64_t> keys_;
};

}  // namespace switchyard
