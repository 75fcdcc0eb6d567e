// How far the figures of a scenario may be relied on: from what its GPU's and its engine's profile say of
// themselves.
#pragma once

#include "sim/report/trust.hpp"
#include "sim/scenario.hpp"

namespace switchyard {

/// The errors are those of the measured configurations of the engine (EngineGeneration::validated) that are
/// most like the scenario: on the same generation of GPUs before the same kind of model (Dense or MoE) before
/// the same GPU, means by the number of points.
Trust trust_of(const Scenario& scenario);

}  // namespace switchyard
