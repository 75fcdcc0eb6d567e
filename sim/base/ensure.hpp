// The always-on check of a law of the simulator (not of the user's input: that throws InputError).
#pragma once

#include <stdexcept>
#include <string_view>

namespace switchyard {

/// A broken law: a defect of the simulator. main prints it with a request to report it and exits 70.
struct LawBroken : std::logic_error {
  using std::logic_error::logic_error;
};

/// Where a law was checked. The built-ins stand in for std::source_location, which clang 14 lacks.
struct Place {
  const char* file;
  int line;
};

[[noreturn]] void break_law(std::string_view law, const Place& where);

/// Throws LawBroken naming the law and the place unless `holds`.
inline void ensure(bool holds, std::string_view law,
                   const Place& where = {__builtin_FILE(), __builtin_LINE()}) {
  if (!holds) [[unlikely]]
    break_law(law, where);
}

}  // namespace switchyard
