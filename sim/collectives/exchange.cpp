// The menu of exchanges: a new one is one .cpp and one row. DeepEP's normal dispatch waits for counts on the
// CPU (its README; sgl-project/sglang#5014: no CUDA graph), and so do NCCL's sends and receives, whose counts
// are arguments of the host's calls (ncclSend; the split sizes of PyTorch's all_to_all_single); the
// low-latency one has room for the most. DeepEP's low-latency kernels send and receive with all
// multiprocessors and leave them alone while bytes are under way (its README: "no SM occupied"; LMSYS
// 2025-05-05, ablation of two-batch overlap); the normal ones keep 20 of them (its README;
// VLLM_DBO_COMM_SMS).
#include "sim/collectives/exchange.hpp"

#include <array>

#include "sim/collectives/exchange_kinds.hpp"

namespace switchyard {

std::span<const ExchangeBackend> exchange_backends() {
  static constexpr std::array<ExchangeBackend, 4> kMenu = {{
      {.name = "deepep_low_latency",
       .description =
           "A copy of each token straight to every chosen expert, one-sided (DeepEP's low-latency kernels)",
       .copies = Copies::per_expert,
       .landing = Landing::receiver,
       .make = &deepep_low_latency,
       .taken = Taken::kernels,
       .calls = Calls::return_at_once,
       .dispatch_row = DispatchRow::fp8},
      {.name = "deepep_normal",
       .description = "A copy of each token to every chosen node, then over NVLink to its ranks (DeepEP's "
                      "normal kernels)",
       .copies = Copies::per_node,
       .landing = Landing::same_place,
       .make = &deepep_normal,
       .counts = Counts::on_host,
       .taken = Taken::part,
       .calls = Calls::return_at_once,
       .dispatch_row = DispatchRow::fp8},
      {.name = "hierarchical",
       .description = "Over NVLink to the rank on the receiver's rail, then between nodes in whole messages "
                      "(Tutel's 2DH)",
       .copies = Copies::per_expert,
       .landing = Landing::same_place,
       .make = &hierarchical_exchange,
       .counts = Counts::on_host},
      {.name = "pairwise",
       .description = "A copy of each token for every chosen expert, rank to rank (NCCL's send and receive)",
       .copies = Copies::per_expert,
       .landing = Landing::receiver,
       .make = &pairwise_exchange,
       .counts = Counts::on_host},
  }};
  return kMenu;
}

}  // namespace switchyard
