// Every menu and catalogue of the program by name: what `list` prints and where the schema takes its names.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard {

struct MenuLine {
  std::string name;
  std::string description;  // empty in catalogues
};

struct Menu {
  std::string_view name;
  std::string_view description;  // where in a scenario its names stand
  std::vector<MenuLine> (*lines)();
};

std::span<const Menu> menus();

}  // namespace switchyard
