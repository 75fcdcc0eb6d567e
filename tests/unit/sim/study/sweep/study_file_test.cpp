// Studies from text to points.
#include <catch2/catch.hpp>

#include "sim/study/sweep/study_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {
namespace {

Study study_of(const std::string& text, const std::vector<Override>& overrides = {}) {
  const TemporaryFolder folder;
  return read_study(folder.write("study.json", text).string(), overrides);
}

std::string refusal_of(const std::string& text) {
  try {
    study_of(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

std::string values_as_text(const Study& study) {
  std::string text;
  for (std::uint64_t point = 0; point < study.points(); ++point) text += Json(values_of(study, point)).dump();
  return text;
}

}  // namespace

TEST_CASE("The first pointer of a grid varies slowest") {
  const Study study =
      study_of(R"({"scenario": {"seed": 1}, "sweep": {"/b": [1, 2], "/a": ["x", "y", "z"]}})");
  CHECK(study.pointers() == std::vector<std::string>{"/b", "/a"});
  CHECK(values_as_text(study) == R"([1,"x"][1,"y"][1,"z"][2,"x"][2,"y"][2,"z"])");
  CHECK(scenario_json_of(study, 4).dump() == R"({"seed":1,"b":2,"a":"y"})");
}

TEST_CASE("Zipped lists advance together and are an axis at their place in the file") {
  const std::string zip = R"("zip": {"/z": [1, 2], "/y": [true, false]})";
  const std::string sweep = R"("sweep": {"/a": ["x", "y"]})";
  CHECK(values_as_text(study_of(R"({"scenario": {}, )" + zip + "," + sweep + "}")) ==
        R"([1,true,"x"][1,true,"y"][2,false,"x"][2,false,"y"])");
  CHECK(values_as_text(study_of(R"({"scenario": {}, )" + sweep + "," + zip + "}")) ==
        R"(["x",1,true]["x",2,false]["y",1,true]["y",2,false])");
}

TEST_CASE("A swept value may be a whole object, and a later pointer may reach into it") {
  const Study study = study_of(R"({"scenario": {"deployment": {"replicas": 3}},
    "sweep": {"/deployment": [{"tensor_parallel_size": 2}], "/deployment/replicas": [1, 2]}})");
  CHECK(scenario_json_of(study, 1).dump() == R"({"deployment":{"tensor_parallel_size":2,"replicas":2}})");
}

TEST_CASE("Overrides change the scenario below the sweep") {
  const Study study = study_of(R"({"scenario": {"seed": 1}, "sweep": {"/a": [1]}})", {{"/seed", "7"}});
  CHECK(scenario_json_of(study, 0)["seed"] == 7);
}

TEST_CASE(
    "A scenario given by its file is read from the study's folder, and its own paths start at its folder") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "deep");
  folder.write("deep/base.json", R"({"seed": 5})");
  const auto file = folder.write("study.json", R"({"scenario": "deep/base.json", "sweep": {"/a": [1]}})");
  const Study study = read_study(file.string(), {});
  CHECK(study.scenario["seed"] == 5);
  CHECK(std::filesystem::equivalent(study.base_folder, folder.path() / "deep"));
}

TEST_CASE("A resolved study reads back to the same points, with paths that no longer depend on the folder") {
  const TemporaryFolder folder;
  folder.write("trace.csv", "arrival_s\n");
  const auto file =
      folder.write("study.json", R"({"title": "T", "scenario": {"workload": {"trace": "trace.csv"}},
    "zip": {"/z": [1, 2], "/y": [3, 4]}, "sweep": {"/a": [5, 6], "/b": [7]}})");
  const Study study = read_study(file.string(), {});
  const Json resolved = to_json(study);
  CHECK(resolved["scenario"]["workload"]["trace"] == (folder.path() / "trace.csv").string());
  CHECK(values_as_text(study_of(resolved.dump())) == values_as_text(study));
}

TEST_CASE("A study in a folder with a long name, or one that is no UTF-8, finds its own files") {
  const TemporaryFolder folder;
  for (const std::string& name : {std::string(180, 'd'), std::string("d\xff")}) {
    const auto deep = folder.path() / name / "b";
    std::filesystem::create_directories(deep);
    folder.write(name + "/b/base.json", R"({"seed": 5})");
    const auto file =
        folder.write(name + "/b/study.json", R"({"scenario": "base.json", "sweep": {"/a": [1]}})");
    CHECK(read_study(file.string(), {}).scenario == Json{{"seed", 5}});
  }
}

TEST_CASE("A study that cannot be meant is refused, naming the place") {
  using Catch::Contains;
  CHECK_THAT(refusal_of(R"({"scenario": {}, "sweeps": {"/a": [1]}})"),
             Contains("/sweeps") && Contains("did you mean \"sweep\""));
  CHECK_THAT(refusal_of(R"({"scenario": {}})"), Contains("/sweep: sweeps nothing"));
  CHECK_THAT(refusal_of(R"({"scenario": 3, "sweep": {"/a": [1]}})"),
             Contains("/scenario: 3 is a number, neither"));
  CHECK_THAT(refusal_of(R"({"scenario": "none.json", "sweep": {"/a": [1]}})"), Contains("none.json"));
  CHECK_THAT(refusal_of(R"({"scenario": {}, "sweep": {"/a": []}})"), Contains("sweep /a: [] is empty"));
  CHECK_THAT(refusal_of(R"({"scenario": {}, "sweep": {"/a": 4}})"),
             Contains("sweep /a: 4 is a number; give a list"));
  CHECK_THAT(refusal_of(R"({"scenario": {}, "zip": {"/a": [1, 2], "/b": [1]}})"),
             Contains("zip /b: 1 values, but /a has 2"));
  CHECK_THAT(refusal_of(R"({"scenario": {}, "sweep": {"a": [1]}})"), Contains("\"a\" is no JSON pointer"));
  CHECK_THAT(refusal_of(R"({"scenario": {"seed": 1}, "sweep": {"/seed/x": [1]}})"),
             Contains("/seed/x: /seed: 1 is a number, which has no members"));
  CHECK_THAT(refusal_of(R"({"scenario": {}, "sweep": {"/a~2": [1]}})"), Contains("/a~2"));
  std::string deep, many;
  for (int i = 0; i < 65; ++i) {
    deep += "/a";
    many += (i == 0 ? "\"/" : ",\"/") + std::to_string(i) + "\": [1]";
  }
  CHECK_THAT(refusal_of(R"({"scenario": {}, "sweep": {")" + deep + "\": [1]}}"),
             Contains("is deeper than 64 levels"));
  CHECK_THAT(refusal_of(R"({"scenario": {}, "sweep": {)" + many + "}}"),
             Contains("sweep: 65 pointers are too many; give at most 64"));
  CHECK_THAT(refusal_of(R"({"scenario": {}, "sweep": {"/a": [1]}, "zip": {"/a": [2]}})"),
             Contains("/a: is swept twice"));
  CHECK_THAT(refusal_of(R"({"scenario": {}, "sweep": {"/a/b": [1], "/a": [{}]}})"),
             Contains("/a: replaces /a/b"));
}

TEST_CASE("A grid of more than a million points is refused, however large the product") {
  std::string lists;
  for (int axis = 0; axis < 40; ++axis)
    lists += (axis ? "," : "") + ("\"/a" + std::to_string(axis)) + "\": [1,2,3,4]";
  CHECK_THAT(refusal_of(R"({"scenario": {}, "sweep": {)" + lists + "}}"),
             Catch::Contains("more than 1000000 points"));
}

TEST_CASE("A point whose scenario is wrong is named with its values") {
  const Study study = study_of(R"({"scenario": {"model": "llama-3.1-8b", "workload": {"num_requests": 1,
    "arrivals": {"process": "all_at_once"}, "prompt_tokens": {"distribution": "fixed", "value": 8},
    "output_tokens": {"distribution": "fixed", "value": 8}}}, "sweep": {"/seed": [1, -4]}})");
  CHECK_NOTHROW(scenario_of(study, 0));
  CHECK_THROWS_WITH(scenario_of(study, 1),
                    Catch::Contains("point 2 of 2 (/seed = -4)") && Catch::Contains("out of range"));
}

}  // namespace switchyard
