// The table of formats, and the choice among them.
#include "topologies/graphs/graph.hpp"

#include <algorithm>
#include <array>

#include "sim/base/files.hpp"
#include "sim/base/menu.hpp"

namespace switchyard {

Sketch read_json_graph(const std::string& text, const std::string& source);
Sketch read_graphml(const std::string& text, const std::string& source);

std::span<const GraphFormat> graph_formats() {
  static constexpr std::array kFormats = {
      GraphFormat{".json", "devices and links as lists, as `switchyard schema` describes them",
                  read_json_graph},
      GraphFormat{".graphml", "GraphML, as `switchyard topology --format graphml` writes it", read_graphml},
  };
  return kFormats;
}

Blueprint read_graph(const Json& wish, const std::string& folder, const std::string& source,
                     const std::string& pointer) {
  const std::string place = one_line(source) + ": " + pointer;
  if (wish.is_object()) return blueprint_of(sketch_of_json(wish, source, pointer), place);
  if (!wish.is_string())
    throw InputError(place, nature(wish) + "; give a path or an object of devices and links");
  const std::string name = wish.get<std::string>();
  const auto formats = graph_formats();
  const auto format = std::find_if(formats.begin(), formats.end(),
                                   [&](const GraphFormat& f) { return name.ends_with(f.name); });
  if (format == formats.end())
    throw InputError(place, in_quotes(name) + " ends in no known format; " + choices("", names(formats)));
  const std::string path = absolute_path(folder, name);
  const std::string text = named_at(place, [&] { return read_text_file(path); });
  return blueprint_of(format->read(text, path), one_line(path));
}

}  // namespace switchyard
