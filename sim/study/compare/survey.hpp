// The table that survey articles of Dense and Mixture-of-Experts models print in words, computed: a row a
// question, a column a scenario, in each cell the number behind the word.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/scenario.hpp"

namespace switchyard {

/// What is known of one scenario. It must outlive what is made of it.
struct Subject {
  const std::string& name;
  const Scenario& scenario;
  const Json& summary;  // of its run; null where it could not run
  const Json& probes;   // what probe() gave; null where it could not run
};

struct Survey {
  struct Cell {
    std::string text = "-";
    Json value;  // in the row's unit; null: unknown, or without a meaning
  };
  struct Row {
    std::string group;  // "parameters", "memory", …: rows of a group stand together
    std::string key;    // "active_parameters"
    std::string name;   // "active parameters"
    std::string unit;   // of the values
    std::vector<Cell> cells;
  };
  std::vector<Row> rows;
};

/// One cell a subject in each row. Rows that no subject has a value for stay: the question stands.
Survey survey_of(std::span<const Subject> subjects);

/// Experts of the widest MoE layer, copies of EPLB included; 0 where nothing routes.
std::int64_t experts_of(const Scenario& scenario);

/// Fewest GPUs of the scenario's kind whose memory holds the weights, beside the engine's reserve; what the
/// layout makes of that is not asked.
std::int64_t least_gpus(const Scenario& scenario);

}  // namespace switchyard
