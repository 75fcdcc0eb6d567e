// The stated transport of collectives over NVLink, xGMI, PCIe and InfiniBand.
#include "sim/collectives/collective.hpp"

namespace switchyard {

using namespace literals;

/// Stated round figures, not a fit. Latencies in a node: NCCL on H100 and H200 with 2 and 4 GPUs and messages
/// up to 2 kB, as published with NVIDIA's AIConfigurator (TensorRT-LLM 1.3): all-reduce 6.1 and 9.5 us (2 and
/// 6 steps), all-gather 5.2 and 7.1 us and reduce-scatter 5.3 and 7.1 us (1 and 3 steps), all-to-all 6.5 us.
/// Efficiency in a node: the bus bandwidths of the same runs at 512 MiB with 4 GPUs, 288 to 350 of 450 GB/s.
/// Small and middling messages of real NCCL do worse than latency + bytes / bandwidth around 64 kB to 8 MB,
/// where it changes protocol. A step is the wire's latency plus software: 0.3 us in a node (0.9 us with the
/// 0.6 us of an HGX node), 3 us between nodes for the proxy thread's hand-over and the RDMA write; 0.9 of the
/// line rate. xGMI and PCIe take NVLink's figures for want of their own, but for the wire's latency.
Transport stated_transport(const Cluster& cluster) {
  Transport transport;
  transport.base_latency = 4.3_us;
  transport.nvlink_step = 0.3_us + cluster.nvlink_latency;
  transport.fabric_step = 3_us + cluster.fabric_latency;
  transport.nvlink_efficiency = 0.7;
  transport.fabric_efficiency = 0.9;
  return transport;
}

}  // namespace switchyard
