// The rank table as people read it: one line a group of ranks.
#include <algorithm>

#include "sim/summarise.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kMostLines = 16;

std::string range(std::int64_t first, std::int64_t last) {
  return first == last ? std::to_string(first) : std::to_string(first) + "-" + std::to_string(last);
}

/// The ranks from first to last, which differ in one dimension.
std::string group_line(const RankRow& first, const RankRow& last) {
  const auto part = [](std::string_view name, std::int64_t from, std::int64_t to) {
    return ", " + std::string(name) + " " + range(from, to);
  };
  std::string line =
      "  ranks       " + range(first.rank, last.rank) + ": replica " + range(first.replica, last.replica);
  line += part("dp", first.data_parallel, last.data_parallel) + part("pp", first.pipeline, last.pipeline);
  line += part("tp", first.tensor, last.tensor) + part("ep", first.expert, last.expert);
  line += " on node " + range(first.node, last.node) + " gpu ";
  if (first.node == last.node) return line + range(first.gpu, last.gpu) + "\n";
  return line + std::to_string(first.gpu) + " to " + std::to_string(last.gpu) + "\n";
}

/// Neighbours that differ only in the dimension that varies fastest.
bool same_group(const RankRow& a, const RankRow& b, const Deployment& d) {
  if (d.tensor_parallel_size > 1) {
    return a.replica == b.replica && a.data_parallel == b.data_parallel && a.pipeline == b.pipeline;
  }
  if (d.pipeline_parallel_size > 1) return a.replica == b.replica && a.data_parallel == b.data_parallel;
  return d.data_parallel_size == 1 || a.replica == b.replica;
}

}  // namespace

std::string rank_lines(const Scenario& scenario) {
  const std::vector<RankRow> rows = rank_table(scenario.deployment, scenario.cluster);
  std::string text;
  std::size_t lines = 0;
  for (std::size_t first = 0; first < rows.size(); ++lines) {
    std::size_t next = first + 1;
    while (next < rows.size() && same_group(rows[first], rows[next], scenario.deployment)) ++next;
    if (lines < kMostLines) text += group_line(rows[first], rows[next - 1]);
    first = next;
  }
  if (lines > kMostLines)
    text += "              and " + std::to_string(lines - kMostLines) + " groups more\n";
  return text;
}

}  // namespace switchyard
