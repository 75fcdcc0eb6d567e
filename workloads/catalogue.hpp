// From what the user wrote under "model" to an Architecture: a catalogue name, a path to a config.json, or an
// inline object of Hugging Face keys, with "model_overrides" laid over it.
#pragma once

#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "workloads/architecture.hpp"

namespace switchyard {

/// Names of the embedded catalogue, sorted.
std::vector<std::string> model_names();

/// `wish` is the scenario's "model" (text or object), `overrides` its "model_overrides" (object of HF keys,
/// or null). A text with a '/' or ending in .json is a path, relative to `base_folder` unless absolute.
/// Throws InputError naming the choices, the unsupported feature, or the impossible value. `source` and
/// pointers are for messages.
Architecture read_model(const Json& wish, const Json& overrides, const std::string& base_folder,
                        const std::string& source);

/// A Hugging Face config.json object (the catalogue's files are of this form too, plus "name", "source" and
/// the published totals). Throws InputError.
Architecture read_hugging_face_config(const Json& config, const std::string& name, const std::string& source);

}  // namespace switchyard
