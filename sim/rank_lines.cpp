// The rank table as people read it: one line a tensor-parallel group.
#include <algorithm>

#include "sim/summarise.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kMostLines = 16;

std::string range(std::int64_t first, std::int64_t last) {
  return first == last ? std::to_string(first) : std::to_string(first) + "-" + std::to_string(last);
}

/// Ranks [first, last] share replica, dp and pp.
std::string group_line(const RankRow& first, const RankRow& last) {
  std::string line = "  ranks       " + range(first.rank, last.rank) + ": replica " +
                     std::to_string(first.replica) + ", dp " + std::to_string(first.data_parallel) + ", pp " +
                     std::to_string(first.pipeline) + ", tp " + range(first.tensor, last.tensor);
  line += ", ep " + range(first.expert, last.expert);
  line += " on node " + range(first.node, last.node) + " gpu ";
  return line +
         (first.node == last.node ? range(first.gpu, last.gpu)
                                  : std::to_string(first.gpu) + " to " + std::to_string(last.gpu)) +
         "\n";
}

bool same_group(const RankRow& a, const RankRow& b) {
  return a.replica == b.replica && a.data_parallel == b.data_parallel && a.pipeline == b.pipeline;
}

}  // namespace

std::string rank_lines(const Scenario& scenario) {
  const std::vector<RankRow> rows = rank_table(scenario.deployment, scenario.cluster);
  std::string text;
  std::size_t lines = 0;
  for (std::size_t first = 0; first < rows.size(); ++lines) {
    std::size_t next = first + 1;
    while (next < rows.size() && same_group(rows[first], rows[next])) ++next;
    if (lines < kMostLines) text += group_line(rows[first], rows[next - 1]);
    first = next;
  }
  if (lines > kMostLines)
    text += "              and " + std::to_string(lines - kMostLines) + " groups more\n";
  return text;
}

}  // namespace switchyard
