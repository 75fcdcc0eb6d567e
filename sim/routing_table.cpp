// The answer of `switchyard routing` as text: who routes, a table over layers, and what to know.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>

#include "sim/routing_answer.hpp"
#include "sim/summarise.hpp"

namespace switchyard {
namespace {

/// The rows of more layers than this would not fit a screen.
constexpr std::size_t kMostRows = 32;

struct Column {
  const char* name;
  const char* format;  // of a double, as wide as the name
  double (*value)(const LayerRouting&);
};

constexpr std::array<Column, 6> kColumns = {{
    {"max/mean", "%8.2f", [](const LayerRouting& l) { return l.statistics.max_over_mean; }},
    {"entropy", "%7.2f", [](const LayerRouting& l) { return l.statistics.entropy_bits; }},
    {"overlap", "%7.2f", [](const LayerRouting& l) { return l.statistics.previous_token_overlap; }},
    {"repeat", "%6.3f", [](const LayerRouting& l) { return l.statistics.first_choice_repeat; }},
    {"EP8 max/mean", "%12.2f", [](const LayerRouting& l) { return l.statistics.ep8_imbalance; }},
    {"ranks max/mean", "%14.2f", [](const LayerRouting& l) { return l.rank_imbalance(); }},
}};

std::string with(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string row(const std::string& name, const std::function<double(const Column&)>& value) {
  std::string text = "  " + name + std::string(name.size() < 10 ? 10 - name.size() : 0, ' ');
  for (const Column& column : kColumns) text += "  " + with(column.format, value(column));
  return text + "\n";
}

std::string mean_row(const std::vector<LayerRouting>& layers) {
  return row("mean", [&](const Column& column) {
    double sum = 0.0;
    for (const LayerRouting& layer : layers) sum += column.value(layer);
    return sum / static_cast<double>(layers.size());
  });
}

/// `before`: std::less for the minimum, std::greater for the maximum.
template <class Order>
std::string extreme_row(const char* name, const std::vector<LayerRouting>& layers, Order before) {
  return row(name, [&](const Column& column) {
    double found = column.value(layers.front());
    for (const LayerRouting& layer : layers)
      if (before(column.value(layer), found)) found = column.value(layer);
    return found;
  });
}

std::string fact(const std::string& name, const std::string& text) {
  return "  " + name + std::string(12 - name.size(), ' ') + text + "\n";
}

/// "256 experts, 8 a token, gate noaux_tc", once for every kind of layer.
std::string gates_in_words(const std::vector<LayerRouting>& layers) {
  std::map<std::string, std::size_t> kinds;
  for (const LayerRouting& layer : layers)
    ++kinds[std::to_string(layer.experts) + " experts, " + std::to_string(layer.top_k) + " a token, gate " +
            layer.router];
  std::string words;
  for (const auto& [kind, count] : kinds) {
    words += words.empty() ? "" : "; ";
    words += kinds.size() == 1 ? kind : std::to_string(count) + " of " + kind;
  }
  return words;
}

std::string bank_in_words(const RoutingAnswer& answer, const Scenario& scenario) {
  const std::size_t domains = answer.layers.front().statistics.domains.size();
  return routing_in_words(scenario) + ", seed " + std::to_string(scenario.seed) + ": " +
         std::to_string(answer.tokens) + " tokens in " + std::to_string(answer.streams) + " sequences, " +
         (domains == 1 ? "one domain" : std::to_string(domains) + " domains");
}

/// "2.0, 5.1, … distinct experts in batches of 1, 4, … tokens of different sequences".
std::string decoding_in_words(const RoutingAnswer& answer) {
  std::string experts, batches;
  for (std::size_t i = 0; i < kDecodeBatches.size(); ++i) {
    experts += (i == 0 ? "" : ", ") + with("%.1f", answer.distinct_experts[i]);
    batches += (i == 0 ? "" : ", ") + std::to_string(kDecodeBatches[i]);
  }
  return experts + " distinct experts in batches of " + batches + " sequences";
}

std::string ranks_in_words(const Deployment& d) {
  if (!d.enable_expert_parallel) return "1 expert-parallel rank";
  return std::to_string(d.expert_ranks()) + ", placement " + std::string(d.placement().name);
}

std::string header() {
  std::string text = "  layer     ";
  for (const Column& column : kColumns) text += "  " + std::string(column.name);
  return text + "\n";
}

std::string legend(const RoutingAnswer& answer) {
  const LayerRouting& first = answer.layers.front();
  const auto experts = static_cast<double>(first.experts), top_k = static_cast<double>(first.top_k);
  return "  max/mean and entropy (bits) of the experts' load, by domain; overlap: experts shared with the "
         "token\n"
         "  before; repeat: first choice like the token before; EP8: batches of 256 tokens on 8 blocks of "
         "experts;\n"
         "  ranks: all tokens at once, the long run (a run's busiest rank is the mean of its steps': small "
         "batches\n"
         "  are less even).\n"
         "  Uniform draws in layer " +
         std::to_string(first.layer) + ": entropy " + with("%.2f", std::log2(experts)) + ", overlap " +
         with("%.2f", top_k * top_k / experts) + ", repeat " + with("%.3f", 1.0 / experts) + "\n";
}

}  // namespace

std::string routing_title(const RoutingAnswer& answer, const Scenario& scenario) {
  const std::string& model = scenario.model.name;
  if (answer.layers.empty()) return "no layer of " + model + " routes";
  return model + ": " + std::to_string(answer.layers.size()) + " of " +
         std::to_string(scenario.model.layers.size()) + " layers route";
}

std::vector<std::pair<std::string, std::string>> routing_facts(const RoutingAnswer& answer,
                                                               const Scenario& scenario) {
  if (answer.layers.empty()) return {};
  return {{"gate", gates_in_words(answer.layers)},
          {"routing", bank_in_words(answer, scenario)},
          {"decoding", decoding_in_words(answer)},
          {"ranks", ranks_in_words(scenario.deployment)}};
}

std::string routing_table(const RoutingAnswer& answer, const Scenario& scenario) {
  const std::string title = routing_title(answer, scenario);
  std::string notes;
  for (const std::string& note : routing_notes(answer, scenario)) notes += fact("note", note);
  if (answer.layers.empty()) return title + "\n" + notes;
  const std::vector<LayerRouting>& layers = answer.layers;
  std::string text = fact("model", title);
  for (const auto& [name, fact_text] : routing_facts(answer, scenario)) text += fact(name, fact_text);
  text += "\n" + header();
  if (layers.size() > kMostRows)
    text += "  " + std::to_string(layers.size()) + " layers: rows left out; --format json has them\n";
  else
    for (const LayerRouting& layer : layers)
      text += row(std::to_string(layer.layer), [&](const Column& column) { return column.value(layer); });
  text += mean_row(layers);
  text += extreme_row("least", layers, std::less<double>());
  text += extreme_row("most", layers, std::greater<double>());
  text += legend(answer);
  if (layers.front().statistics.domains.size() > 1)
    text += "  load cosine of two domains " + with("%.3f", answer.domain_load_cosine) + "\n";
  return text + notes;
}

}  // namespace switchyard
