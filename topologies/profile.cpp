// The profile of a GPU: strict reading, every number within its range.
#include "topologies/profile.hpp"

#include <algorithm>
#include <array>

namespace switchyard {

std::span<const EmbeddedFile> embedded_gpu_profiles();  // profiles/*.json

namespace {

Catalogue profile_catalogue() { return {"GPU profile", embedded_gpu_profiles()}; }

// Above 1 a share of the datasheet's rate is possible (a boost clock), but not by much.
constexpr NumberRange kEfficiency{0.0, 1.2, NumberRange::Ends::open_below};
constexpr NumberRange kSlottedCache{1.0, 10.0, NumberRange::Ends::closed};
constexpr NumberRange kSmoothness{1.0, 64.0, NumberRange::Ends::closed};
constexpr Seconds kLongestOverhead{1e-3};

struct OperatorClass {
  std::string_view name;
  OperatorEfficiency GpuProfile::*efficiency;
  OperatorEfficiency GpuProfile::*fallback = nullptr;  // an earlier class; none: the class is required
};

constexpr std::array kOperatorClasses = {
    OperatorClass{"gemm", &GpuProfile::gemm},
    OperatorClass{"grouped_gemm", &GpuProfile::grouped_gemm},
    OperatorClass{"prefill_attention", &GpuProfile::prefill_attention},
    OperatorClass{"decode_attention", &GpuProfile::decode_attention},
    OperatorClass{"latent_decode_attention", &GpuProfile::latent_decode_attention,
                  &GpuProfile::decode_attention},
    OperatorClass{"elementwise", &GpuProfile::elementwise},
};

EfficiencyShare read_share(ObjectReader& reader) {
  return {reader.number("compute", kEfficiency), reader.number("memory", kEfficiency)};
}

/// bf16 is the class itself; fp16 and fp32 go with it.
bool has_own_share(Precision format) {
  return format != Precision::bf16 && format != Precision::fp16 && format != Precision::fp32;
}

OperatorEfficiency read_efficiency(ObjectReader reader) {
  OperatorEfficiency efficiency;
  static_cast<EfficiencyShare&>(efficiency) = read_share(reader);
  for (const PrecisionRow& row : precisions()) {
    if (!has_own_share(row.precision)) continue;
    if (!reader.has(row.name)) {
      reader.known(row.name);
      continue;
    }
    ObjectReader share = reader.object(row.name);
    efficiency.formats[row.precision] = read_share(share);
    share.finish();
  }
  reader.finish();
  return efficiency;
}

Json to_json(const EfficiencyShare& share) {
  return Json{{"compute", share.compute}, {"memory", share.memory}};
}

Measurement read_measurement(ObjectReader& reader) {
  Measurement measurement;
  measurement.device = reader.optional_text("device", "");
  measurement.driver = reader.optional_text("driver", "");
  measurement.date = read_date(reader);
  if (reader.has("libraries")) {
    ObjectReader libraries = reader.object("libraries");
    for (const std::string& name : libraries.keys()) measurement.libraries[name] = libraries.text(name);
    libraries.finish();
  } else {
    reader.known("libraries");
  }
  return measurement;
}

void write_measurement(const Measurement& measurement, Json& profile) {
  if (!measurement.device.empty()) profile["device"] = measurement.device;
  if (!measurement.driver.empty()) profile["driver"] = measurement.driver;
  if (!measurement.date.empty()) profile["date"] = measurement.date;
  if (!measurement.libraries.empty()) profile["libraries"] = measurement.libraries;
}

Seconds read_overhead(ObjectReader& reader) {
  const auto overhead = reader.quantity<Seconds>("kernel_overhead");
  if (overhead > kLongestOverhead) {
    reader.fail("kernel_overhead", to_text(overhead) + " is out of range; give a time from 0 to 1 ms");
  }
  return overhead;
}

GpuProfile read_object(const Json& value, const Origin& origin) {
  ObjectReader reader(value, origin.source, origin.pointer);
  GpuProfile profile;
  profile.measured = reader.optional_boolean("measured", false);
  profile.source = reader.text("source");
  profile.measurement = read_measurement(reader);
  for (const OperatorClass& row : kOperatorClasses) {
    if (row.fallback != nullptr && !reader.has(row.name)) {
      profile.*row.efficiency = profile.*row.fallback;
      reader.known(row.name);
      continue;
    }
    profile.*row.efficiency = read_efficiency(reader.object(row.name));
  }
  profile.kernel_overhead = read_overhead(reader);
  profile.smoothness = reader.optional_number("smoothness", profile.smoothness, kSmoothness);
  profile.slotted_cache = reader.optional_number("slotted_cache", profile.slotted_cache, kSlottedCache);
  profile.tables = read_operator_tables(reader, origin);
  reader.known("base");
  reader.finish();
  return profile;
}

Json full_json(const GpuProfile& profile) {
  Json json{{"measured", profile.measured}, {"source", profile.source}};
  for (const OperatorClass& row : kOperatorClasses) {
    const OperatorEfficiency& efficiency = profile.*row.efficiency;
    Json& written = json[std::string(row.name)] = to_json(static_cast<const EfficiencyShare&>(efficiency));
    for (const auto& [format, share] : efficiency.formats)
      written[std::string(name_of(format))] = to_json(share);
  }
  write_measurement(profile.measurement, json);
  json["kernel_overhead"] = to_text(profile.kernel_overhead);
  json["smoothness"] = profile.smoothness;
  if (profile.slotted_cache != 1.0) json["slotted_cache"] = profile.slotted_cache;
  write_operator_tables(*profile.tables, json);
  return json;
}

/// What laid over `base` makes `wanted`.
Json difference(const Json& base, const Json& wanted) {
  Json over = Json::object();
  for (const auto& [key, value] : base.items())
    if (!wanted.contains(key)) over[key] = nullptr;
  for (const auto& [key, value] : wanted.items()) {
    if (!base.contains(key)) over[key] = value;
    else if (value == base[key]) continue;
    else over[key] = value.is_object() ? difference(base[key], value) : value;
  }
  return over;
}

}  // namespace

std::vector<std::string> gpu_profile_names() { return names(profile_catalogue()); }

GpuProfile read_profile(const Json& wish, const Origin& origin) {
  const Resolved resolved = resolve(wish, profile_catalogue(), origin);
  GpuProfile profile = read_object(resolved.value, resolved.origin);
  const std::vector<std::string> gpus = gpu_names();
  if (std::find(gpus.begin(), gpus.end(), resolved.base) != gpus.end()) profile.measured_on = resolved.base;
  return profile;
}

std::vector<std::string> gaps_of(const GpuProfile& profile) {
  if (!profile.measured) return {};
  std::vector<std::string> gaps;
  const OperatorTables& tables = *profile.tables;
  const auto missing = [&](const auto& table, const char* what) {
    if (table.empty()) gaps.push_back(std::string(what) + ": not measured, from the formula and its shares");
  };
  missing(tables.gemm, "matrix products");
  missing(tables.grouped_gemm, "experts' products");
  missing(tables.prefill_attention, "prefill attention");
  missing(tables.decode_attention, "decode attention");
  missing(tables.elementwise, "element-wise kernels");
  const auto replaced = [&](const auto& table, const char* what) {
    if (table.empty()) gaps.push_back(std::string(what) + ": not measured, priced as other small kernels");
  };
  replaced(tables.norm, "norms");
  replaced(tables.activation, "activations");
  const auto unknown = [&](bool empty, const char* what) {
    if (empty) gaps.push_back("the profile does not say its " + std::string(what));
  };
  unknown(profile.measurement.device.empty(), "device");
  unknown(profile.measurement.driver.empty(), "driver");
  unknown(profile.measurement.date.empty(), "date");
  unknown(profile.measurement.libraries.empty(), "libraries");
  return gaps;
}

Json to_json(const GpuProfile& profile) {
  Json json = full_json(profile);
  if (profile.measured_on.empty()) return json;
  const GpuProfile base = read_profile(profile.measured_on, {"", "the catalogue", ""});
  json = difference(full_json(base), json);
  json["base"] = profile.measured_on;
  return json;
}

}  // namespace switchyard
