// The schema and the readers say the same, key by key: which keys a block has, which of them it needs, their
// names, ranges and defaults. What the readers say is taken from their messages. tests/schema has the
// validator's part.
#include "sim/schema.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <optional>
#include <set>
#include <sstream>

#include "sim/base/menu.hpp"
#include "sim/scenario.hpp"
#include "tests/contract/schema_examples.hpp"

using namespace switchyard;

namespace {

using Names = std::set<std::string>;
using Pointer = Json::json_pointer;

const Json& root() {
  static const Json schema = scenario_schema();
  return schema;
}

bool is_block(const Json& schema) {
  return schema.contains("properties") && schema.contains("additionalProperties");
}

/// Calls visit(schema) on `schema` and on what stands behind its reference and among its alternatives.
void for_each_form(const Json& schema, const std::function<void(const Json&)>& visit) {
  visit(schema);
  if (schema.contains("$ref"))
    for_each_form(root().at(Pointer(schema["$ref"].get<std::string>().substr(1))), visit);
  for (const char* key : {"anyOf", "oneOf"})
    if (schema.contains(key))
      for (const Json& form : schema[key]) for_each_form(form, visit);
}

/// The name that a key must have, unless it is left out.
std::optional<std::string> only_name(const Json& property) {
  if (property.contains("const") && property["const"].is_string())
    return property["const"].get<std::string>();
  const Json names = property.value("enum", Json::array());
  if (names.size() == 2 && names[0].is_string() && names[1].is_null()) return names[0].get<std::string>();
  return std::nullopt;
}

/// The kind of an arrival, say, that `value` names is not another one's.
bool fits(const Json& block, const Json& value) {
  for (const auto& [key, property] : block["properties"].items()) {
    const std::optional<std::string> name = only_name(property);
    if (!name) continue;
    if (value.contains(key) ? value[key] != Json(*name) : property.contains("const")) return false;
  }
  return true;
}

const Json* block_of(const Json& schema, const Json& value) {
  const Json* block = nullptr;
  for_each_form(schema, [&](const Json& form) {
    if (is_block(form) && fits(form, value)) block = &form;
  });
  return block;
}

using VisitBlock = std::function<void(const Json& block, const Pointer& place)>;

void visit_blocks(const Json& schema, const Json& value, const Pointer& place, const VisitBlock& visit) {
  if (value.is_array())
    for_each_form(schema, [&](const Json& form) {
      for (std::size_t i = 0; form.contains("items") && i < value.size(); ++i)
        visit_blocks(form["items"], value[i], place / i, visit);
    });
  const Json* block = value.is_object() ? block_of(schema, value) : nullptr;
  if (block == nullptr) return;
  visit(*block, place);
  for (const auto& [key, member] : value.items())
    if ((*block)["properties"].contains(key))
      visit_blocks((*block)["properties"][key], member, place / key, visit);
}

/// Calls visit for each key that an example has.
void for_each_key(const Examples& examples,
                  const std::function<void(const Json& example, const Json& block, const Pointer& place,
                                           const Json& key)>& visit) {
  for (const Json& example : examples.scenarios) {
    visit_blocks(root(), example, Pointer(), [&](const Json& block, const Pointer& place) {
      for (const auto& [key, value] : example.at(place).items()) {
        INFO((place / key).to_string());
        visit(example, block, place / key, block["properties"].at(key));
      }
    });
  }
}

void collect_blocks(const Json& schema, std::set<const Json*>& blocks) {
  if (!schema.is_structured()) return;
  if (schema.is_object() && is_block(schema)) blocks.insert(&schema);
  for (const Json& member : schema) collect_blocks(member, blocks);
}

Json with(Json example, const Pointer& place, const Json& value) {
  example[place] = value;
  return example;
}

Json without(Json example, const Pointer& place) {
  example[place.parent_pointer()].erase(place.back());
  return example;
}

/// The names after "choose one of " in a message.
Names choices_in(const std::string& message) {
  constexpr std::string_view kLead = "choose one of ";
  const std::size_t lead = message.find(kLead);
  if (lead == std::string::npos) return {};
  Names names;
  std::istringstream list(message.substr(lead + kLead.size()));
  for (std::string name; std::getline(list, name, ',');)
    names.insert(name.substr(name.find_first_not_of(' ')));
  std::erase_if(names, [](const std::string& name) { return name.starts_with("or give"); });
  return names;
}

/// What a text may be by the schema, paths aside.
Names names_in(const Json& schema) {
  Names names;
  for_each_form(schema, [&](const Json& form) {
    for (const Json& name : form.value("enum", Json::array()))
      if (name.is_string()) names.insert(name.get<std::string>());
    if (form.contains("const") && form["const"].is_string()) names.insert(form["const"].get<std::string>());
  });
  return names;
}

bool is_required(const Json& block, const std::string& key) {
  const Json list = block.value("required", Json::array());
  return std::find(list.begin(), list.end(), key) != list.end();
}

Json next(const Json& bound, const Json& type, double towards) {
  if (type == "number" || (type.is_array() && type[0] == "number"))
    return std::nextafter(bound.get<double>(), towards);
  if (towards < 0) return bound.get<std::int64_t>() - 1;
  return bound.get<std::uint64_t>() + 1;
}

}  // namespace

TEST_CASE("The examples have every block and every key of the schema, and each key is explained") {
  const Examples examples;
  std::set<const Json*> blocks, seen, keys;
  collect_blocks(root(), blocks);
  for (const Json& example : examples.scenarios) CHECK(examples.refusal(example).empty());
  for_each_key(examples, [&](const Json&, const Json& block, const Pointer&, const Json& key) {
    seen.insert(&block);
    keys.insert(&key);
  });
  CHECK(seen == blocks);
  for (const Json* block : blocks) {
    for (const auto& [name, key] : (*block)["properties"].items()) {
      INFO(block->value("title", "a block") << ": " << name);
      CHECK(keys.count(&key) == 1);
      CHECK(key.value("description", "").size() > 5);
    }
  }
}

TEST_CASE("The schema has the keys that the reader knows, block by block") {
  const Examples examples;
  for (const Json& example : examples.scenarios) {
    visit_blocks(root(), example, Pointer(), [&](const Json& block, const Pointer& place) {
      INFO(place.to_string());
      Names keys;
      for (const auto& [key, property] : block["properties"].items()) keys.insert(key);
      const std::string refusal = examples.refusal(with(example, place / "zzz", 1));
      CHECK_THAT(refusal, Catch::StartsWith("s.json: " + (place / "zzz").to_string() + ": unknown key"));
      CHECK(choices_in(refusal) == keys);
    });
  }
}

TEST_CASE("Names in the schema are those that the reader offers") {
  const Examples examples;
  std::size_t checked = 0;
  for_each_key(examples, [&](const Json& example, const Json&, const Pointer& place, const Json& key) {
    if (names_in(key).empty()) return;
    const std::string refusal = examples.refusal(with(example, place, "zzz"));
    INFO(refusal);
    // A workload's name is short for a block's preset.
    const bool is_short = place == Pointer("/workload");
    CHECK(refusal.starts_with("s.json: " + place.to_string() + (is_short ? "/preset" : "") + ": "));
    // Of kinds (of arrivals, of lengths) each has a block of its own.
    const Names offered = choices_in(refusal);
    if (only_name(key)) CHECK(offered.count(*only_name(key)) == 1);
    else CHECK(offered == names_in(key));
    ++checked;
  });
  CHECK(checked > 100);
}

TEST_CASE("Every kind of arrivals, lengths and fabrics has its block") {
  const Examples examples;
  const auto [place, kinds] =
      GENERATE(table<std::string, std::string>({{"/workload/arrivals/process", "arrivals"},
                                                {"/workload/prompt_tokens/distribution", "lengths"},
                                                {"/cluster/fabric/kind", "fabric"}}));
  const Pointer pointer(place);
  Names blocks;
  for (const Json& block : root()["$defs"][kinds]["oneOf"])
    blocks.insert(*only_name(block["properties"][pointer.back()]));
  CHECK(blocks == choices_in(examples.refusal(with(examples.scenarios.front(), pointer, "zzz"))));
}

TEST_CASE("Ranges in the schema are the reader's, to the last digit") {
  const Examples examples;
  std::size_t checked = 0;
  for_each_key(examples, [&](const Json& example, const Json&, const Pointer& place, const Json& key) {
    const auto refused = [&](const Json& value) {
      INFO(value);
      const std::string refusal = examples.refusal(with(example, place, value));
      ++checked;
      return refusal.starts_with("s.json: " + place.to_string() + ": ");
    };
    const Json type = key.value("type", Json());
    if (key.contains("minimum"))
      CHECK((refused(next(key["minimum"], type, -1e300)) && !refused(key["minimum"])));
    if (key.contains("maximum"))
      CHECK((refused(next(key["maximum"], type, 1e300)) && !refused(key["maximum"])));
    if (key.contains("exclusiveMinimum"))
      CHECK((refused(key["exclusiveMinimum"]) && !refused(next(key["exclusiveMinimum"], type, 1e300))));
  });
  CHECK(checked > 100);
}

TEST_CASE("A key may be left out, or be null, where the schema says so; then its default is the schema's") {
  const Examples examples;
  for_each_key(examples, [&](const Json& example, const Json& block, const Pointer& place, const Json& key) {
    const Json left_out = without(example, place);
    if (is_required(block, place.back())) {
      CHECK_FALSE(examples.refusal(left_out).empty());
      return;
    }
    const std::string refusal = examples.refusal(left_out);
    INFO(refusal);
    // A trace or distributions are needed, and what a cluster does not have from a base.
    CHECK((refusal.empty() || block.contains("oneOf") || place.to_string().starts_with("/cluster/")));
    if (!refusal.empty()) return;
    const Json resolved = examples.read(left_out).json;
    if (!example.at(place.parent_pointer()).contains("base"))  // there null takes away what the base has
      CHECK(examples.read(with(example, place, nullptr)).json == resolved);
    if (key.contains("default")) CHECK(examples.read(with(example, place, key["default"])).json == resolved);
  });
}

TEST_CASE("Every resolved scenario has only keys of the schema") {
  const Examples examples;
  for (const Json& example : examples.scenarios) {
    const Json resolved = examples.read(example).json;
    CHECK_FALSE(resolved.contains("$schema"));
    visit_blocks(root(), resolved, Pointer(), [&](const Json& block, const Pointer& place) {
      for (const auto& [key, value] : resolved.at(place).items()) {
        INFO((place / key).to_string());
        CHECK(block["properties"].contains(key));
      }
    });
  }
}

TEST_CASE("A study's scenario has the scenario's keys, and may leave out the model") {
  const Json study = study_schema();
  Json properties = study["$defs"]["scenario"]["properties"];
  CHECK(properties.size() == root()["properties"].size());
  CHECK_FALSE(study["$defs"]["scenario"].contains("required"));
}
