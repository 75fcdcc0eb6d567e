// Which measurements a cluster takes.
#include <catch2/catch.hpp>

#include "sim/collectives/parameters.hpp"
#include "tests/support/clusters.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

CollectiveParameters parameters_of(const Cluster& cluster) {
  return collective_parameters(cluster, LinkGraph(cluster), static_cast<GpuId>(cluster.gpus()));
}

}  // namespace

TEST_CASE("A GPU with measurements takes its own, another those of its generation and says so",
          "[collectives]") {
  for (const std::string& name : measured_collective_gpus()) {
    Cluster cluster = round_cluster(1, 8);
    cluster.gpu.name = name;
    CHECK(parameters_of(cluster).gpu == name);
  }
  Cluster cluster = round_cluster(1, 8);
  cluster.gpu.peak[Precision::fp8] = FlopsPerSecond(1e15);
  CHECK(parameters_of(cluster).gpu == "h100_sxm");
  cluster.gpu.peak[Precision::fp4] = FlopsPerSecond(2e15);
  CHECK(parameters_of(cluster).gpu == "b200_sxm");
  cluster.gpu.peak.clear();
  const CollectiveParameters nearest = parameters_of(cluster);
  CHECK(nearest.gpu == "a100_sxm");
  CHECK_THAT(nearest.source, Catch::StartsWith("none of round; of a100_sxm: "));
}

TEST_CASE("Only switches of GPUs that have NVLink SHARP reduce", "[collectives]") {
  Cluster cluster = round_cluster(1, 8);
  for (const auto& [gpu, can] : {std::pair{"a100_sxm", false}, {"h100_sxm", true}, {"b200_sxm", true}}) {
    cluster.gpu.name = gpu;
    CHECK(parameters_of(cluster).nccl.nvls.has_value() == can);
  }
  cluster.node_fabric.kind = "xgmi_mesh";
  CHECK_FALSE(parameters_of(cluster).nccl.nvls.has_value());
}

TEST_CASE("The cluster's wires are added to the software's latencies", "[collectives]") {
  Cluster cluster = round_cluster(2, 4);
  cluster.nvlink_latency = 3_us;
  cluster.fabric_latency = 7_us;
  const CollectiveParameters parameters = parameters_of(cluster);
  CHECK(parameters.nvlink_latency == 3_us);
  CHECK(parameters.fabric_latency == 7_us);
}
