// What `plan` prints: a short table and the verdict.
#pragma once

#include <string>

#include "sim/base/json.hpp"

namespace switchyard {

/// Of the document that plan.json is.
std::string plan_text(const Json& document);

}  // namespace switchyard
