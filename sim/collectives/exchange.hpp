// The exchanges of expert parallelism: what a rank's tokens send to the experts of other ranks and get back.
// One row of the menu for each `all2all_backend` that moves tokens one by one (all-gather + reduce-scatter is
// made of regular collectives).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/collectives/parameters.hpp"
#include "topologies/link_graph.hpp"

namespace switchyard {

/// Bytes that each rank of a group sends and receives in one direction of an exchange, apart by where they
/// go.
///
/// For backends that send a copy to each chosen expert (`Copies` below; `hierarchical` too, which hands it on
/// inside the sender's node first and adds those loads itself): what leaves and reaches the rank. For those
/// that send one to each node (per_node): towards other nodes, `send_to_fabric` is a copy for each other node
/// that a rank's token goes to, sent to the rank at the sender's own place there, whose `receive_from_fabric`
/// it is. That rank hands it on over NVLink: its `send_in_node` is a copy for each other rank of the node
/// that has an expert of the token, of its own tokens and of those that it forwards; `receive_in_node` of
/// those ranks. Combine is the same with sending and receiving exchanged.
struct RankTraffic {
  Bytes send_in_node, send_to_fabric, receive_in_node, receive_from_fabric;
};

/// What a backend sends of a token that goes to several experts.
enum class Copies {
  per_expert,  // one for each chosen expert on another rank
  per_node,    // one for each other node that has a chosen expert, then one for each rank there
};

/// Which rank of another node a token is sent to first.
enum class Landing {
  receiver,   // the one whose expert it is
  same_place  // the one at the sender's own place there, which hands it on: nodes hold equally many ranks
};

/// Who must know how many tokens arrive before they are sent.
enum class Counts {
  on_gpu,  // nobody: there is room for the most that can
  on_host  // the CPU, which waits, makes room and launches the rest: no CUDA graph holds the layer
};

/// How much of a GPU an exchange's kernels take from work beside it, while they run.
enum class Taken {
  nothing,  // that is known
  kernels,  // all of it while it sends and receives, nothing while bytes are under way
  part      // of its multiprocessors, all the time
};

enum class Calls {
  block,          // until the tokens have arrived
  return_at_once  // so that work can run beside the exchange
};

/// What a copy of a token is on its way to the experts.
enum class DispatchRow {
  bf16,
  fp8  // with its scales, where the experts compute in fp8 or less
};

/// What does not change while a model is served. Rows are the bytes of one copy of a token.
struct ExchangeShape {
  std::int64_t experts = 1;  // of the model, redundant ones too
  std::int64_t top_k = 1;
  Bytes dispatch_row, combine_row;
};

struct ExchangeTime {
  Seconds latency;  // of software and wires: other traffic does not stretch it
  Seconds
      transfer;  // alone: at least the busiest link's bytes / bandwidth, longer where a kernel is the limit
  Seconds notify{};  // of a kernel before, which tests of collectives do not count: no part of total()
  Seconds total() const { return latency + transfer; }
};

class Exchange {
 public:
  virtual ~Exchange() = default;
  /// The links that the group's ranks reach each other by, sorted.
  virtual std::span<const LinkId> links() const = 0;
  /// Add the loads of one direction to `loads` (indexed by LinkId, one per link of the graph; bytes /
  /// efficiency) and give its time alone; zero when nothing moves. `traffic`: one per rank, in the group's
  /// order; as much is received as sent, or a law is broken. Not for two threads.
  virtual ExchangeTime dispatch(std::span<const RankTraffic> traffic, std::span<Bytes> loads) const = 0;
  virtual ExchangeTime combine(std::span<const RankTraffic> traffic, std::span<Bytes> loads) const = 0;
};

struct ExchangeBackend {
  std::string_view name;  // "deepep_normal", as in a scenario's all2all_backend
  std::string_view description;
  Copies copies = Copies::per_expert;
  Landing landing = Landing::receiver;
  /// `graph` must outlive the exchange. The GPUs of the group are distinct.
  std::unique_ptr<Exchange> (*make)(const LinkGraph& graph, std::vector<GpuId> group,
                                    const CollectiveParameters& parameters, const ExchangeShape& shape);
  Counts counts = Counts::on_gpu;
  Taken taken = Taken::nothing;
  Calls calls = Calls::block;
  DispatchRow dispatch_row = DispatchRow::bf16;
};
std::span<const ExchangeBackend> exchange_backends();

/// In deepep_normal a token goes to at most this many nodes.
inline constexpr std::int64_t kMostNodesOfToken = 4;

}  // namespace switchyard
