// The scenario's "workload" block: a trace, or arrivals and lengths to draw from, its own or a preset's.
#include <cmath>
#include <filesystem>
#include <utility>

#include "sim/base/menu.hpp"
#include "workloads/requests/arrivals.hpp"
#include "workloads/requests/lengths.hpp"
#include "workloads/requests/preset.hpp"
#include "workloads/requests/trace.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kMaxRequests = 1'000'000'000;

void refuse(ObjectReader& reader, std::string_view key, const std::string& what) {
  if (reader.has(key)) reader.fail(key, what + "; remove this key or \"trace\"");
  reader.known(key);
}

void read_trace_keys(ObjectReader& reader, const std::string& base_folder, Workload& workload) {
  workload.prompt_tokens = read_scale(reader.optional_object("prompt_tokens"));
  workload.output_tokens = read_scale(reader.optional_object("output_tokens"));
  workload.trace = (std::filesystem::path(base_folder) / reader.text("trace")).lexically_normal().string();
  workload.format = reader.optional_choice("format", "", names(trace_menu()));
  named_at(reader.source() + ": " + reader.pointer("trace"), [&] { check_trace_file(*workload.trace); });
  if (workload.format.empty()) workload.format = recognise_trace(*workload.trace).name;
  const TraceFormat& format = choose(trace_menu(), workload.format, "/workload/format");
  if (format.arrivals == TraceFormat::Arrivals::from_scenario) {
    if (!reader.has("arrivals"))
      reader.fail("arrivals", "is missing; the trace has lengths alone: say when its requests arrive");
    workload.arrivals = read_arrivals(reader.object("arrivals"));
  } else {
    refuse(reader, "arrivals", "a trace of format " + workload.format + " brings its own arrivals");
  }
  workload.num_requests = reader.optional_integer("num_requests", 0, {1, kMaxRequests});
}

void read_drawn_keys(ObjectReader& reader, const std::string& base_folder, Workload& workload) {
  if (reader.has("format"))
    reader.fail("format", "is the format of a trace; give \"trace\" or remove this key");
  reader.known("trace");
  reader.known("format");
  workload.arrivals = read_arrivals(reader.object("arrivals"));
  workload.prompt_tokens = read_lengths(reader.object("prompt_tokens"), base_folder);
  workload.output_tokens = read_lengths(reader.object("output_tokens"), base_folder);
  workload.num_requests = reader.integer("num_requests", {1, kMaxRequests});
}

Workload read_block(ObjectReader reader, const std::string& base_folder) {
  Workload workload;
  reader.known("preset");
  workload.num_warmups = reader.optional_integer("num_warmups", 0, {0, kMaxRequests});
  if (reader.has("trace")) {
    read_trace_keys(reader, base_folder, workload);
  } else {
    read_drawn_keys(reader, base_folder, workload);
  }
  reader.finish();
  return workload;
}

void note_clipping(const Workload::Lengths& lengths, const std::string& key,
                   std::vector<std::string>& notes) {
  constexpr double kWorthSaying = 0.05;
  if (lengths.distribution != "lognormal") return;
  const double drawn = clipped_mean(lengths);
  if (lengths.mean - drawn <= kWorthSaying * lengths.mean) return;
  notes.push_back(key + ": clipped at " + std::to_string(longest(lengths)) + ", lognormal lengths are " +
                  std::to_string(std::llround(drawn * lengths.scale)) + " tokens on average, not " +
                  std::to_string(std::llround(lengths.mean * lengths.scale)) + ".");
}

}  // namespace

Workload read_workload(ObjectReader reader, const std::string& base_folder) {
  if (!reader.has("preset")) return read_block(std::move(reader), base_folder);
  const Json block = with_preset(reader, base_folder);
  std::string pointer = reader.pointer("");
  pointer.pop_back();
  Workload workload = read_block(ObjectReader(block, reader.source(), pointer), base_folder);
  workload.preset = reader.text("preset");
  if (is_path(workload.preset)) workload.preset = absolute_path(base_folder, workload.preset);
  return workload;
}

std::vector<std::string> notes_of(const Workload& workload) {
  std::vector<std::string> notes;
  note_clipping(workload.prompt_tokens, "prompt_tokens", notes);
  note_clipping(workload.output_tokens, "output_tokens", notes);
  return notes;
}

Json to_json(const Workload& workload) {
  Json json = Json::object();
  if (!workload.preset.empty()) json["preset"] = workload.preset;
  if (workload.trace) {
    json["trace"] = *workload.trace;
    json["format"] = workload.format;
    if (!workload.arrivals.process.empty()) json["arrivals"] = to_json(workload.arrivals);
    json["num_requests"] = workload.num_requests == 0 ? Json() : Json(workload.num_requests);
    if (workload.prompt_tokens.scale != 1.0) json["prompt_tokens"] = to_json(workload.prompt_tokens);
    if (workload.output_tokens.scale != 1.0) json["output_tokens"] = to_json(workload.output_tokens);
  } else {
    json["arrivals"] = to_json(workload.arrivals);
    json["num_requests"] = workload.num_requests;
    json["prompt_tokens"] = to_json(workload.prompt_tokens);
    json["output_tokens"] = to_json(workload.output_tokens);
  }
  json["num_warmups"] = workload.num_warmups;
  return json;
}

}  // namespace switchyard
