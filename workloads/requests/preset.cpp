// A preset is a workload block itself, with a description and a source: it is laid under the user's.
#include "workloads/requests/preset.hpp"

#include <array>
#include <span>

#include "sim/base/embedded.hpp"
#include "sim/base/menu.hpp"

namespace switchyard {

std::span<const EmbeddedFile> embedded_workload_presets();

namespace {

struct Preset {
  std::string name;
  std::string description;
  std::string_view text;
};

const std::vector<Preset>& presets() {
  static const std::vector<Preset> result = [] {
    std::vector<Preset> presets;
    for (const EmbeddedFile& file : embedded_workload_presets()) {
      const Json json = parse_json(file.text, "workload preset " + std::string(file.name));
      presets.push_back({std::string(file.name), json.at("description").get<std::string>(), file.text});
    }
    return presets;
  }();
  return result;
}

Json read_preset(const std::string& name, const std::string& path, const std::string& base_folder) {
  if (is_path(name)) return named_at(path, [&] { return read_json_file(absolute_path(base_folder, name)); });
  return parse_json(choose(std::span<const Preset>(presets()), name, path).text, "workload preset " + name);
}

/// The user's arrivals or lengths over the preset's.
Json laid_over(const Json& own, const Json& preset, const std::string& kind) {
  if (!own.is_object() || !preset.is_object() || own.contains(kind)) return own;
  Json result = preset;
  result.update(own);
  return result;
}

}  // namespace

std::span<const WorkloadRow> workload_presets() {
  static const std::vector<WorkloadRow> rows = [] {
    std::vector<WorkloadRow> result;
    for (const Preset& preset : presets()) result.push_back({preset.name, preset.description});
    return result;
  }();
  return rows;
}

Json with_preset(ObjectReader& block, const std::string& base_folder) {
  const std::string name = block.text("preset");
  if (block.has("trace")) block.fail("trace", "is another workload than \"preset\"; remove one of them");
  const std::string path = block.source() + ": " + block.pointer("preset");
  const Json preset = read_preset(name, path, base_folder);
  ObjectReader reader(preset, is_path(name) ? name : path);
  Json result = Json::object();
  for (const char* key : {"description", "source"}) reader.text(key);
  for (const char* key : {"arrivals", "num_requests", "prompt_tokens", "output_tokens"})
    if (const Json* value = reader.optional_raw(key)) result[key] = *value;
  reader.finish();
  for (const std::string& key : block.keys()) {
    if (!block.has(key) || key == "preset") continue;
    const std::string kind = key == "arrivals" ? "process" : "distribution";
    result[key] = result.contains(key) ? laid_over(block.raw(key), result[key], kind) : block.raw(key);
  }
  if (!result.contains("arrivals"))
    block.fail("arrivals", "is missing; preset " + name +
                               " has lengths alone: say when its requests arrive, e.g. "
                               "{\"process\": \"poisson\", \"rate\": 1}");
  return result;
}

}  // namespace switchyard
