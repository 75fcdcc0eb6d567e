// A row a model, the best first; then those that have none, and why.
#include "sim/study/plan/text.hpp"

#include <algorithm>

#include "sim/base/menu.hpp"
#include "sim/base/quote.hpp"
#include "sim/study/readable.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kWidestName = 24, kWidestLayout = 34;

std::string number(const Json& value) { return value.is_number() ? readable(value.get<double>()) : "-"; }

std::string padded(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : text + std::string(width - text.size(), ' ');
}
std::string right(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : std::string(width - text.size(), ' ') + text;
}

struct Column {
  const char* title;
  const char* key;
  std::size_t width;
};

constexpr Column kColumns[] = {
    {"$/h", "usd_per_hour", 8},
    {"goodput/s", "goodput_requests_per_s", 10},
    {"$/M out", "usd_per_million_output_tokens", 8},
    {"J/token", "energy_per_output_token_j", 8},
    {"TTFT p99 ms", "p99_ttft_ms", 12},
    {"TPOT p99 ms", "p99_tpot_ms", 12},
};

constexpr std::size_t kPrecision = 11;  // a column where there are several

/// Of one pair, of all of a plan.
bool is_beside(const Json& pair, const Json& by_gpu) {
  return std::any_of(by_gpu.begin(), by_gpu.end(), [&](const Json& row) {
    return row["model"] == pair["model"] && row["gpu"] == pair["gpu"] &&
           row["precision"] != pair["precision"];
  });
}
bool has_precisions(const Json& by_gpu) {
  return std::any_of(by_gpu.begin(), by_gpu.end(), [&](const Json& row) { return is_beside(row, by_gpu); });
}

std::string row_of(const Json& winner, std::size_t precision_width) {
  const std::string gpus =
      std::to_string(winner["gpus"].get<std::int64_t>()) + " " + winner["gpu"].get<std::string>();
  std::string row = "  " + padded(one_line(winner["model"].get<std::string>(), kWidestName), kWidestName) +
                    "  " + padded(one_line(gpus, 18), 18) +
                    padded(one_line(winner["layout"].get<std::string>(), kWidestLayout), kWidestLayout);
  if (precision_width > 0) row += padded("  " + winner["precision"].get<std::string>(), precision_width);
  for (const Column& column : kColumns) row += right(number(winner[column.key]), column.width);
  return row + (winner.value("ties_with_best", false) ? "  tie" : "") + "\n";
}

/// "qwen3-32b on l40s: too little, …", with the precision where there are several.
std::string reason_row(const Json& pair, const Json& by_gpu) {
  return "  " + pair["model"].get<std::string>() + " on " + pair["gpu"].get<std::string>() +
         (is_beside(pair, by_gpu) ? ", " + pair["precision"].get<std::string>() : "") + ": " +
         pair["verdict"].get<std::string>() + ", " + one_line(pair["reason"].get<std::string>(), 120) + "\n";
}

std::string heading(std::size_t precision_width) {
  std::string row =
      "  " + padded("model", kWidestName) + "  " + padded("GPUs", 18) + padded("layout", kWidestLayout);
  if (precision_width > 0) row += padded("  precision", precision_width);
  for (const Column& column : kColumns) row += right(column.title, column.width);
  return row + "\n";
}

}  // namespace

std::string plan_text(const Json& document) {
  const Json& counts = document["counts"];
  std::string text = "  " + counts["candidates"].dump() + " candidates of " + counts["layouts"].dump() +
                     " layouts: " + counts["does_not_fit"].dump() + " do not fit, " + counts["bound"].dump() +
                     " are ruled out by the bound, " + counts["simulated_layouts"].dump() + " simulated in " +
                     counts["simulations"].dump() + " runs";
  if (counts["simulations_spared"] > 0)
    text += "; the bound spared " + counts["simulations_spared"].dump() + " more";
  text += "\n\n";
  const std::size_t precision_width = has_precisions(document["by_gpu"]) ? kPrecision : 0;
  if (!document["winners"].empty()) text += heading(precision_width);
  for (const Json& winner : document["winners"]) text += row_of(winner, precision_width);
  for (const Json& pair : document["by_gpu"])
    if (pair["deployment"].is_null()) text += reason_row(pair, document["by_gpu"]);
  text += "\n";
  for (const Json& line : document["verdict"]) text += "  " + line.get<std::string>() + "\n";
  return text;
}

}  // namespace switchyard
