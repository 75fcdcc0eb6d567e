// JSON Schemas (2020-12) of what users write, for editors and other programs. What blocks and keys there are
// stands in schema/*.json; names come from the menus, texts of quantities from the units.
// tests/contract/schema_test.cpp holds them and the readers together.
#pragma once

#include "sim/base/json.hpp"

namespace switchyard {

Json scenario_schema();
/// Of the file that `sweep` takes; its scenario may leave out what is swept.
Json study_schema();
/// Of the file that `plan` takes.
Json plan_schema();

}  // namespace switchyard
