// The three forms of "model" and the embedded catalogue.
#include "workloads/catalogue.hpp"

#include <algorithm>
#include <filesystem>

#include "sim/base/embedded.hpp"
#include "sim/base/quote.hpp"
#include "workloads/hugging_face/python_json.hpp"
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

PublishedParameters read_published(ObjectReader reader) {
  PublishedParameters published;
  const NumberRange above_zero{0.0, 1e18, NumberRange::Ends::open_below};
  published.total = reader.number("total_parameters", above_zero);
  if (reader.has("active_parameters")) published.active = reader.number("active_parameters", above_zero);
  published.active_convention = reader.text("active_convention");
  using Active = PublishedParameters::Active;
  const auto begins = [&](std::string_view words) { return published.active_convention.starts_with(words); };
  published.counts = begins("without the input embedding")  ? Active::without_embedding
                     : begins("without embedding and head") ? Active::without_embedding_and_head
                                                            : Active::everything;
  published.deviation = reader.optional_text("deviation", "");
  published.source = reader.text("source");
  return published;
}

Architecture read_all(ConfigReader& config, const std::string& source, bool overridden) {
  Architecture architecture = read_architecture(config, source);
  if (auto published = config.maybe_object("published")) architecture.published = read_published(*published);
  config.refuse_unknown_overrides();
  if (overridden) architecture.source += ", with model_overrides";
  return architecture;
}

Architecture read_file(const std::string& wish, const Json& overrides, const std::string& base_folder,
                       const std::string& source) {
  const fs::path path = (fs::path(base_folder) / wish).lexically_normal();
  const std::string text = named_at(source + ": /model", [&] { return read_text_file(path.string()); });
  const Json config = parse_json(without_python_numbers(text), path.string());
  ConfigReader reader = reader_of(config, path.string(), overrides, source);
  Architecture architecture = read_all(reader, path.string(), !overrides.is_null());
  if (!reader.has("name")) architecture.name = name_of_file(path);
  return architecture;
}

/// Models that users ask for by name and nobody outside can describe.
void refuse_unpublished(const std::string& wish, const std::string& source) {
  if (wish != "gpt-4" && !wish.starts_with("gpt-4-") && !wish.starts_with("gpt-4o")) return;
  throw InputError(source + ": /model",
                   in_quotes(wish) +
                       " has no published architecture (GPT-4 Technical Report, arXiv:2303.08774, section 2, "
                       "gives no sizes); choose a model of `switchyard list models`, or give a config.json");
}

Architecture read_named(const std::string& wish, const Json& overrides, const std::string& source) {
  const auto files = embedded_models();
  const auto file =
      std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& f) { return f.name == wish; });
  if (file == files.end()) {
    refuse_unpublished(wish, source);
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
    throw InputError(
        source + ": /model",
        nature(wish) +
            ", neither a catalogue name, nor a path to a config.json, nor an object of its keys; " +
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
