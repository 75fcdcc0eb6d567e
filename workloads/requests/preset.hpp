// Workloads named after public traces, for users without the files: published or computed statistics of their
// arrivals and lengths (presets/*.json, written by presets/fit.py where a trace is at hand).
#pragma once

#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "workloads/requests/request.hpp"

namespace switchyard {

/// The members that a "workload" block leaves to its preset: {"preset": name or path, …}. What the block
/// gives stands; arrivals without a process and lengths without a distribution change single values of the
/// preset's. Throws InputError at "preset" when there is no such preset.
Json with_preset(ObjectReader& block, const std::string& base_folder);

}  // namespace switchyard
