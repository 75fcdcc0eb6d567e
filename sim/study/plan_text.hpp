// What `plan` prints: a short table and the verdict.
#pragma once

#include <string>

#include "sim/study/plan_document.hpp"

namespace switchyard {

std::string plan_text(const PlanFindings& findings);

}  // namespace switchyard
