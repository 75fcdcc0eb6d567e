// The scenario's blocks, one reader each, and the resolved scenario as JSON.
#pragma once

#include "sim/scenario.hpp"

namespace switchyard {

/// Folds dp into replicas for models that do not route. Throws InputError, as all of these.
Deployment read_deployment(ObjectReader reader, const Architecture& model);
EngineOptions read_engine(ObjectReader reader, const std::string& base_folder);
/// max_model_len null is the model's own; a longer one is allowed and noted.
void resolve_model_length(Scenario& scenario);
/// auto: weights as the checkpoint stores them; activations by weights and GPU; KV cache by the engine's
/// profile.
ModelPrecision read_precision(ObjectReader reader, const Scenario& scenario);
/// One format asked for covers what the checkpoint's own covers: gpt-oss stores its routed experts alone in
/// mxfp4, and the rest stays as it is.
PrecisionByRole with_weights(const PrecisionByRole& checkpoint, Precision weights);
RoutingOptions read_routing(ObjectReader reader, const Architecture& model, const std::string& base_folder);
Slo read_slo(ObjectReader reader);
/// Of an hour of one GPU; none where the scenario leaves it to the catalogue.
std::optional<DollarsPerHour> read_prices(ObjectReader reader);

/// Every block with its defaults filled in; read_scenario reads it back to the same scenario.
Json to_json(const Scenario& scenario, const Json& model, const Json& model_overrides);

}  // namespace switchyard
