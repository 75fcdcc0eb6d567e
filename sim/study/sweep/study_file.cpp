// Reading a study, and expanding it point by point: no list of points is ever held.
#include "sim/study/sweep/study_file.hpp"

#include <algorithm>
#include <filesystem>

#include "sim/base/quote.hpp"
#include "sim/study/fingerprint.hpp"

namespace switchyard {
namespace {

namespace fs = std::filesystem;

void read_base_scenario(const std::string& study_path, Study& study, ObjectReader& reader) {
  const Json& given = reader.raw("scenario", "an object or a path");
  study.base_folder = fs::path(study_path).parent_path().string();
  if (given.is_object()) {
    study.scenario = given;
    study.scenario_source = "scenario";
  } else if (given.is_string()) {
    const fs::path path = fs::path(study.base_folder) / given.get<std::string>();
    study.scenario = read_json_file(path.string());
    study.scenario_source = path.string();
    study.base_folder = path.parent_path().string();
  } else {
    reader.fail("scenario", nature(given) + ", neither a scenario nor its file; give an object or a path");
  }
}

std::vector<Json> read_list(const Json& list, const std::string& where) {
  if (!list.is_array()) throw InputError(where, nature(list) + "; give a list of values");
  if (list.empty()) throw InputError(where, "[] is empty; give at least one value");
  return {list.begin(), list.end()};
}

/// Few, since each is compared with each.
void check_count(std::size_t pointers, const std::string& where) {
  constexpr std::size_t kMost = 64;
  if (pointers > kMost) {
    throw InputError(
        where, std::to_string(pointers) + " pointers are too many; give at most " + std::to_string(kMost));
  }
}

/// One axis a pointer.
void read_grid(Study& study, ObjectReader grid) {
  check_count(grid.keys().size(), study.source + ": sweep");
  for (const std::string& pointer : grid.keys()) {
    const Json* list = grid.optional_raw(pointer);
    study.axes.push_back(
        {{pointer}, {read_list(list ? *list : Json(), study.source + ": sweep " + one_line(pointer))}});
  }
}

void read_zip(Study& study, ObjectReader zip) {
  check_count(zip.keys().size(), study.source + ": zip");
  Axis axis;
  for (const std::string& pointer : zip.keys()) {
    const std::string where = study.source + ": zip " + one_line(pointer);
    const Json* list = zip.optional_raw(pointer);
    axis.pointers.push_back(pointer);
    axis.values.push_back(read_list(list ? *list : Json(), where));
    if (axis.values.back().size() != axis.size()) {
      throw InputError(where, std::to_string(axis.values.back().size()) + " values, but " +
                                  axis.pointers.front() + " has " + std::to_string(axis.size()) +
                                  "; lists under zip advance together: give as many");
    }
  }
  if (!axis.pointers.empty()) study.axes.push_back(std::move(axis));
}

void check_size(const Study& study) {
  std::uint64_t points = 1;
  for (const Axis& axis : study.axes) {
    if (axis.size() <= kMostPoints / points) {
      points *= axis.size();
      continue;
    }
    throw InputError(study.source, "more than " + std::to_string(kMostPoints) +
                                       " points; sweep shorter lists, or zip them");
  }
}

/// `inner` is `outer` or a place within it.
bool lies_within(const std::string& inner, const std::string& outer) {
  return inner.compare(0, outer.size(), outer) == 0 &&
         (inner.size() == outer.size() || inner[outer.size()] == '/');
}

/// A later value of the same place, or of one around it, would undo an earlier one.
void check_each_pointer_counts(const Study& study) {
  const std::vector<std::string> pointers = study.pointers();
  for (std::size_t later = 1; later < pointers.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (!lies_within(pointers[earlier], pointers[later])) continue;
      const std::string problem =
          pointers[earlier] == pointers[later]
              ? "is swept twice; give it once"
              : "replaces " + pointers[earlier] + ", which is swept before it; swap the two";
      throw InputError(study.source + ": " + pointers[later], problem);
    }
  }
}

/// The first value of each, in order: what is no place in the first point is reported before anything else is
/// read.
void check_places(const Study& study) {
  Json scenario = study.scenario;
  for (const Axis& axis : study.axes) {
    for (std::size_t i = 0; i < axis.pointers.size(); ++i) {
      set_pointer(scenario, axis.pointers[i], axis.values[i].front(), study.source + ": ");
    }
  }
}

/// The index on each axis; the last varies fastest.
std::vector<std::uint64_t> indices_of(const Study& study, std::uint64_t point) {
  std::vector<std::uint64_t> indices(study.axes.size());
  for (std::size_t axis = study.axes.size(); axis-- > 0;) {
    indices[axis] = point % study.axes[axis].size();
    point /= study.axes[axis].size();
  }
  return indices;
}

void make_paths_absolute(Json& json, const std::string& base_folder) {
  if (json.is_structured()) {
    for (Json& member : json) make_paths_absolute(member, base_folder);
  } else if (const std::optional<std::string> file = file_named_by(json, base_folder)) {
    json = *file;
  }
}

}  // namespace

std::uint64_t Study::points() const {
  std::uint64_t points = 1;
  for (const Axis& axis : axes) points *= axis.size();
  return points;
}

std::vector<std::string> Study::pointers() const {
  std::vector<std::string> all;
  for (const Axis& axis : axes) all.insert(all.end(), axis.pointers.begin(), axis.pointers.end());
  return all;
}

/// A swept value would replace what was set.
void check_not_swept(const Study& study, const Override& override) {
  for (const std::string& pointer : study.pointers()) {
    if (override.pointer == pointer || override.pointer.starts_with(pointer + "/"))
      throw InputError("--set " + override.pointer,
                       "is swept by " + study.source + "; change its lists there");
  }
}

Study read_study(const std::string& path, const std::vector<Override>& overrides) {
  const Json json = read_json_file(path);
  ObjectReader reader(json, path);
  Study study;
  study.source = one_line(path);
  study.title = reader.optional_text("title", fs::path(path).stem().string());
  study.question = reader.optional_text("question", "");
  read_base_scenario(path, study, reader);
  for (const Override& override : overrides) apply_override(study.scenario, override, study.scenario_source);
  for (const std::string& key : reader.keys()) {
    if (key == "sweep") read_grid(study, reader.optional_object(key));
    if (key == "zip") read_zip(study, reader.optional_object(key));
  }
  reader.known("sweep");
  reader.known("zip");
  reader.optional_text("$schema", "");  // for editors
  reader.finish();
  if (study.axes.empty())
    reader.fail(
        "sweep",
        "sweeps nothing; give lists of values by JSON pointer, e.g. {\"/workload/arrivals/rate\": [1, 2]}");
  check_size(study);
  check_each_pointer_counts(study);
  check_places(study);
  for (const Override& override : overrides) check_not_swept(study, override);
  return study;
}

std::vector<Json> values_of(const Study& study, std::uint64_t point) {
  const std::vector<std::uint64_t> indices = indices_of(study, point);
  std::vector<Json> values;
  for (std::size_t axis = 0; axis < study.axes.size(); ++axis) {
    for (const std::vector<Json>& list : study.axes[axis].values) values.push_back(list[indices[axis]]);
  }
  return values;
}

std::string name_of_point(const Study& study, std::uint64_t point) {
  const std::vector<std::string> pointers = study.pointers();
  const std::vector<Json> values = values_of(study, point);
  std::string text;
  for (std::size_t i = 0; i < pointers.size(); ++i) {
    text += (i == 0 ? "" : ", ") + pointers[i] + " = " + one_line(values[i].dump(), 60);
  }
  return study.source + ": point " + std::to_string(point + 1) + " of " + std::to_string(study.points()) +
         " (" + text + ")";
}

Json scenario_json_of(const Study& study, std::uint64_t point) {
  const std::vector<std::uint64_t> indices = indices_of(study, point);
  Json scenario = study.scenario;
  for (std::size_t i = 0; i < study.axes.size(); ++i) {
    const Axis& axis = study.axes[i];
    for (std::size_t list = 0; list < axis.pointers.size(); ++list) {
      set_pointer(scenario, axis.pointers[list], axis.values[list][indices[i]], study.source + ": ");
    }
  }
  return scenario;
}

Scenario scenario_of(const Study& study, std::uint64_t point) {
  try {
    Scenario scenario =
        read_scenario(scenario_json_of(study, point), study.scenario_source, study.base_folder);
    if (!scenario.workload) {
      throw InputError(study.scenario_source + ": /workload",
                       "is missing; give arrivals and lengths, or a trace");
    }
    return scenario;
  } catch (const Mismatch&) {
    throw;
  } catch (const InputError& error) {
    throw InputError(name_of_point(study, point), error.what());
  }
}

Json to_json(const Study& study) {
  Json json = {{"title", study.title}, {"question", study.question}, {"scenario", study.scenario}};
  // Several zips do not exist in a file, so an axis of many pointers is the zip; it stands where it stood.
  for (const Axis& axis : study.axes) {
    Json& block = json[axis.pointers.size() == 1 ? "sweep" : "zip"];
    for (std::size_t i = 0; i < axis.pointers.size(); ++i) block[axis.pointers[i]] = axis.values[i];
  }
  make_paths_absolute(json["scenario"], study.base_folder);
  for (const char* block : {"sweep", "zip"}) {
    if (json.contains(block)) make_paths_absolute(json[block], study.base_folder);
  }
  return json;
}

}  // namespace switchyard
