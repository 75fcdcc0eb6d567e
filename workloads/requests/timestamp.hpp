// Civil timestamps to the 100 ns that the Azure traces record.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace switchyard {

/// "2023-11-16 18:15:46.6805900" as units of 100 ns since 1970-01-01 00:00 UTC: a date, a blank or 'T', a
/// time, up to seven digits of fraction, and an optional zone ("Z", "+00:00"; absent: UTC). Nothing when the
/// text is not one.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

}  // namespace switchyard
