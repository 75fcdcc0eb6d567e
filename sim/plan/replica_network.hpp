// The collectives of one replica's step, priced once: groups and links do not change while it runs.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "sim/collectives/collective.hpp"
#include "sim/collectives/exchange.hpp"
#include "sim/plan/deployment.hpp"
#include "sim/plan/expert_exchange.hpp"

namespace switchyard {

/// Of one pipeline stage. Groups that work at the same time and share links slow each other down: their costs
/// say so.
struct StageNetwork {
  std::vector<GpuId> expert_group;            // all tp x dp GPUs, in expert-rank order
  std::vector<Collective> tensor_all_reduce;  // per dp rank; empty without tensor parallelism
  std::vector<Collective> tensor_all_gather;
  Collective expert_all_gather;  // over all tp x dp ranks; dp > 1 only
  Collective expert_reduce_scatter;
  std::unique_ptr<ExpertExchange> exchange;  // when the all2all_backend moves tokens one by one and dp > 1
  Collective send_to_next;                   // to the next stage, every rank its share
};

struct ReplicaNetwork {
  std::vector<StageNetwork> stages;
};

/// What collectives are made with.
struct NetworkSpec {
  const LinkGraph* graph = nullptr;  // must outlive the network
  CollectiveParameters parameters;
  std::string_view all_reduce;  // the implementation of the tensor-parallel one: that of the engine
  ExchangeShape exchange;       // of the experts; not read without any
};
ReplicaNetwork replica_network(const Deployment& deployment, std::int64_t replica, const NetworkSpec& spec);

/// What an exchange moves for a token: its hidden vector, or its experts' latent, in bf16; DeepEP dispatches
/// it in fp8 with a scale in fp32 for each 128 elements where the experts compute in fp8. A model without MoE
/// layers has an empty shape.
ExchangeShape exchange_shape(const Architecture& architecture, const ModelPrecision& precision,
                             const Deployment& deployment);

/// The links that the replica's collectives use, each once.
std::vector<LinkId> links_of(const ReplicaNetwork& network);

/// Groups that work at the same time: the slowest's latency, everyone's loads, the bound of the busiest link.
Collective merged(const LinkGraph& graph, std::span<const Collective> collectives);

}  // namespace switchyard
