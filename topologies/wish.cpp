// From a name, a path or an object to one object.
#include "topologies/wish.hpp"

#include <algorithm>
#include <filesystem>

#include "sim/base/quote.hpp"

namespace switchyard {
namespace {

namespace fs = std::filesystem;

const EmbeddedFile* find(const Catalogue& catalogue, std::string_view name) {
  const auto file = std::find_if(catalogue.files.begin(), catalogue.files.end(),
                                 [&](const EmbeddedFile& f) { return f.name == name; });
  return file == catalogue.files.end() ? nullptr : &*file;
}

Resolved read_named(const std::string& name, const Catalogue& catalogue, const std::string& where) {
  const EmbeddedFile* file = find(catalogue, name);
  const std::string noun(catalogue.noun);
  if (file == nullptr) {
    throw InputError(where, "unknown " + noun + " " + in_quotes(name) + "; " +
                                choices(name, names(catalogue)) + ", or give the path of a JSON file");
  }
  const std::string source = "catalogue " + noun + " " + name;
  return {parse_json(file->text, source), name, {"", source, ""}, name};
}

Resolved read_file(const std::string& wish, const std::string& folder) {
  const fs::path path = (fs::path(folder) / wish).lexically_normal();
  return {read_json_file(path.string()),
          path.stem().string(),
          {path.parent_path().string(), path.string(), ""},
          ""};
}

/// As a JSON merge patch, but nulls stay where they are for another base: in an object that has one, or that
/// replaces something else.
void lay_over(Json& base, const Json& patch) {
  for (const auto& [key, value] : patch.items()) {
    if (value.is_null()) {
      if (base.contains("base")) base[key] = value;
      else base.erase(key);
    } else if (value.is_object() && base.contains(key) && base[key].is_object()) {
      lay_over(base[key], value);
    } else {
      base[key] = value;
    }
  }
}

/// Where the object stands remains the origin of messages: the catalogue's own is sound.
void merge_base(Resolved& resolved, const Catalogue& catalogue) {
  if (!resolved.value.is_object() || !resolved.value.contains("base")) return;
  ObjectReader reader(resolved.value, resolved.origin.source, resolved.origin.pointer);
  const std::string where = resolved.origin.source + ": " + reader.pointer("base");
  resolved.base = reader.text("base");
  Resolved below = read_named(resolved.base, catalogue, where);
  merge_base(below, catalogue);
  Json merged = std::move(below.value);
  resolved.value.erase("base");
  if (catalogue.make_way != nullptr) catalogue.make_way(merged, resolved.value);
  lay_over(merged, resolved.value);
  resolved.value = std::move(merged);
}

}  // namespace

Resolved resolve(const Json& wish, const Catalogue& catalogue, const Origin& origin) {
  if (!wish.is_string() && !wish.is_object()) {
    throw InputError(place(origin), nature(wish) + ", neither a name, nor a path, nor an object; " +
                                        choices("", names(catalogue)));
  }
  const auto written_out = [&](const Json& short_form) {
    return catalogue.written_out == nullptr ? short_form : catalogue.written_out(short_form);
  };
  Resolved resolved{written_out(wish), "custom", origin, ""};
  if (resolved.value.is_string()) {
    const std::string text = resolved.value.get<std::string>();
    resolved = is_path(text) ? named_at(place(origin), [&] { return read_file(text, origin.folder); })
                             : read_named(text, catalogue, place(origin));
    if (resolved.value.is_object()) resolved.value = written_out(resolved.value);
  }
  merge_base(resolved, catalogue);
  return resolved;
}

std::string place(const Origin& origin) {
  const std::string source = one_line(origin.source);
  return origin.pointer.empty() ? source : source + ": " + origin.pointer;
}

bool contains(const Catalogue& catalogue, std::string_view name) { return find(catalogue, name) != nullptr; }

std::vector<std::string> names(const Catalogue& catalogue) {
  std::vector<std::string> result;
  for (const EmbeddedFile& file : catalogue.files) result.emplace_back(file.name);
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace switchyard
