// report.html of a plan.
#pragma once

#include <string>

#include "sim/base/json.hpp"

namespace switchyard {

/// The whole HTML text, drawn from the document that plan.json is. Any text in it is safe. Of a winner it
/// also takes "breakdown", as summary.json has it, and "curve": its loads, with the keys of a point of the
/// frontier; both may be absent.
std::string plan_page(const Json& plan);

}  // namespace switchyard
