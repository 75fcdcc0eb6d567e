// report.html: one file with everything in it, that opens without a network. Its look is in page/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/record/run_log.hpp"
#include "sim/report/series.hpp"
#include "sim/report/summary.hpp"

namespace switchyard {

/// The load of every expert in every layer that routes, as a heat map shows it.
struct ExpertLoadMap {
  struct View {
    std::string name;                       // in the list of views, when there are several
    std::vector<std::vector<double>> load;  // [layer, expert], relative to the layer's mean; rows may differ
  };
  std::string text;                  // whose load it is, one sentence
  std::vector<std::int64_t> layers;  // the index in the model of each row
  std::vector<View> views;           // at least one
};

/// The links of a cluster as a figure shows them: devices and links that are alike may stand as one.
struct NetworkMap {
  /// In a panel above the places: neighbours are about 1 apart; x to the right, y down.
  struct Spot {
    double x = 0.0, y = 0.0;
  };
  struct Device {
    std::string name;          // "gpu3", "8 leaf switches"
    std::string place;         // "node 0": devices of a place stand together; empty: between the places
    std::string kind;          // "gpu", "nic", …
    std::int64_t row = 0;      // from the bottom
    std::int64_t count = 1;    // that stand as this one
    std::optional<Spot> spot;  // of a router between the places; it stands in no row
  };
  /// One cable, or several alike, in its busier direction.
  struct Link {
    std::size_t from = 0, to = 0;  // devices
    std::string name;              // of the busiest
    std::string kind;
    std::int64_t count = 1;         // cables
    BytesPerSecond bandwidth;       // of one, per direction
    double utilisation = 0.0;       // of the busiest: the share of the time that it was busy
    double mean_utilisation = 0.0;  // over cables and directions
  };
  /// One direction of a link.
  struct Busy {
    std::string name, kind;
    BytesPerSecond bandwidth;
    Bytes bytes;  // that it was busy with: sent, over the transport's efficiency
    double utilisation = 0.0;
  };
  std::string text;  // one sentence below the title
  std::vector<Device> devices;
  std::vector<Link> links;
  std::vector<Busy> busiest;  // the busiest first
};

struct RunPage {
  RunDescription description;
  Json summary;  // summary_json()
  LatencyCurves latencies;
  TimeSeries series;
  std::optional<std::uint64_t> kv_blocks_total;  // of all ranks together; none: KV use is shown in blocks
  std::optional<ExpertLoadMap> expert_load;      // none: nothing routes
  std::optional<NetworkMap> network;             // none: a GPU alone has no links
};

/// Draws the curves from the log; without a map of experts or of the network.
RunPage run_page_of(const RunDescription& description, const Summary& summary, const RunLog& log,
                    std::optional<std::uint64_t> kv_blocks_total);

/// What the gates of a scenario did.
struct RoutingPage {
  std::string title;                                       // "mixtral-8x7b: 32 of 32 layers route"
  std::vector<std::pair<std::string, std::string>> facts;  // below the title, name and text
  std::vector<std::string> notes;
  Json routing;                              // as `routing --format json` has it; loads are left out
  std::optional<ExpertLoadMap> expert_load;  // none: nothing routes
};

/// One point of a sweep, or one candidate of a plan.
struct SweepPoint {
  std::vector<Json> values;  // of the swept pointers
  Json summary;              // summary_json(); null when the point could not be simulated
  std::string verdict;       // "ok", "slo missed", "infeasible: does not fit", …
};

struct SweepPage {
  std::string title;                  // "Mixtral and Llama on eight H200"
  std::string subtitle;               // one sentence; may be empty
  std::vector<std::string> pointers;  // "/workload/arrivals/rate", as many as values in each point
  std::vector<SweepPoint> points;
  std::vector<std::string> notes;
};

/// Scenarios side by side.
struct ComparisonPage {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;  // name and description of each scenario
  Json comparison;                                         // comparison_json()
  std::vector<Json> summaries;                             // of each; null where it could not run
  std::vector<std::string> notes;
};

/// The whole HTML text. Any text in the data is safe: it can neither end the block it is in nor become
/// markup.
std::string run_page(const RunPage& page);
std::string routing_page(const RoutingPage& page);
std::string sweep_page(const SweepPage& page);
std::string comparison_page(const ComparisonPage& page);

}  // namespace switchyard
