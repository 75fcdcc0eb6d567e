// What to say when a name is unknown: the choices, and the one that was probably meant.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace switchyard {

/// The candidate closest to `word` by edit distance, if it is near enough to be a slip of the pen: letters
/// left out, added, replaced or swapped, at most a third of the word (one in a short word). Case does not
/// count.
std::optional<std::string> near_miss(std::string_view word, std::span<const std::string> candidates);

/// "choose one of a, b, c", with `did you mean "b"?; ` first when there is a near miss.
std::string choices(std::string_view word, std::span<const std::string> candidates);

}  // namespace switchyard
