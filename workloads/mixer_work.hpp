// What the token mixers of a layer ask of one GPU: grouped-query, latent and sparse attention, linear
// attention, and the keys and values of attention to an encoder.
#pragma once

#include "workloads/work.hpp"

namespace switchyard {

/// A rank's part of `size` things, when they are dealt out whole.
inline std::int64_t share(std::int64_t size, std::int64_t ranks) { return (size + ranks - 1) / ranks; }

/// Fills in everything of `work` up to the output projection.
void add_mixer_work(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                    const ModelPrecision& precision, LayerWork& work);

}  // namespace switchyard
