// The data of each page.
#include "sim/report/page.hpp"

#include "sim/base/ensure.hpp"
#include "sim/base/rounding.hpp"
#include "sim/report/page_file.hpp"

namespace switchyard {

namespace {

// A curve needs no more digits than the eye sees.
constexpr int kDigits = 5;
constexpr int kDigitsOfColour = 3;

Json numbers(const std::vector<double>& values) {
  Json json = Json::array();
  for (const double value : values) json.push_back(rounded(value, kDigits));
  return json;
}

Json numbers(const std::vector<Seconds>& values, double factor) {
  Json json = Json::array();
  for (const Seconds value : values) json.push_back(rounded(value.value() * factor, kDigits));
  return json;
}

Json data_of(const ExpertLoadMap& map) {
  Json views = Json::array();
  for (const ExpertLoadMap::View& view : map.views) {
    ensure(view.load.size() == map.layers.size(), "a view has a row for each layer");
    Json rows = Json::array();
    for (const std::vector<double>& row : view.load) {
      Json& loads = rows.emplace_back(Json::array());
      for (const double load : row) loads.push_back(rounded(load, kDigitsOfColour));
    }
    views.push_back({{"name", view.name}, {"load", rows}});
  }
  return {{"text", map.text}, {"layers", map.layers}, {"views", views}};
}

Json data_of(const NetworkMap& map) {
  Json devices = Json::array(), links = Json::array();
  for (const NetworkMap::Device& device : map.devices) {
    Json& json = devices.emplace_back(Json{{"name", device.name},
                                           {"place", device.place},
                                           {"kind", device.kind},
                                           {"row", device.row},
                                           {"count", device.count}});
    if (device.spot) json["spot"] = {rounded(device.spot->x, kDigits), rounded(device.spot->y, kDigits)};
  }
  for (const NetworkMap::Link& link : map.links)
    links.push_back({{"from", link.from},
                     {"to", link.to},
                     {"name", link.name},
                     {"kind", link.kind},
                     {"count", link.count},
                     {"bandwidth", to_text(link.bandwidth)},
                     {"bytes_per_s", link.bandwidth.value()},
                     {"utilisation", rounded(link.utilisation, kDigits)},
                     {"mean_utilisation", rounded(link.mean_utilisation, kDigits)}});
  Json busiest = Json::array();
  for (const NetworkMap::Busy& link : map.busiest)
    busiest.push_back({{"name", link.name},
                       {"kind", link.kind},
                       {"bandwidth", to_text(link.bandwidth)},
                       {"sent", to_text(Bytes(rounded(link.bytes.value(), kDigitsOfColour)))},
                       {"utilisation", rounded(link.utilisation, kDigits)}});
  return {{"text", map.text}, {"devices", devices}, {"links", links}, {"busiest", busiest}};
}

Json data_of(const RunPage& page) {
  const RunDescription& text = page.description;
  const LatencyCurves& latency = page.latencies;
  const TimeSeries& series = page.series;
  return {{"kind", "run"},
          {"description",
           {{"model", text.model},
            {"cluster", text.cluster},
            {"deployment", text.deployment},
            {"engine", text.engine},
            {"workload", text.workload}}},
          {"summary", page.summary},
          {"latency_ms",
           {{"ttft", numbers(latency.ttft.values, 1e3)},
            {"tpot", numbers(latency.tpot.values, 1e3)},
            {"itl", numbers(latency.itl.values, 1e3)},
            {"e2el", numbers(latency.e2el.values, 1e3)}}},
          {"series",
           {{"time_s", numbers(series.time, 1.0)},
            {"running", numbers(series.running)},
            {"waiting", numbers(series.waiting)},
            {"prefill_tokens_per_s", numbers(series.prefill_tokens_per_s)},
            {"decode_tokens_per_s", numbers(series.decode_tokens_per_s)},
            {"kv_blocks", numbers(series.kv_blocks)}}},
          {"kv_blocks_total", page.kv_blocks_total ? Json(*page.kv_blocks_total) : Json(nullptr)},
          {"expert_load", page.expert_load ? data_of(*page.expert_load) : Json(nullptr)},
          {"network_map", page.network ? data_of(*page.network) : Json(nullptr)}};
}

Json data_of(const RoutingPage& page) {
  Json facts = Json::array(), routing = page.routing;
  for (const auto& [name, text] : page.facts) facts.push_back({name, text});
  for (Json& layer : routing.at("layers"))
    for (const char* loads : {"expert_load", "rank_load"}) layer.erase(loads);
  return {
      {"kind", "routing"},  {"title", page.title},
      {"facts", facts},     {"notes", page.notes},
      {"routing", routing}, {"expert_load", page.expert_load ? data_of(*page.expert_load) : Json(nullptr)}};
}

Json data_of(const SweepPage& page) {
  Json points = Json::array();
  for (const SweepPoint& point : page.points) {
    ensure(point.values.size() == page.pointers.size(), "a point has a value for each swept pointer");
    points.push_back({{"values", point.values}, {"summary", point.summary}, {"verdict", point.verdict}});
  }
  return {{"kind", "sweep"},           {"title", page.title}, {"subtitle", page.subtitle},
          {"pointers", page.pointers}, {"points", points},    {"notes", page.notes}};
}

Json data_of(const ComparisonPage& page) {
  Json facts = Json::array();
  for (const auto& [name, text] : page.facts) facts.push_back({name, text});
  return {{"kind", "comparison"},          {"title", page.title},         {"facts", facts},
          {"comparison", page.comparison}, {"summaries", page.summaries}, {"notes", page.notes}};
}

}  // namespace

RunPage run_page_of(const RunDescription& description, const Summary& summary, const RunLog& log,
                    std::optional<std::uint64_t> kv_blocks_total) {
  return {description,     summary_json(summary), latency_curves(log), time_series(log),
          kv_blocks_total, std::nullopt,          std::nullopt};
}

std::string run_page(const RunPage& page) {
  return filled_page("Switchyard: " + page.description.model,
                     {"parts", "experts", "network", "routers", "ranks", "run"}, data_of(page));
}

std::string routing_page(const RoutingPage& page) {
  return filled_page("Switchyard: " + page.title, {"experts", "routing"}, data_of(page));
}

std::string sweep_page(const SweepPage& page) {
  return filled_page("Switchyard: " + page.title, {"parts", "curves", "sweep"}, data_of(page));
}

std::string comparison_page(const ComparisonPage& page) {
  return filled_page("Switchyard: " + page.title, {"parts", "curves", "compare"}, data_of(page));
}

}  // namespace switchyard
