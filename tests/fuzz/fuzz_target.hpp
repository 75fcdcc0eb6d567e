// The readers under any input. A target is one reader and one row of fuzz_targets(): libFuzzer drives them by
// name (libfuzzer.cpp), readers_test.cpp damages their seeds at random. Whatever comes in must be read or
// refused by InputError, or found not to fit: no crash, no hang, no leak, no other exception.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard {

struct FuzzTarget {
  std::string name;
  std::function<void(std::string_view input)> read;
  std::vector<std::string> seeds;  // inputs that are read
};

const std::vector<FuzzTarget>& fuzz_targets();

/// True when the input was read, false when it was refused properly. Anything else passes through.
bool reads(const FuzzTarget& target, std::string_view input);

}  // namespace switchyard
