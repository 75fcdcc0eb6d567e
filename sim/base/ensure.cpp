// The text of a broken law.
#include "sim/base/ensure.hpp"

#include <string>

namespace switchyard {

void break_law(std::string_view law, const Place& where) {
  std::string_view file = where.file;
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0: a bare name stays whole
  throw LawBroken("broken law: " + std::string(law) + " (" + std::string(file) + ", line " +
                  std::to_string(where.line) + ")");
}

}  // namespace switchyard
