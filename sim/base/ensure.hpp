// The always-on check of a law of the simulator (not of the user's input: that throws InputError).
#pragma once

#include <source_location>
#include <stdexcept>
#include <string_view>

namespace switchyard {

/// A broken law: a defect of the simulator. main prints it with a request to report it and exits 70.
struct LawBroken : std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] void break_law(std::string_view law, const std::source_location& where);

/// Throws LawBroken naming the law and the place unless `holds`.
inline void ensure(bool holds, std::string_view law,
                   const std::source_location& where = std::source_location::current()) {
  if (!holds) [[unlikely]] break_law(law, where);
}

}  // namespace switchyard
