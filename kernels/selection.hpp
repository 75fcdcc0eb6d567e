// Choosing the best experts from their scores, one token and one candidate at a time: the definition, and
// what the vector variants fall back to.
#pragma once

#include <cstdint>
#include <span>

namespace switchyard {

/// Writes the indices of the chosen.size() (1…1024) highest scores, by descending score; on equal scores the
/// lower index comes first. -inf marks an expert that may not be chosen; the caller leaves enough others.
void choose_top(std::span<const float> scores, std::span<std::uint16_t> chosen);

/// The sum of the two highest of at least two scores.
float sum_of_two_best(std::span<const float> scores);

/// The chosen.size() best groups, in ascending order.
void choose_groups(std::span<const float> group_scores, std::span<std::uint16_t> chosen);

}  // namespace switchyard
