// The three forms of "model" and the embedded catalogue.
#include "workloads/catalogue.hpp"

#include <algorithm>
#include <filesystem>

#include "sim/base/embedded.hpp"
#include "sim/base/quote.hpp"
#include "workloads/hugging_face/reader.hpp"

namespace switchyard {

std::span<const EmbeddedFile> embedded_models();  // models/*.json

namespace {

namespace fs = std::filesystem;

const Json& no_members() {
  static const Json empty = Json::object();
  return empty;
}

/// A config.json is named after its folder, another file after itself.
std::string name_of_file(const fs::path& path) {
  const fs::path folder = fs::weakly_canonical(path).parent_path().filename();
  return path.filename() == "config.json" && !folder.empty() ? folder.string() : path.stem().string();
}

ConfigReader reader_of(const Json& config, const std::string& source, const Json& overrides,
                       const std::string& overrides_source) {
  const Json& members = overrides.is_null() ? no_members() : overrides;
  return ConfigReader(ObjectReader(config, source),
                      ObjectReader(members, overrides_source, "/model_overrides"));
}

Architecture read_all(ConfigReader& config, const std::string& source, bool overridden) {
  Architecture architecture = read_architecture(config, source);
  config.known({"published"});
  config.refuse_unknown_overrides();
  if (overridden) architecture.source += ", with model_overrides";
  return architecture;
}

Architecture read_file(const std::string& wish, const Json& overrides, const std::string& base_folder,
                       const std::string& source) {
  const fs::path path = (fs::path(base_folder) / wish).lexically_normal();
  const Json config = read_json_file(path.string());
  ConfigReader reader = reader_of(config, path.string(), overrides, source);
  Architecture architecture = read_all(reader, path.string(), !overrides.is_null());
  if (!reader.has("name")) architecture.name = name_of_file(path);
  return architecture;
}

Architecture read_named(const std::string& wish, const Json& overrides, const std::string& source) {
  const auto files = embedded_models();
  const auto file =
      std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& f) { return f.name == wish; });
  if (file == files.end()) {
    const auto names = model_names();
    throw InputError(source + ": /model", "unknown model " + in_quotes(wish) + "; " + choices(wish, names) +
                                              ", or give the path of a config.json");
  }
  const std::string origin = "catalogue model " + wish;
  const Json config = parse_json(file->text, origin);
  ConfigReader reader = reader_of(config, origin, overrides, source);
  return read_all(reader, origin, !overrides.is_null());
}

Architecture read_inline(const Json& wish, const Json& overrides, const std::string& source) {
  const Json& members = overrides.is_null() ? no_members() : overrides;
  ConfigReader reader(ObjectReader(wish, source, "/model"),
                      ObjectReader(members, source, "/model_overrides"));
  Architecture architecture = read_all(reader, source, !overrides.is_null());
  reader.refuse_unknown_keys();
  return architecture;
}

}  // namespace

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : embedded_models()) names.emplace_back(file.name);
  std::sort(names.begin(), names.end());
  return names;
}

Architecture read_model(const Json& wish, const Json& overrides, const std::string& base_folder,
                        const std::string& source) {
  if (wish.is_object()) return read_inline(wish, overrides, source);
  if (!wish.is_string()) {
    throw InputError(source + ": /model",
                     "is neither a catalogue name, nor a path to a config.json, nor an object of its keys; " +
                         choices("", model_names()));
  }
  const std::string text = wish.get<std::string>();
  return is_path(text) ? read_file(text, overrides, base_folder, source)
                       : read_named(text, overrides, source);
}

Architecture read_hugging_face_config(const Json& config, const std::string& name,
                                      const std::string& source) {
  ConfigReader reader = reader_of(config, source, Json(), source);
  Architecture architecture = read_all(reader, source, false);
  if (!reader.has("name")) architecture.name = name;
  return architecture;
}

}  // namespace switchyard
