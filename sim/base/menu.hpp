// A menu is a visible table of named alternatives: schedulers, routers, collectives, arrivals. A new policy
// is one .cpp and one row. Rows are any struct with `name` and `description`; tables of kernels/ fit as they
// are.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/choices.hpp"
#include "sim/base/error.hpp"
#include "sim/base/quote.hpp"

namespace switchyard {

template <class Row>
std::vector<std::string> names(std::span<const Row> table) {
  std::vector<std::string> result;
  for (const Row& row : table) result.emplace_back(row.name);
  return result;
}

/// The row of this name. Throws InputError at `path` with the choices and the near miss.
template <class Row>
const Row& choose(std::span<const Row> table, std::string_view name, const std::string& path) {
  const auto row = std::find_if(table.begin(), table.end(), [&](const Row& r) { return r.name == name; });
  if (row == table.end()) {
    throw InputError(path, "unknown name " + in_quotes(name) + "; " + choices(name, names(table)));
  }
  return *row;
}

}  // namespace switchyard
