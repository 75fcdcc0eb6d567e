// Key by key: each is looked for in every journal.
#include "sim/study/sweep/merge.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kMostNamed = 3;

std::string problem_of(const Study& study, const std::vector<std::uint64_t>& missing) {
  std::string text = "the journals lack " + std::to_string(missing.size()) + " of " +
                     std::to_string(study.points()) + " points, as this build of the program knows them: ";
  for (std::size_t i = 0; i < std::min(missing.size(), kMostNamed); ++i)
    text += (i == 0 ? "" : "; ") + name_of_point(study, missing[i]);
  if (missing.size() > kMostNamed) text += "; and more";
  return text + "; run the shards that have them to their end, or the sweep without --merge";
}

}  // namespace

JournalsOfShards::JournalsOfShards(const std::vector<std::string>& folders, const Study& study,
                                   const CheckedPoints& checked) {
  for (const std::string& folder : folders) journals_.emplace_back(folder + "/journal.jsonl");
  std::vector<std::uint64_t> missing;
  for (std::size_t i = 0; i < checked.points.size(); ++i) {
    if (checked.infeasible.count(checked.points[i])) continue;
    keys_.push_back(checked.keys[i]);
    if (with(keys_.back()) == nullptr) missing.push_back(checked.points[i]);
  }
  if (!missing.empty()) throw InputError("--merge", problem_of(study, missing));
}

void JournalsOfShards::add_to(Journal& whole) const {
  for (const std::uint64_t key : keys_)
    if (!whole.has(key)) whole.add(key, with(key)->find(key).value());
}

const JournalReader* JournalsOfShards::with(std::uint64_t key) const {
  const auto found = std::find_if(journals_.begin(), journals_.end(),
                                  [&](const JournalReader& journal) { return journal.has(key); });
  return found == journals_.end() ? nullptr : &*found;
}

}  // namespace switchyard
