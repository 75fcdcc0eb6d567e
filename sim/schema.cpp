// Fills in what schema/*.json leave to the program: {"from": MENU} becomes the menu's names, {"quantity":
// KIND} its text, {NAME} in a pattern a menu's names, and null is allowed for every key that has a default.
#include "sim/schema.hpp"

#include <algorithm>
#include <array>

#include "sim/base/embedded.hpp"
#include "sim/base/ensure.hpp"
#include "sim/base/menu.hpp"
#include "sim/menus.hpp"

namespace switchyard {

std::span<const EmbeddedFile> embedded_schemas();  // schema/*.json

namespace {

struct QuantityRow {
  std::string_view name;
  std::string (*pattern)();
  std::string (*how_to_write)();
};

constexpr std::array<QuantityRow, 5> kQuantities = {{
    {"time", pattern<Seconds>, how_to_write<Seconds>},
    {"data", pattern<Bytes>, how_to_write<Bytes>},
    {"bandwidth", pattern<BytesPerSecond>, how_to_write<BytesPerSecond>},
    {"compute_rate", pattern<FlopsPerSecond>, how_to_write<FlopsPerSecond>},
    {"power", pattern<Watts>, how_to_write<Watts>},
}};

Json embedded(std::string_view name) {
  const EmbeddedFile& file = choose(embedded_schemas(), name, "schema");
  return parse_json(file.text, "schema/" + std::string(name) + ".json");
}

const Menu& menu(std::string_view name) { return choose(menus(), name, "schema"); }

void describe(Json& schema, const std::string& text) {
  const std::string before = schema.value("description", "");
  schema["description"] = before.empty() ? text : before + "\n" + text;
}

/// A single name, beside "const", is described; else the value is one of the menu's.
void fill_names(Json& schema) {
  const std::vector<MenuLine> lines = menu(schema["from"].get<std::string>()).lines();
  schema.erase("from");
  Json names = Json::array();
  for (const MenuLine& line : lines) {
    names.push_back(line.name);
    if (schema.contains("const") && schema["const"] == line.name) describe(schema, line.description);
    if (!schema.contains("const") && !line.description.empty())
      describe(schema, line.name + ": " + line.description);
  }
  if (!schema.contains("const")) schema["enum"] = names;
}

void fill_quantity(Json& schema) {
  const QuantityRow& row =
      choose(std::span<const QuantityRow>(kQuantities), schema["quantity"].get<std::string>(), "schema");
  schema.erase("quantity");
  describe(schema, "Give " + row.how_to_write() + ".");
  schema["type"] = "string";
  schema["pattern"] = row.pattern();
}

void fill_pattern(Json& schema) {
  std::string pattern = schema["pattern"].get<std::string>();
  for (const Menu& row : menus()) {
    const std::string place = "{" + std::string(row.name) + "}";
    const std::size_t at = pattern.find(place);
    if (at == std::string::npos) continue;
    std::string names;
    for (const MenuLine& line : row.lines()) names += (names.empty() ? "" : "|") + line.name;
    pattern.replace(at, place.size(), names);
  }
  schema["pattern"] = pattern;
}

void allow_null(Json& schema) {
  const Json null = {{"type", "null"}};
  if (schema.contains("anyOf")) schema["anyOf"].push_back(null);
  else if (schema.contains("$ref")) {
    schema["anyOf"] = {{{"$ref", schema["$ref"]}}, null};
    schema.erase("$ref");
  } else if (schema.contains("enum")) schema["enum"].push_back(nullptr);
  else if (schema.contains("const")) {
    schema["enum"] = {schema["const"], nullptr};
    schema.erase("const");
  } else if (schema.contains("type") && schema["type"] != "null") schema["type"] = {schema["type"], "null"};
}

void allow_nulls(Json& schema) {
  const Json required = schema.value("required", Json::array());
  for (auto& [key, property] : schema["properties"].items())
    if (std::find(required.begin(), required.end(), key) == required.end()) allow_null(property);
}

void fill(Json& schema) {
  if (!schema.is_structured()) return;
  for (Json& member : schema) fill(member);
  if (!schema.is_object()) return;
  const auto has_text = [&](const char* key) { return schema.contains(key) && schema[key].is_string(); };
  if (has_text("from")) fill_names(schema);
  if (has_text("quantity")) fill_quantity(schema);
  if (has_text("pattern")) fill_pattern(schema);
  if (schema.contains("properties")) allow_nulls(schema);
}

}  // namespace

Json scenario_schema() {
  Json schema = embedded("scenario");
  for (const char* part : {"workload", "cluster"}) schema["$defs"].update(embedded(part));
  fill(schema);
  return schema;
}

Json study_schema() {
  Json schema = embedded("study");
  fill(schema);
  Json scenario = scenario_schema();
  schema["$defs"].update(scenario["$defs"]);
  for (const char* key : {"$schema", "$id", "required", "$defs"}) scenario.erase(key);
  schema["$defs"]["scenario"] = scenario;
  return schema;
}

Json plan_schema() {
  Json schema = embedded("plan");
  fill(schema);
  return schema;
}

}  // namespace switchyard
