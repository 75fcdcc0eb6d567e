// Figures of expert parallelism in JSON and in words.
#include "sim/expert_parallel_answer.hpp"

#include <cstdio>

#include "sim/collectives/groups.hpp"
#include "sim/rank_links.hpp"

namespace switchyard {
namespace {

double ms(Seconds time) { return time.value() * 1e3; }

Json busiest_json(const LinkGraph& graph, const ExpertParallelStep& step) {
  const auto busiest = busiest_link(graph, step.link_loads);
  if (!busiest) return nullptr;
  const Link& link = graph.links()[busiest->link];
  return {{"link", link.name}, {"kind", name_of(link.kind)}, {"busy_ms", ms(busiest->busy)}};
}

/// Sums over pipeline stages, which work side by side, are no parts of a step's time.
bool in_stages(const System& system) { return system.scenario().deployment.pipeline_parallel_size > 1; }

Json figures(const ExpertParallelStep& step, const System& system) {
  const auto of_one_stage = [&](Seconds sum) { return in_stages(system) ? Json() : Json(ms(sum)); };
  const LinkGraph& graph = system.graph();
  Json json = {{"step_ms", ms(step.time)},
               {"lost_to_imbalance_ms", of_one_stage(step.waiting)},
               {"exposed_communication_ms", ms(step.exposed)},
               {"hidden_communication_ms", of_one_stage(step.hidden)},
               {"rank_rows", step.rank_rows},
               {"rank_imbalance", step.imbalance},
               {"busiest_link", busiest_json(graph, step)}};
  json["link_busy_ms"] = Json::array();
  const auto links = rank_links(graph, expert_group(system.scenario().deployment, 0, 0), step.link_loads);
  for (const RankLinks& rank : links)
    json["link_busy_ms"].push_back({{"node", rank.node},
                                    {"in_node_out", ms(rank.in_node_out)},
                                    {"in_node_in", ms(rank.in_node_in)},
                                    {"fabric_out", ms(rank.fabric_out)},
                                    {"fabric_in", ms(rank.fabric_in)}});
  return json;
}

std::string line_of(const char* what, const ExpertParallelStep& step, const System& system) {
  char text[256];
  std::string line = what;
  if (in_stages(system)) {
    std::snprintf(text, sizeof text, ": lost %.3f ms to communication", ms(step.exposed));
  } else {
    std::snprintf(text, sizeof text,
                  ": lost %.3f ms to imbalance, %.3f ms to communication (%.3f ms more beside work)",
                  ms(step.waiting), ms(step.exposed), ms(step.hidden));
  }
  line += text;
  if (step.in_halves) line += "; two halves of each batch in turns";
  std::snprintf(text, sizeof text, "; busiest rank of a layer %.2f times the mean", step.imbalance);
  line += text;
  if (const auto busiest = busiest_link(system.graph(), step.link_loads)) {
    std::snprintf(text, sizeof text, "; busiest link %s, %.3f ms",
                  system.graph().links()[busiest->link].name.c_str(), ms(busiest->busy));
    line += text;
  }
  return line;
}

}  // namespace

Json expert_parallel_json(const StepAnswer& answer, const System& system) {
  if (!answer.experts) return nullptr;
  const Deployment& d = system.scenario().deployment;
  Json json = figures(*answer.experts, system);
  if (d.enable_dbo) json["in_halves"] = answer.experts->in_halves;
  json["ranks"] = d.expert_ranks();
  json["nodes"] = by_node(system.graph(), expert_group(d, 0, 0)).size();
  json["all2all_backend"] = d.data_parallel_size > 1 ? Json(d.all2all_backend) : Json();
  json["without_eplb"] = answer.without_eplb ? figures(*answer.without_eplb, system) : Json();
  return json;
}

std::vector<std::string> expert_parallel_lines(const StepAnswer& answer, const System& system) {
  if (!answer.experts) return {};
  const Deployment& d = system.scenario().deployment;
  std::string name = "expert parallel, " + std::to_string(d.expert_ranks()) + " ranks";
  if (d.data_parallel_size > 1) name += ", " + d.all2all_backend;
  std::vector<std::string> lines = {line_of(name.c_str(), *answer.experts, system)};
  if (answer.without_eplb) lines.push_back(line_of("without EPLB", *answer.without_eplb, system));
  return lines;
}

}  // namespace switchyard
