// A graph as JSON.
#include "sim/base/menu.hpp"
#include "topologies/graphs/graph.hpp"

namespace switchyard {
namespace {

const Json& list_of(ObjectReader& reader, std::string_view key, std::size_t most) {
  const Json& list = reader.raw(key, "a list");
  if (!list.is_array()) reader.fail(key, nature(list) + "; give a list");
  if (list.size() > most)
    reader.fail(key,
                "is a list of " + std::to_string(list.size()) + "; give at most " + std::to_string(most));
  return list;
}

Sketch::Device read_device(ObjectReader reader, const std::string& place) {
  Sketch::Device device;
  device.name = reader.text("name");
  device.kind = device_kind(reader.choice("kind", names(device_kinds())));
  device.node = reader.optional_text("node", "");
  device.place = place;
  reader.finish();
  return device;
}

Sketch::Link read_link(ObjectReader reader, Sketch::Ways ways, const std::string& place) {
  Sketch::Link link;
  link.from = reader.text("from");
  link.to = reader.text("to");
  link.bandwidth = reader.quantity<BytesPerSecond>("bandwidth");
  link.latency = reader.optional_quantity("latency", Seconds());
  const std::string kind = reader.optional_choice("kind", "", names(link_kinds()));
  if (!kind.empty()) link.kind = link_kind(kind);
  link.name = reader.optional_text("name", "");
  link.way.length = static_cast<std::uint16_t>(reader.optional_integer("length", 1, kLengths));
  link.way.turn = static_cast<std::uint8_t>(reader.optional_integer("turn", 0, kTurns));
  link.ways = ways;
  link.place = place;
  reader.finish();
  return link;
}

}  // namespace

Sketch sketch_of_json(const Json& json, const std::string& source, const std::string& pointer) {
  ObjectReader reader(json, source, pointer);
  Sketch sketch;
  const Sketch::Ways ways =
      reader.optional_boolean("directed", false) ? Sketch::Ways::one : Sketch::Ways::both;
  const Json& devices = list_of(reader, "devices", kMostDevices);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const std::string place = "devices/" + std::to_string(i);
    sketch.devices.push_back(read_device({devices[i], source, pointer + "/" + place}, place));
  }
  const Json& links = list_of(reader, "links", kMostLinks);
  for (std::size_t i = 0; i < links.size(); ++i) {
    const std::string place = "links/" + std::to_string(i);
    sketch.links.push_back(read_link({links[i], source, pointer + "/" + place}, ways, place));
  }
  reader.finish();
  return sketch;
}

Sketch read_json_graph(const std::string& text, const std::string& source) {
  return sketch_of_json(parse_json(text, source), source, "");
}

Json to_json(const Blueprint& graph) {
  Json devices = Json::array(), links = Json::array();
  for (const Device& device : graph.devices) {
    Json& json = devices.emplace_back(Json{{"name", device.name}, {"kind", name_of(device.kind)}});
    if (device.node) json["node"] = std::to_string(*device.node);
  }
  for (const Link& link : graph.links)
    links.push_back({{"from", graph.devices[link.from].name},
                     {"to", graph.devices[link.to].name},
                     {"bandwidth", to_text(link.bandwidth)},
                     {"latency", to_text(link.latency)},
                     {"kind", name_of(link.kind)},
                     {"name", link.name},
                     {"length", link.way.length},
                     {"turn", link.way.turn}});
  return {{"directed", true}, {"devices", devices}, {"links", links}};
}

}  // namespace switchyard
