// plan.json in the page's template.
#include "sim/report/plan_page.hpp"

#include "sim/report/page_file.hpp"

namespace switchyard {

std::string plan_page(const Json& plan) {
  return filled_page("Switchyard: " + plan.value("title", "plan"), {"parts", "curves", "plan"}, plan);
}

}  // namespace switchyard
