// The order, and the sentence.
#include "sim/study/compare/ranking.hpp"

#include <algorithm>

#include "sim/study/readable.hpp"
#include "sim/study/ties.hpp"

namespace switchyard {
namespace {

/// "a (1 ms)", or with "and" before the last.
std::string listed(const std::vector<Entry>& entries, const Wording& wording) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.push_back(entry.name + " (" + wording.value(entry.value) + ")");
  return in_words(names);
}

/// "the errors stated, ± 14 % and ± 9 %"; of equal ones once.
std::string errors_of(const std::vector<Entry>& entries) {
  std::vector<std::string> texts;
  for (const Entry& entry : entries) {
    const std::string text = "± " + percent(entry.error.value_or(0.0));
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
  }
  return in_words(texts);
}

bool all_known(const std::vector<Entry>& entries) {
  return std::all_of(entries.begin(), entries.end(),
                     [](const Entry& entry) { return entry.error.has_value(); });
}

Estimate estimate_of(const Entry& entry) { return {entry.value, entry.error}; }

}  // namespace

Ranking rank(std::vector<Entry> entries, Better better) {
  std::stable_sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    return better == Better::lower ? a.value < b.value : a.value > b.value;
  });
  Ranking ranking;
  for (Entry& entry : entries) {
    const bool best =
        ranking.best.empty() || is_tie(estimate_of(ranking.best.front()), estimate_of(entry), kSimulated);
    (best ? ranking.best : ranking.rest).push_back(std::move(entry));
  }
  return ranking;
}

double times_worse(const Entry& entry, const Ranking& ranking) {
  const double best = ranking.best.front().value;
  return std::max(entry.value / best, best / entry.value);
}

std::string sentence(const Ranking& ranking, const Wording& wording) {
  std::string text = std::string(wording.topic) + ": ";
  const Entry& best = ranking.best.front();
  if (ranking.best.size() == 1) text += best.name + " " + wording.best + " " + wording.value(best.value);
  else
    text += listed(ranking.best, wording) + " are a tie" +
            (all_known(ranking.best) && errors_of(ranking.best) != "± 0.0 %"
                 ? " within the errors stated (" + errors_of(ranking.best) + ")"
                 : "");
  std::vector<std::string> others;
  for (const Entry& entry : ranking.rest)
    others.push_back(entry.name + " (" + wording.value(entry.value) + ") " + wording.worse + " " +
                     times(times_worse(entry, ranking)) + " " + wording.worse_ending);
  if (!others.empty()) text += "; " + in_words(others);
  const bool unknown = !all_known(ranking.best) || !all_known(ranking.rest);
  return text + (unknown ? "; by how much these may be off is not known everywhere." : ".");
}

}  // namespace switchyard
