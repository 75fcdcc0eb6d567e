// `--set /json/pointer=VALUE`: one value of a scenario replaced.
#include <algorithm>
#include <charconv>

#include "sim/base/json.hpp"
#include "sim/base/quote.hpp"
#include "sim/scenario.hpp"

namespace switchyard {
namespace {

/// "1e999" is a number, if none that fits, not text.
bool is_number_beyond_double(const std::string& text) {
  double number = 0.0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc::result_out_of_range && stop == end;
}

/// Text needs no quotes: --set /model=mixtral-8x7b. What begins as a list, an object or a quoted text must
/// be one.
Json value_of(const std::string& text, const std::string& where) {
  const bool must_be_json =
      (!text.empty() && std::string_view("{[\"").find(text.front()) != std::string::npos) ||
      is_number_beyond_double(text);
  if (must_be_json) return parse_json(text, where);
  try {
    return parse_json(text, where);
  } catch (const InputError&) {
    return text;
  }
}

/// What cannot have members, and what to write instead: a cluster or a GPU that is a name of the catalogue
/// may be the base of an object, a workload that is one its preset.
std::string no_members(const Json& given, const Json::json_pointer& parent, const Json::json_pointer& target,
                       const Json& value) {
  const std::string place = one_line(parent.to_string());
  std::string problem = place + ": " + nature(given) + ", which has no members";
  if (!given.is_string() || is_path(given.get<std::string>())) return problem;
  const bool workload = parent.back() == "workload";
  if (!workload && parent.back() != "cluster" && parent.back() != "gpu") return problem;
  Json over{{workload ? "preset" : "base", given}};
  over[Json::json_pointer(target.to_string().substr(parent.to_string().size()))] = value;
  const std::string text = over.dump(-1, ' ', false, Json::error_handler_t::replace);
  return problem + "; set " + place + " to an object over it: '" + place + "=" + text + "'";
}

/// A list grows by one place at most: "/list/999999999999" would fill the memory with nulls.
void check_place_in_list(const Json& holder, const std::string& token, const std::string& where) {
  const bool number = !token.empty() && token.find_first_not_of("0123456789") == token.npos;
  if (!number || holder.is_object()) return;
  const std::size_t size = holder.is_array() ? holder.size() : 0;
  std::size_t place = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), place);
  if (error == std::errc() && place <= size) return;
  throw InputError(
      where, "place " + one_line(token, 40) + " is beyond the list; give at most " + std::to_string(size));
}

/// Of the places on the way to the target, the first that cannot have such a member.
void check_way(const Json& scenario, const Json::json_pointer& target, const Json& value,
               const std::string& where) {
  if (!scenario.is_object()) throw InputError(where, "the scenario is not an object; give one in its file");
  for (Json::json_pointer place = target; !place.empty(); place = place.parent_pointer()) {
    const Json::json_pointer parent = place.parent_pointer();
    const Json nothing;
    const Json& given = scenario.contains(parent) ? scenario.at(parent) : nothing;
    if (!given.is_structured() && !given.is_null())
      throw InputError(where, no_members(given, parent, target, value));
    check_place_in_list(given, place.back(), where);
  }
}

}  // namespace

Json read_scenario_json(const std::string& path, const std::vector<Override>& overrides) {
  Json json = read_json_file(path);
  for (const Override& override : overrides) apply_override(json, override, path);
  return json;
}

void apply_override(Json& scenario, const Override& override, const std::string& source) {
  const std::string prefix = one_line(source) + ": --set ";
  set_pointer(scenario, override.pointer, value_of(override.value, prefix + one_line(override.pointer)),
              prefix);
}

void set_pointer(Json& scenario, const std::string& pointer, const Json& value, const std::string& prefix) {
  const std::string where = prefix + one_line(pointer);
  if (pointer.empty() || pointer.front() != '/') {
    throw InputError(where,
                     in_quotes(pointer) +
                         " is no JSON pointer; give one that begins with '/', e.g. /workload/num_requests");
  }
  if (static_cast<std::size_t>(std::count(pointer.begin(), pointer.end(), '/')) > kDeepestJson)
    throw InputError(where,
                     "is deeper than " + std::to_string(kDeepestJson) + " levels; give a shorter pointer");
  try {
    const Json::json_pointer target(pointer);
    check_way(scenario, target, value, where);
    scenario[target] = value;  // objects on the way are made
  } catch (const Json::exception&) {
    throw InputError(
        where,
        "is not a place in the scenario; list places count from 0, and ~0 and ~1 stand for ~ and / in a key");
  }
}

}  // namespace switchyard
