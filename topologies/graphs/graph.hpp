// Free graphs: a cluster drawn device by device and link by link, from GraphML or JSON. A format is one file
// and one row.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sim/base/json.hpp"
#include "topologies/graphs/sketch.hpp"

namespace switchyard {

struct GraphFormat {
  std::string_view name;  // the end of its files' names
  std::string_view description;
  /// Throws InputError at "source: place".
  Sketch (*read)(const std::string& text, const std::string& source);
};
std::span<const GraphFormat> graph_formats();

/// The "graph" of a cluster: the path of a file (relative to `folder`), or the object of a JSON file:
/// {"directed": false, "devices": [{"name", "kind", "node"}],
///  "links": [{"from", "to", "bandwidth", "latency", "kind", "name", "length", "turn"}]}: undirected links
///  are
/// cables with a link each way; length and turn are those of Way. Throws InputError.
Blueprint read_graph(const Json& wish, const std::string& folder, const std::string& source,
                     const std::string& pointer);
/// That object; read_graph reads it back.
Json to_json(const Blueprint& graph);

/// The reader of that object.
Sketch sketch_of_json(const Json& json, const std::string& source, const std::string& pointer);

}  // namespace switchyard
