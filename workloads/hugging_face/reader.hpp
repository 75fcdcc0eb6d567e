// A config.json under its overrides, as an Architecture.
#pragma once

#include <string>

#include "workloads/architecture.hpp"
#include "workloads/hugging_face/config.hpp"

namespace switchyard {

/// `path` becomes the architecture's source when the config names none. Throws InputError.
Architecture read_architecture(ConfigReader& config, const std::string& path);

/// An image classifier; without name and source. Throws InputError.
Architecture read_convolutional(ConfigReader& config);

}  // namespace switchyard
