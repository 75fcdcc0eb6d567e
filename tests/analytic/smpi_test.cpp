// Ring and pairwise collectives against an MPI program that SimGrid's SMPI runs message by message: an
// independent check of the formulas.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "sim/collectives/algorithms.hpp"
#include "tests/support/clusters.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

/// What a command prints; nothing when it fails.
std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen((command + " 2>/dev/null").c_str(), "r"), &pclose);
  std::string text;
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) text += static_cast<char>(c);
  return text;
}

/// A star of `ranks` hosts, each with a link of 400 GB/s and half a microsecond each way: round_cluster.
void write_platform(const std::filesystem::path& folder, GpuId ranks) {
  std::ofstream(folder / "star.xml")
      << "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
      << "<platform version=\"4.1\"><zone id=\"world\" routing=\"Full\"><cluster id=\"node\" prefix=\"gpu\" "
      << "suffix=\"\" radical=\"0-" << ranks - 1 << "\" speed=\"1Gf\" bw=\"400GBps\" lat=\"0.5us\" "
      << "sharing_policy=\"SPLITDUPLEX\" loopback_bw=\"1e30Bps\" loopback_lat=\"0us\"/></zone></platform>\n";
  std::ofstream hosts(folder / "hosts");
  for (GpuId rank = 0; rank < ranks; ++rank) hosts << "gpu" << rank << "\n";
}

/// With transfers of latency + bytes / bandwidth exactly, and nothing for software.
double smpi_seconds(const std::filesystem::path& folder, GpuId ranks, const std::string& algorithm,
                    const std::string& operation, long bytes) {
  std::string command = "cd '" + folder.string() + "' && smpirun -np " + std::to_string(ranks) +
                        " -platform star.xml -hostfile hosts --log=root.thres:error --cfg=" + algorithm;
  for (const char* option :
       {"smpi/host-speed:1Gf", "smpi/wtime:0", "smpi/simulate-computation:no", "smpi/async-small-thresh:0",
        "smpi/send-is-detached-thresh:0", "network/model:CM02", "network/crosstraffic:0",
        "network/TCP-gamma:0", "network/latency-factor:1.0", "network/bandwidth-factor:1.0",
        "network/weight-S:0.0", "surf/precision:1e-12"})
    command += std::string(" --cfg=") + option;
  const std::string printed =
      output_of(command + " ./collectives " + operation + " " + std::to_string(bytes));
  REQUIRE_FALSE(printed.empty());
  return std::atof(printed.c_str());
}

}  // namespace

TEST_CASE("Rings and pairwise exchanges take as long as MPI's own, run message by message", "[network]") {
  if (std::system("command -v smpicc >/dev/null && command -v smpirun >/dev/null") != 0) {
    WARN("skipped: smpicc and smpirun are not there; they come with SimGrid (Debian's libsimgrid-dev)");
    return;
  }
  const TemporaryFolder folder;
  const std::string source = SWITCHYARD_SOURCE_DIR "/tests/analytic/smpi/collectives.c";
  REQUIRE(std::system(("cd '" + folder.path().string() + "' && smpicc -O1 '" + source +
                       "' -o collectives >/dev/null 2>&1")
                          .c_str()) == 0);

  Transport transport;
  transport.nvlink_step = 1_us;
  for (const GpuId ranks : {4u, 8u}) {
    write_platform(folder.path(), ranks);
    const LinkGraph graph(round_cluster(1, ranks));
    const auto group = first_gpus(ranks);
    for (const long bytes : {80000L, 8000000L}) {
      CAPTURE(ranks, bytes);
      const auto check = [&](const CollectiveCost& cost, const std::string& algorithm,
                             const std::string& operation) {
        INFO(algorithm);
        CHECK(cost.time(Bytes(static_cast<double>(bytes))).value() ==
              Approx(smpi_seconds(folder.path(), ranks, algorithm, operation, bytes)).epsilon(2e-3));
      };
      check(ring_all_reduce(graph, group, transport), "smpi/allreduce:lr", "all_reduce");
      check(ring_all_gather(graph, group, transport), "smpi/allgather:ring", "all_gather");
      check(pairwise_all_to_all(graph, group, transport), "smpi/alltoall:ring", "all_to_all");
      check(pairwise_all_to_all(graph, group, transport), "smpi/alltoall:pair", "all_to_all");
    }
  }
}
