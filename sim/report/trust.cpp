// The order of the keys here is the order in the file.
#include "sim/report/trust.hpp"

namespace switchyard {
namespace {

Json value_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

Json trust_json(const Trust& trust) {
  return {{"gpu_profile", trust.gpu_profile},
          {"gpu_profile_text", trust.gpu_profile_text},
          {"engine", trust.engine},
          {"engine_text", trust.engine_text},
          {"tpot_error", value_or_null(trust.tpot_error)},
          {"ttft_error", value_or_null(trust.ttft_error)},
          {"throughput_error", value_or_null(trust.throughput_error)},
          {"error_text", trust.error_text}};
}

std::vector<std::string> trust_lines(const Trust& trust) {
  std::vector<std::string> lines;
  for (const std::string* line : {&trust.gpu_profile_text, &trust.engine_text, &trust.error_text})
    if (!line->empty()) lines.push_back(*line);
  return lines;
}

}  // namespace switchyard
