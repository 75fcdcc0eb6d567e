// The GPU catalogue, and the one reader of a GPU's JSON.
#include "topologies/gpu.hpp"

#include "sim/base/embedded.hpp"
#include "topologies/profile.hpp"
#include "topologies/wish.hpp"

namespace switchyard {

std::span<const EmbeddedFile> embedded_gpus();  // gpus/*.json

namespace {

constexpr IntegerRange kXgmiLinks{1, 255};
constexpr IntegerRange kMultiprocessors{1, 1 << 16};

Catalogue gpu_catalogue() { return {"GPU", embedded_gpus()}; }

template <class Q>
Q positive(ObjectReader& reader, std::string_view key) {
  const auto quantity = reader.quantity<Q>(key);
  if (quantity.value() <= 0.0) reader.fail(key, to_text(quantity) + " is out of range; give more than 0");
  return quantity;
}

void read_peer_links(ObjectReader& reader, Gpu& gpu) {
  gpu.nvlink = reader.optional_quantity("nvlink", BytesPerSecond());
  gpu.xgmi = reader.optional_quantity("xgmi", BytesPerSecond());
  const bool xgmi = gpu.xgmi.value() > 0.0;
  if (xgmi && gpu.nvlink.value() > 0.0)
    reader.fail("xgmi",
                to_text(gpu.xgmi) + " stands beside nvlink " + to_text(gpu.nvlink) + "; give one of them");
  if (xgmi) gpu.xgmi_links = reader.integer("xgmi_links", kXgmiLinks);
  else reader.known("xgmi_links");
}

std::map<Precision, FlopsPerSecond> read_peak(ObjectReader reader) {
  std::map<Precision, FlopsPerSecond> peak;
  for (const std::string& key : reader.keys()) {
    const Precision precision = precision_of(key, reader.source() + ": " + reader.pointer(key));
    peak[precision] = positive<FlopsPerSecond>(reader, key);
  }
  if (peak.count(Precision::bf16) == 0)
    reader.fail("bf16", "is missing; give the rate that other formats fall back to");
  return peak;
}

Gpu read_datasheet(ObjectReader& reader, const std::string& name) {
  Gpu gpu;
  gpu.name = reader.optional_text("name", name);
  gpu.description = reader.optional_text("description", "");
  gpu.source = reader.text("source");
  gpu.memory = positive<Bytes>(reader, "memory");
  gpu.memory_bandwidth = positive<BytesPerSecond>(reader, "memory_bandwidth");
  gpu.multiprocessors = reader.optional_integer("multiprocessors", 0, kMultiprocessors);
  gpu.peak = read_peak(reader.object("peak"));
  gpu.vector_peak = positive<FlopsPerSecond>(reader, "vector_peak");
  read_peer_links(reader, gpu);
  gpu.pcie = positive<BytesPerSecond>(reader, "pcie");
  gpu.tdp = positive<Watts>(reader, "tdp");
  gpu.power = read_power(reader);
  gpu.price = read_price(reader);
  return gpu;
}

/// Without its profile, whose tables take a while to read.
Gpu catalogue_datasheet(const std::string& name) {
  const Resolved resolved = resolve(name, gpu_catalogue(), {"", "the catalogue", ""});
  ObjectReader reader(resolved.value, resolved.origin.source, "");
  return read_datasheet(reader, name);
}

Json full_json(const Gpu& gpu) {
  Json peak;
  for (const auto& [precision, rate] : gpu.peak) peak[std::string(name_of(precision))] = to_text(rate);
  Json json{{"name", gpu.name},
            {"description", gpu.description},
            {"source", gpu.source},
            {"memory", to_text(gpu.memory)},
            {"memory_bandwidth", to_text(gpu.memory_bandwidth)},
            {"peak", peak},
            {"vector_peak", to_text(gpu.vector_peak)},
            {"nvlink", to_text(gpu.nvlink)}};
  if (gpu.xgmi.value() > 0.0) {
    json["xgmi"] = to_text(gpu.xgmi);
    json["xgmi_links"] = gpu.xgmi_links;
  }
  if (gpu.multiprocessors > 0) json["multiprocessors"] = gpu.multiprocessors;
  json["pcie"] = to_text(gpu.pcie);
  json["tdp"] = to_text(gpu.tdp);
  json["power"] = to_json(gpu.power);
  if (gpu.price) json["price"] = to_json(*gpu.price);
  json["profile"] = to_json(gpu.profile);
  return json;
}

Gpu read_wish(const Json& wish, const Origin& where) {
  const Resolved resolved = resolve(wish, gpu_catalogue(), where);
  const Origin& origin = resolved.origin;
  ObjectReader reader(resolved.value, origin.source, origin.pointer);
  Gpu gpu = read_datasheet(reader, resolved.name);
  gpu.profile = read_profile(reader.raw("profile", "a name, a path or an object"),
                             {origin.folder, origin.source, reader.pointer("profile")});
  if (wish == gpu.profile.measured_on) gpu.profile.measured_on.clear();  // it is that GPU
  reader.known("base");
  reader.finish();
  return gpu;
}

/// Read once a process: the tables of one take longer to read than a small run to simulate.
const Gpu& catalogue_gpu(const std::string& name) {
  static std::map<std::string, Gpu> read;
  const auto known = read.find(name);
  if (known != read.end()) return known->second;
  return read.emplace(name, read_wish(name, {"", "the catalogue", ""})).first->second;
}

/// What an operator's time is made of.
bool same_datasheet(const Gpu& a, const Gpu& b) {
  return a.memory_bandwidth == b.memory_bandwidth && a.peak == b.peak && a.vector_peak == b.vector_peak &&
         a.multiprocessors == b.multiprocessors;
}

}  // namespace

std::vector<std::string> gpu_names() { return names(gpu_catalogue()); }

Gpu measured_gpu(const Gpu& gpu) {
  if (gpu.profile.measured_on.empty() || *gpu.profile.tables == OperatorTables{}) return gpu;
  Gpu measured = catalogue_gpu(gpu.profile.measured_on);
  measured.profile.tables = gpu.profile.tables;
  return measured;
}

Provenance provenance_of(const Gpu& gpu) {
  const GpuProfile& profile = gpu.profile;
  if (!profile.measured) return Provenance::stated;
  const bool own =
      profile.measured_on.empty() || same_datasheet(gpu, catalogue_datasheet(profile.measured_on));
  return own ? Provenance::measured : Provenance::scaled;
}

std::string provenance_text(const Gpu& gpu) {
  switch (provenance_of(gpu)) {
    case Provenance::measured:
      return "measured";
    case Provenance::scaled:
      return "scaled from " + gpu.profile.measured_on;
    default:
      return "stated";
  }
}

std::string power_provenance_text(const Gpu& gpu) {
  const std::string& measured_on = gpu.power.measured_on;
  if (measured_on.empty()) return "stated";
  return measured_on == gpu.name ? "measured" : "scaled from " + measured_on;
}

Gpu read_gpu(const Json& wish, const std::string& base_folder, const std::string& source,
             const std::string& pointer) {
  const bool known = wish.is_string() && contains(gpu_catalogue(), wish.get_ref<const std::string&>());
  return known ? catalogue_gpu(wish.get<std::string>()) : read_wish(wish, {base_folder, source, pointer});
}

Json to_json(const Gpu& gpu) {
  const bool known = contains(gpu_catalogue(), gpu.name) && gpu == catalogue_gpu(gpu.name);
  return known ? Json(gpu.name) : full_json(gpu);
}

FlopsPerSecond peak_rate(const Gpu& gpu, Precision precision) {
  const auto rate = gpu.peak.find(precision);
  if (rate != gpu.peak.end()) return rate->second;
  return precision == Precision::fp32 ? gpu.vector_peak : gpu.peak.at(Precision::bf16);
}

Precision activations_beside(const Gpu& gpu, Precision weights) {
  const auto computes = [&](Precision format) { return gpu.peak.count(format) > 0; };
  switch (weights) {
    case Precision::fp8:
    case Precision::fp8_block:
      return computes(Precision::fp8) ? Precision::fp8 : Precision::bf16;
    case Precision::fp4:
      return computes(Precision::fp4) ? Precision::fp4 : Precision::bf16;
    case Precision::int8:
      return computes(Precision::int8) ? Precision::int8 : Precision::bf16;
    case Precision::fp16:
      return Precision::fp16;
    default:
      return Precision::bf16;
  }
}

}  // namespace switchyard
