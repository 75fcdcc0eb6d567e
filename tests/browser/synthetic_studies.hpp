// Pages of a made-up comparison and a made-up plan.
#pragma once

#include <string>

namespace switchyard {

std::string comparison_html();
std::string plan_html();
/// In which nothing meets the targets.
std::string plan_without_winner_html();

}  // namespace switchyard
