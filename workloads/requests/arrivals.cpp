// Open-loop processes draw gaps from the random stream "arrivals" and add them up; the closed loop draws
// nothing.
#include "workloads/requests/arrivals.hpp"

#include <array>

#include "sim/base/menu.hpp"
#include "sim/base/random.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kMaxConcurrency = 1'000'000;

void read_nothing(ObjectReader&, Workload::Arrivals&) {}

void read_rate(ObjectReader& reader, Workload::Arrivals& arrivals) {
  arrivals.rate = reader.number("rate", {1e-9, 1e9});
}

void read_rate_and_cv(ObjectReader& reader, Workload::Arrivals& arrivals) {
  read_rate(reader, arrivals);
  arrivals.cv = reader.number("cv", {1e-3, 100.0});
}

void read_value(ObjectReader& reader, Workload::Arrivals& arrivals) {
  arrivals.concurrency = reader.integer("value", {1, kMaxConcurrency});
}

void show_nothing(const Workload::Arrivals&, Json&) {}
void show_rate(const Workload::Arrivals& arrivals, Json& json) { json["rate"] = arrivals.rate; }
void show_rate_and_cv(const Workload::Arrivals& arrivals, Json& json) {
  json["rate"] = arrivals.rate;
  json["cv"] = arrivals.cv;
}
void show_value(const Workload::Arrivals& arrivals, Json& json) { json["value"] = arrivals.concurrency; }

/// Arrivals at the sums of gaps; the first one comes after the first gap.
template <class Gap>
Arrival summed(Gap gap) {
  return [gap, clock = 0.0]() mutable -> std::optional<Seconds> {
    clock += gap();
    return Seconds(clock);
  };
}

Arrival start_poisson(const Workload::Arrivals& arrivals, std::uint64_t seed) {
  return summed([random = Random(seed, "arrivals"), mean = 1.0 / arrivals.rate]() mutable {
    return random.exponential(mean);
  });
}

/// A gamma distribution of shape 1 / cv² has that coefficient of variation. `vllm bench serve` calls the
/// shape burstiness (get_request in vllm/benchmarks/serve.py).
Arrival start_gamma(const Workload::Arrivals& arrivals, std::uint64_t seed) {
  const double shape = 1.0 / (arrivals.cv * arrivals.cv);
  const double scale = 1.0 / (arrivals.rate * shape);
  return summed(
      [random = Random(seed, "arrivals"), shape, scale]() mutable { return random.gamma(shape, scale); });
}

Arrival start_uniform(const Workload::Arrivals& arrivals, std::uint64_t) {
  return [rate = arrivals.rate, sent = std::uint64_t{0}]() mutable -> std::optional<Seconds> {
    return Seconds(static_cast<double>(sent++) / rate);
  };
}

Arrival start_at_once(const Workload::Arrivals&, std::uint64_t) {
  return []() -> std::optional<Seconds> { return Seconds(0.0); };
}

Arrival start_closed_loop(const Workload::Arrivals&, std::uint64_t) {
  return []() -> std::optional<Seconds> { return std::nullopt; };
}

constexpr std::array<ArrivalProcess, 5> kProcesses = {{
    {"poisson", "independent arrivals, `rate` a second on average", read_rate, show_rate, start_poisson},
    {"gamma",
     "gamma-distributed gaps of coefficient of variation `cv`, `rate` a second on average: above 1 is "
     "burstier than poisson; vllm bench's burstiness is 1 / cv²",
     read_rate_and_cv, show_rate_and_cv, start_gamma},
    {"uniform", "constant spacing of 1 / `rate` seconds, the first at 0", read_rate, show_rate,
     start_uniform},
    {"all_at_once", "every request at 0", read_nothing, show_nothing, start_at_once},
    {"concurrency", "closed loop: `value` requests at 0, each completion sends the next", read_value,
     show_value, start_closed_loop},
}};

}  // namespace

std::span<const ArrivalProcess> arrival_menu() { return kProcesses; }

std::span<const WorkloadRow> arrival_processes() {
  static const std::vector<WorkloadRow> rows = [] {
    std::vector<WorkloadRow> result;
    for (const ArrivalProcess& process : kProcesses) result.push_back({process.name, process.description});
    return result;
  }();
  return rows;
}

Workload::Arrivals read_arrivals(ObjectReader reader) {
  Workload::Arrivals arrivals;
  arrivals.process = reader.choice("process", names(arrival_menu()));
  choose(arrival_menu(), arrivals.process, reader.pointer("process")).read(reader, arrivals);
  reader.finish();
  return arrivals;
}

Json to_json(const Workload::Arrivals& arrivals) {
  Json json = {{"process", arrivals.process}};
  choose(arrival_menu(), arrivals.process, "/workload/arrivals/process").show(arrivals, json);
  return json;
}

Arrival start_arrivals(const Workload::Arrivals& arrivals, std::uint64_t seed) {
  return choose(arrival_menu(), arrivals.process, "/workload/arrivals/process").start(arrivals, seed);
}

}  // namespace switchyard
