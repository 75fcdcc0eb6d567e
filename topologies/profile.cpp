// The profile of a GPU: strict reading, every number within its range.
#include "topologies/profile.hpp"

#include <array>
#include <filesystem>

#include "sim/base/quote.hpp"

namespace switchyard {
namespace {

namespace fs = std::filesystem;

// Above 1 a share of the datasheet's rate is possible (a boost clock), but not by much.
constexpr NumberRange kEfficiency{0.0, 1.2, NumberRange::Ends::open_below};
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

OperatorEfficiency read_efficiency(ObjectReader reader) {
  const OperatorEfficiency efficiency{reader.number("compute", kEfficiency),
                                      reader.number("memory", kEfficiency)};
  reader.finish();
  return efficiency;
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
  profile.tables = read_operator_tables(reader, origin);
  reader.finish();
  return profile;
}

}  // namespace

GpuProfile read_profile(const Json& value, const Origin& origin) {
  if (!value.is_string()) return read_object(value, origin);
  const std::string text = value.get<std::string>();
  if (!is_path(text)) {
    throw InputError(place(origin),
                     in_quotes(text) + " is not the path of a JSON file; give an object or such a path");
  }
  const std::string path = (fs::path(origin.folder) / text).lexically_normal().string();
  return read_object(read_json_file(path), {"", path, ""});
}

Json to_json(const GpuProfile& profile) {
  Json json{{"measured", profile.measured}, {"source", profile.source}};
  for (const OperatorClass& row : kOperatorClasses) {
    const OperatorEfficiency& efficiency = profile.*row.efficiency;
    json[std::string(row.name)] = Json{{"compute", efficiency.compute}, {"memory", efficiency.memory}};
  }
  json["kernel_overhead"] = to_text(profile.kernel_overhead);
  json["smoothness"] = profile.smoothness;
  write_operator_tables(profile.tables, json);
  return json;
}

}  // namespace switchyard
