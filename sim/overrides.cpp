// `--set /json/pointer=VALUE`: one value of a scenario replaced.
#include "sim/base/json.hpp"
#include "sim/scenario.hpp"

namespace switchyard {

Json read_scenario_json(const std::string& path, const std::vector<Override>& overrides) {
  Json json = read_json_file(path);
  for (const Override& override : overrides) apply_override(json, override, path);
  return json;
}

void apply_override(Json& scenario, const Override& override, const std::string& source) {
  Json value = Json::parse(override.value, nullptr, false);
  if (value.is_discarded()) {  // text without quotes: --set /model=mixtral-8x7b
    if (!override.value.empty() &&
        std::string_view("{[\"").find(override.value.front()) != std::string_view::npos) {
      parse_json(override.value, source + ": --set " + override.pointer);  // says what is wrong
    }
    value = override.value;
  }
  set_pointer(scenario, override.pointer, value, source + ": --set ");
}

void set_pointer(Json& scenario, const std::string& pointer, const Json& value, const std::string& prefix) {
  const std::string where = prefix + pointer;
  if (pointer.empty() || pointer.front() != '/') {
    throw InputError(where, "give a JSON pointer that begins with '/', e.g. /workload/num_requests=100");
  }
  try {
    const Json::json_pointer target(pointer);
    // Objects on the way are made; a number or text on the way cannot hold a member.
    for (Json::json_pointer parent = target.parent_pointer(); !parent.empty();
         parent = parent.parent_pointer()) {
      if (scenario.contains(parent) && !scenario.at(parent).is_structured() &&
          !scenario.at(parent).is_null()) {
        throw InputError(where,
                         parent.to_string() + " is " + scenario.at(parent).dump() + ", which has no members");
      }
    }
    if (!scenario.is_object()) throw InputError(where, "the scenario is not an object");
    scenario[target] = value;
  } catch (const Json::exception&) {
    throw InputError(
        where,
        "is not a place in the scenario; list places count from 0, and ~0 and ~1 stand for ~ and / in a key");
  }
}

}  // namespace switchyard
