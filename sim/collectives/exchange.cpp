// The menu of exchanges: a new one is one .cpp and one row. DeepEP's normal dispatch waits for counts on the
// CPU (its README; sgl-project/sglang#5014: no CUDA graph), and so do NCCL's sends and receives, whose counts
// are arguments of the host's calls (ncclSend; the split sizes of PyTorch's all_to_all_single); the
// low-latency one has room for the most.
#include "sim/collectives/exchange.hpp"

#include <array>

#include "sim/collectives/exchange_kinds.hpp"

namespace switchyard {

std::span<const ExchangeBackend> exchange_backends() {
  static constexpr std::array<ExchangeBackend, 4> kMenu = {{
      {"deepep_low_latency",
       "A copy of each token straight to every chosen expert, one-sided (DeepEP's low-latency kernels)",
       Copies::per_expert, Landing::receiver, &deepep_low_latency},
      {"deepep_normal",
       "A copy of each token to every chosen node, then over NVLink to its ranks (DeepEP's normal kernels)",
       Copies::per_node, Landing::same_place, &deepep_normal, Counts::on_host},
      {"hierarchical",
       "Over NVLink to the rank on the receiver's rail, then between nodes in whole messages (Tutel's 2DH)",
       Copies::per_expert, Landing::same_place, &hierarchical_exchange, Counts::on_host},
      {"pairwise", "A copy of each token for every chosen expert, rank to rank (NCCL's send and receive)",
       Copies::per_expert, Landing::receiver, &pairwise_exchange, Counts::on_host},
  }};
  return kMenu;
}

}  // namespace switchyard
