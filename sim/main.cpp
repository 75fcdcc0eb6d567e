// switchyard: simulate serving Dense, Mixture-of-Experts and hybrid models on a cluster.
#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>

#include "sim/base/ensure.hpp"
#include "sim/base/menu.hpp"
#include "sim/command.hpp"

namespace switchyard {
namespace {

constexpr std::array<Command, 12> kCommands = {{
    {"run", "SCENARIO.json [--set /json/pointer=VALUE]... [--out DIR]",
     "simulate serving; print a table; write DIR", run_command},
    {"step", "SCENARIO.json (--decode B --context C | --prefill N [--context C]) [--format json]",
     "one engine step, with its breakdown", step_command},
    {"sweep", "STUDY.json --out DIR [--jobs N] [--shard I/N | --merge DIR...]",
     "a scenario over lists of values, one row a point", sweep_command},
    {"plan", "STUDY.json --out DIR [--jobs N] [--minimise gpus|cost|energy | --maximise goodput]",
     "the best deployments of models on GPU types, under an SLO and a budget", plan_command},
    {"compare", "A.json B.json [C.json ...] [--set /json/pointer=VALUE]... [--out DIR] [--format json]",
     "scenarios side by side, what differs most first", compare_command},
    {"model", "NAME|config.json [--context C] [--format json]",
     "parameters (total, active), memory, operations of a token", model_command},
    {"topology", "NAME|FILE.json [--format json|dot|graphml]",
     "a cluster's links, routes, bisection and all-to-all bound; the ranks of a scenario", topology_command},
    {"collective",
     "CLUSTER OP --gpus N (--bytes B | --tokens T --hidden H --topk K --experts E) [--implementation I] "
     "[--format json]",
     "one collective alone: its time, latency and bottleneck", collective_command},
    {"routing", "SCENARIO.json [--set /json/pointer=VALUE]... [--out DIR] [--export FILE] [--format json]",
     "what the gates did: load, entropy, locality and imbalance of every layer", routing_command},
    {"balance", "[REMEDY] [--steps N] [--onset STEP] [--out DIR] [--format json]",
     "what becomes of experts while a gate is trained, and what keeps their load even", balance_command},
    {"list", "[models|gpus|clusters|engines|...]", "what can be named in a scenario", list_command},
    {"schema", "[scenario|study|plan]", "a JSON Schema of the file, for editors", schema_command},
}};

void print_usage(std::ostream& out) {
  out << "Switchyard: what a Dense, Mixture-of-Experts or hybrid model needs to serve your traffic.\n\n";
  for (const Command& command : kCommands)
    out << "  switchyard " << command.name << " " << command.synopsis << "\n      " << command.description
        << "\n";
  out << "\nAlso: ./switchyard test, ./switchyard bench. Each command explains itself with --help.\n";
}

int dispatch(const Arguments& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    print_usage(arguments.empty() ? std::cerr : std::cout);
    return arguments.empty() ? 2 : 0;
  }
  const Command& command = choose(std::span<const Command>(kCommands), arguments[0], "switchyard");
  const int status = command.run(Arguments(arguments.begin() + 1, arguments.end()));
  if (!std::cout.flush() || std::fflush(stdout) != 0)  // what is lost must not look finished
    throw InputError("standard output", "cannot be written to its end; send it elsewhere");
  return status;
}

}  // namespace
}  // namespace switchyard

int main(int argc, char** argv) {
  using namespace switchyard;
  try {
    return dispatch(Arguments(argv + 1, argv + argc));
  } catch (const InputError& error) {
    std::cerr << error.what() << "\n";
    return 2;
  } catch (const Infeasible& error) {
    std::cerr << error.what() << "\n";
    return 1;
  } catch (const LawBroken& error) {
    std::cerr << "switchyard broke one of its own laws; please report this with your scenario: "
              << error.what() << "\n";
    return 70;
  } catch (const std::exception& error) {
    std::cerr << "switchyard failed: " << error.what() << "\n";
    return 70;
  }
}
