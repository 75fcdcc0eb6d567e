// Flows on SimGrid's links.
#include "sim/engine/flows.hpp"

#include <cmath>

#include <simgrid/s4u.hpp>
#include <string>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

// SimGrid counts whole bytes: these are counted in parts of one.
constexpr double kParts = 1024.0;

}  // namespace

Flows::Flows(const LinkGraph& graph, GpuId gpus, Platform& platform) {
  std::vector<simgrid::s4u::Link*> links;
  for (LinkId link = 0; link < graph.links().size(); ++link)
    links.push_back(
        platform.add_link("link " + std::to_string(link), graph.links()[link].bandwidth * kParts));
  for (GpuId gpu = 0; gpu < gpus; ++gpu) gpus_.push_back(platform.add_host("gpu " + std::to_string(gpu)));
  for (GpuId from = 0; from < gpus; ++from)
    for (GpuId to = 0; to < gpus; ++to) {
      if (from == to) continue;
      std::vector<simgrid::s4u::Link*> route;
      for (const LinkId link : graph.route(from, to)) route.push_back(links[link]);
      platform.add_route(gpus_[from], gpus_[to], route);
    }
}

void Flows::start(std::span<const Transfer> transfers, void* owner, FlowsInFlight& in_flight) {
  in_flight.flows_.clear();
  for (const Transfer& transfer : transfers) {
    if (transfer.from == transfer.to || transfer.bytes == Bytes(0.0)) continue;
    ensure(transfer.from < gpus_.size() && transfer.to < gpus_.size(), "a flow is between simulated GPUs");
    in_flight.flows_.push_back(simgrid::s4u::Comm::sendto_init(gpus_[transfer.from], gpus_[transfer.to]));
    in_flight.flows_.back()->set_data(owner);
    in_flight.flows_.back()->set_payload_size(
        static_cast<std::uint64_t>(std::llround(transfer.bytes.value() * kParts)));
  }
  in_flight.left_ = in_flight.flows_.size();
  for (const auto& flow : in_flight.flows_) flow->start();
}

void FlowsInFlight::cancel() {
  left_ = 0;
  for (const auto& flow : flows_) {
    flow->set_data(nullptr);
    flow->cancel();
  }
}

}  // namespace switchyard
