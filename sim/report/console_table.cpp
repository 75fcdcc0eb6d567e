// The console's table: what was simulated, what came out, where the time went, whether the bounds hold.
#include <array>
#include <cstdarg>
#include <cstdio>

#include "sim/base/ensure.hpp"
#include "sim/report/tables.hpp"

namespace switchyard {
namespace {

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  std::array<char, 512> text;
  va_list arguments;
  va_start(arguments, pattern);
  const int size = std::vsnprintf(text.data(), text.size(), pattern, arguments);
  va_end(arguments);
  ensure(size >= 0 && static_cast<std::size_t>(size) < text.size(), "a line of the table is short");
  return std::string(text.data(), static_cast<std::size_t>(size));
}

void add_line(std::string& table, const char* name, const std::string& text) {
  if (!text.empty()) table += format("  %-12s", name) + text + "\n";
}

// Three significant digits from 1 to 1000, whole numbers above.
std::string number(double value) {
  return format(value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : value >= 1 ? "%.2f" : "%.3f", value);
}

std::string requests_line(const Metrics& metrics) {
  std::string line =
      format("%llu submitted, %llu completed", static_cast<unsigned long long>(metrics.submitted),
             static_cast<unsigned long long>(metrics.completed));
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0) line += format(", %llu %s", static_cast<unsigned long long>(count), what);
  };
  add(metrics.rejected, "rejected");
  add(metrics.unfinished, "unfinished");
  add(metrics.preemptions, metrics.preemptions == 1 ? "preemption" : "preemptions");
  return line + " in " + number(metrics.duration.value()) + " s";
}

std::string throughput_line(const Summary& summary) {
  const Metrics& metrics = summary.metrics;
  std::string line = number(metrics.request_throughput) + " requests/s";
  if (!metrics.slo_met.empty()) line += " (" + number(metrics.request_goodput) + " good)";
  line += ", " + number(metrics.output_throughput) + " output tokens/s, " +
          number(metrics.total_token_throughput) + " in all";
  return line;
}

std::string per_unit_line(const Summary& summary) {
  const Metrics& metrics = summary.metrics;
  std::string line = number(metrics.tokens_per_s_per_gpu) + " output tokens/s a GPU (" +
                     std::to_string(summary.gpus) + (summary.gpus == 1 ? " GPU)" : " GPUs)");
  if (metrics.tpot.samples > 0) line += ", " + number(metrics.tokens_per_s_per_user) + " tokens/s a user";
  return line;
}

std::string latency_rows(const Metrics& metrics) {
  struct Row {
    const char* name;
    const Distribution& distribution;
  };
  const std::array<Row, 4> rows = {
      {{"TTFT", metrics.ttft}, {"TPOT", metrics.tpot}, {"ITL", metrics.itl}, {"E2E", metrics.e2el}}};
  std::string table = format("\n  %-12s%12s%12s%12s%12s\n", "ms", "mean", "p50", "p90", "p99");
  for (const Row& row : rows) {
    table += format("  %-12s", row.name);
    for (const Seconds value :
         {row.distribution.mean, row.distribution.median, row.distribution.p90, row.distribution.p99}) {
      table += format("%12s", row.distribution.samples > 0 ? number(value.value() * 1e3).c_str() : "-");
    }
    table += "\n";
  }
  return table + "\n";
}

std::string breakdown_line(const Breakdown& breakdown) {
  const std::optional<Part> largest = bottleneck(breakdown);
  if (!largest) return "";
  std::string line;
  for (std::size_t i = 0; i < breakdown.parts.size(); ++i) {
    const double share = breakdown.parts[i] / breakdown.total();
    if (share < 0.005) continue;
    line += (line.empty() ? "" : ", ") + std::string(label_of(static_cast<Part>(i))) +
            format(" %.0f %%", share * 100);
  }
  return line + "\n" + format("  %-12s", "bottleneck") + std::string(label_of(*largest));
}

/// Of one GPU; nothing where the caller gave no section.
std::string memory_line(const Json& memory) {
  if (!memory.contains("weight_bytes")) return "";
  const auto gigabytes = [&](const char* key) { return memory.at(key).get<double>() * 1e-9; };
  return format("%.1f GB of weights a GPU, KV pool %.1f GB (%lld tokens a rank), at most %.1f %% in use",
                gigabytes("weight_bytes"), gigabytes("kv_pool_bytes"),
                memory.at("kv_tokens").get<long long>(), memory.at("peak_kv_use").get<double>() * 100);
}

std::string routing_line(const Json& routing) {
  if (!routing.contains("mean_rank_imbalance")) return "";
  return format("%.1f experts active a rank and layer, busiest rank %.2f x the mean",
                routing.at("mean_active_experts_per_rank").get<double>(),
                routing.at("mean_rank_imbalance").get<double>());
}

std::string dropped_line(const Json& routing) {
  const double share = routing.value("dropped_share", 0.0);
  return share > 0.0 ? format("%.3g %% of assignments, beyond the experts' capacity", share * 100) : "";
}

std::string energy_line(const Summary& summary) {
  if (!summary.energy) return "";
  const Joules energy = summary.energy->total();
  const double gpu_seconds = static_cast<double>(summary.gpus) * summary.metrics.duration.value();
  return number(energy.value() / 1e3) + " kJ, " +
         number(energy.value() / static_cast<double>(summary.metrics.total_output_tokens)) +
         " J an output token, " + number(energy.value() / gpu_seconds) + " W a GPU of " +
         number(summary.tdp.value()) + " W, " + summary.power_basis;
}

std::string cost_line(const Summary& summary) {
  if (!summary.bill) return "";
  const Bill& bill = *summary.bill;
  std::string line = number(per_hour(summary.price, summary.gpus)->value()) + " $/h";
  const auto add = [&](const std::optional<Dollars>& price, const char* tokens) {
    if (price) line += ", " + format("%.3g", price->value()) + " $ a million " + tokens + " tokens";
  };
  add(bill.per_million_input_tokens, "input");
  add(bill.per_million_output_tokens, "output");
  return line;
}

std::string slo_line(const Metrics& metrics) {
  std::string line;
  for (const auto& [bound, met] : metrics.slo_met) {
    if (!line.empty()) line += format("\n  %-12s", "");
    const std::optional<Seconds> value = value_of(bound, metrics);
    line += name_of(bound) + " " + (value ? number(value->value() * 1e3) + " ms" : "has no samples");
    line += (met     ? ", within "
             : value ? ", MISSED: above "
                     : ", MISSED: bound ") +
            number(bound.limit.value() * 1e3) + " ms";
  }
  return line;
}

}  // namespace

std::string console_table(const RunDescription& description, const Summary& summary) {
  std::string table;
  add_line(table, "model", description.model);
  add_line(table, "cluster", description.cluster);
  add_line(table, "deployment", description.deployment);
  add_line(table, "engine", description.engine);
  add_line(table, "workload", description.workload);
  table += "\n";
  add_line(table, "requests", requests_line(summary.metrics));
  add_line(table, "throughput", throughput_line(summary));
  add_line(table, "", per_unit_line(summary));
  table += latency_rows(summary.metrics);
  add_line(table, "time", breakdown_line(summary.breakdown));
  add_line(table, "memory", memory_line(summary.memory));
  add_line(table, "routing", routing_line(summary.routing));
  add_line(table, "dropped", dropped_line(summary.routing));
  add_line(table, "energy", energy_line(summary));
  add_line(table, "cost", cost_line(summary));
  add_line(table, "slo", slo_line(summary.metrics));
  for (const std::string& line : trust_lines(summary.trust)) add_line(table, "trust", line);
  for (const std::string& note : summary.notes) add_line(table, "note", note);
  return table;
}

}  // namespace switchyard
