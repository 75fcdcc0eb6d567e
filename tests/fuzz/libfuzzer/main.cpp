// libFuzzer over one reader: fuzz_readers --target=NAME [CORPUS…] [options of libFuzzer]. The reader's seeds
// are written into the first corpus folder; --list prints the names.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/fuzz/fuzz_target.hpp"

// NOLINTBEGIN(readability-identifier-naming): libFuzzer's names

namespace {

using namespace switchyard;

const FuzzTarget* chosen = nullptr;

void print_names(std::ostream& out) {
  for (const FuzzTarget& target : fuzz_targets()) out << target.name << "\n";
}

void choose_target(std::string_view name) {
  const auto& targets = fuzz_targets();
  const auto found =
      std::find_if(targets.begin(), targets.end(), [&](const FuzzTarget& t) { return t.name == name; });
  if (found != targets.end()) {
    chosen = &*found;
    return;
  }
  std::cerr << "no reader is named \"" << name << "\"; choose one of\n";
  print_names(std::cerr);
  std::exit(2);
}

void write_seeds(const std::string& folder) {
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const std::string& seed : chosen->seeds)
    std::ofstream(folder + "/seed-" + std::to_string(number++), std::ios::binary) << seed;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kTarget = "--target=";
  std::string corpus;
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (argument == "--list") {
      print_names(std::cout);
      std::exit(0);
    }
    if (argument.starts_with(kTarget)) choose_target(argument.substr(kTarget.size()));
    if (!argument.starts_with("-") && corpus.empty()) corpus = argument;
  }
  if (chosen == nullptr) choose_target("");
  if (!corpus.empty() && !std::filesystem::is_regular_file(corpus))
    write_seeds(corpus);  // a file is replayed
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reads(*chosen, {reinterpret_cast<const char*>(data), size});
  return 0;
}

// NOLINTEND(readability-identifier-naming)
