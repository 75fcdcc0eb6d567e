// A page's file: the template of page/ with its style, scripts and data filled in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/json.hpp"

namespace switchyard {

/// `scripts`: names of files of page/, without ".js", in the order in which they run, after "charts", which
/// every page has; the last one draws. Any text in title and data is safe: it can neither end the block it is
/// in nor become markup.
std::string filled_page(const std::string& title, const std::vector<std::string_view>& scripts,
                        const Json& data);

}  // namespace switchyard
