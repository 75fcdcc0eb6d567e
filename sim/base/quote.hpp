// Untrusted text inside messages: whatever a file or an option holds, the message stays one readable line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace switchyard {

/// `text` on one line: control characters and bytes that are not UTF-8 are escaped ("\n", "\x1b"), and text
/// beyond `limit` bytes is cut and ends in "…".
std::string one_line(std::string_view text, std::size_t limit = 200);

/// one_line() within double quotes.
std::string in_quotes(std::string_view text, std::size_t limit = 60);

/// Bytes of the UTF-8 character that `text` starts with; 0 when it starts with none (the Unicode Standard,
/// table 3-7).
std::size_t utf8_length(std::string_view text);

}  // namespace switchyard
