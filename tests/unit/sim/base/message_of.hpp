// The message of the error that an action throws; "" when it throws none of that kind.
#pragma once

#include <string>

namespace switchyard {

template <class Error, class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace switchyard
