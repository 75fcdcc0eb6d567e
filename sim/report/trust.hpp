// How far a reader may rely on a report's figures: what they rest on, and how far off the same was where it
// could be measured. Every report has one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/json.hpp"

namespace switchyard {

struct Trust {
  std::string gpu_profile;       // "measured", "fitted", "scaled" or "stated"
  std::string gpu_profile_text;  // a sentence without a full stop, as the others
  std::string engine;            // "validated", "thin" or "not validated"
  std::string engine_text;
  /// Shares: mean absolute errors of TPOT and throughput, and the median one of TTFT, at the measured
  /// configuration that is most like this one. None: nothing was measured.
  std::optional<double> tpot_error, ttft_error, throughput_error;
  std::string error_text;
};

/// The report's key "trust".
Json trust_json(const Trust& trust);

/// As the console shows it: three sentences; none where the caller gave no texts.
std::vector<std::string> trust_lines(const Trust& trust);

}  // namespace switchyard
