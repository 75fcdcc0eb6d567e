// Choosing the best experts from their scores: the part of routing that is common to all rules.
#pragma once

#include <cstdint>
#include <span>

namespace switchyard {

/// Writes the indices of the chosen.size() (1…32) highest scores, by descending score; on equal scores the
/// lower index comes first. -inf marks an expert that may not be chosen; the caller leaves enough others.
void choose_top(std::span<const float> scores, std::span<std::uint16_t> chosen);

/// Sets the scores of all but the best `kept` of `group_scores.size()` equal blocks of experts to -inf.
void keep_best_groups(std::span<const float> group_scores, std::int64_t kept, std::span<float> scores);

}  // namespace switchyard
