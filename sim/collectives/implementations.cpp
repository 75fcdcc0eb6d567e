// The menu of implementations: a new one is one .cpp and a row for each operation.
#include "sim/collectives/implementations.hpp"

#include <algorithm>
#include <array>

#include "sim/base/menu.hpp"
#include "sim/collectives/custom_all_reduce.hpp"
#include "sim/collectives/nccl.hpp"

namespace switchyard {

std::span<const CollectiveImplementation> collective_implementations() {
  static constexpr std::array<CollectiveImplementation, 8> kMenu = {{
      {"nccl", "all_reduce",
       "Rings, trees across nodes, NVLink SHARP in and across them; LL, LL128 and Simple", &nccl_all_reduce},
      {"custom", "all_reduce", "One-shot and two-shot kernels over NVLink (TensorRT-LLM), NCCL beyond",
       &tensorrt_llm_all_reduce},
      {"custom_vllm", "all_reduce", "One-shot and two-shot kernels over NVLink (vLLM), NCCL beyond",
       &vllm_all_reduce},
      {"nccl", "all_gather", "A ring; LL, LL128 and Simple", &nccl_all_gather},
      {"nccl", "reduce_scatter", "A ring; LL, LL128 and Simple", &nccl_reduce_scatter},
      {"nccl", "all_to_all", "Grouped sends and receives; LL and Simple", &nccl_all_to_all},
      {"hierarchical", "all_to_all", "Inside each node to the receiver's rail first, then between nodes",
       &hierarchical_all_to_all},
      {"nccl", "send", "Point to point: pipeline stages, KV caches; LL and Simple", &nccl_send},
  }};
  return kMenu;
}

const CollectiveImplementation& choose_implementation(std::string_view operation, std::string_view name,
                                                      const std::string& path) {
  std::vector<CollectiveImplementation> rows;
  for (const CollectiveImplementation& row : collective_implementations())
    if (row.operation == operation) rows.push_back(row);
  const std::string chosen(choose(std::span<const CollectiveImplementation>(rows), name, path).name);
  const auto menu = collective_implementations();
  return *std::find_if(menu.begin(), menu.end(), [&](const CollectiveImplementation& row) {
    return row.operation == operation && row.name == chosen;
  });
}

}  // namespace switchyard
