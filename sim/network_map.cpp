// Few enough devices to be seen, chosen by their place: the rest stands as one of each kind.
#include "sim/network_map.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <tuple>

#include "sim/base/ensure.hpp"
#include "sim/router_spots.hpp"

namespace switchyard {
namespace {

constexpr std::uint32_t kMostNodes = 4;  // shown one by one
constexpr std::uint32_t kFewNodes = 2;   // where there are more
constexpr std::int64_t kMostOfKind = 8;  // of a node, or between nodes
constexpr std::size_t kMostRouters = 64;
constexpr std::size_t kBusiest = 5;

/// Rows from the bottom, before those without a device are left out.
std::int64_t row_of(DeviceKind kind) {
  static constexpr std::array<std::int64_t, 10> kRows = {1, 0, 1, 2, 3, 4, 5, 6, 7, 5};
  return kRows.at(static_cast<std::size_t>(kind));
}

std::string plural_of(DeviceKind kind) {
  static constexpr std::array<const char*, 10> kNames = {
      "GPUs", "NVSwitches", "slots",  "PCIe switches", "host bridges",
      "NICs", "leaves",     "spines", "cores",         "routers"};
  return kNames.at(static_cast<std::size_t>(kind));
}

class Mapper {
 public:
  Mapper(const LinkGraph& graph, std::span<const Bytes> busy) : graph_(graph) {
    nodes_ = graph.node_of(graph.gpus() - 1) + 1;
    choose_nodes(busy);
    std::vector<std::string> routers;
    for (const Device& device : graph.devices()) {
      ++totals_[group_of(device)];
      if (device.kind == DeviceKind::router && !device.node) routers.push_back(device.name);
    }
    spots_ = router_spots(routers, kMostRouters);
    for (const Device& device : graph.devices()) drawn_.push_back(place(device));
    drop_empty_rows();
  }

  NetworkMap map(std::span<const Bytes> busy, Seconds duration) {
    for (LinkId id = 0; id < busy.size(); ++id) add(graph_.links()[id], busy[id], duration);
    for (auto& [key, sum] : sums_) {
      NetworkMap::Link& link = sum.link;
      link.count = std::max<std::int64_t>(1, sum.directions / 2);
      link.mean_utilisation /= static_cast<double>(sum.directions);
      map_.links.push_back(std::move(link));
    }
    return std::move(map_);
  }

 private:
  /// Devices that may stand as one: of a node that is shown, of all other nodes, or between nodes.
  using Group = std::tuple<std::uint32_t, DeviceKind>;
  struct Sum {
    NetworkMap::Link link;
    std::int64_t directions = 0;
  };

  void choose_nodes(std::span<const Bytes> busy);
  std::uint32_t shown() const { return nodes_ > kMostNodes ? kFewNodes : nodes_; }
  Group group_of(const Device& device) const {
    return {device.node ? place_of_[*device.node] : nodes_, device.kind};
  }
  std::size_t place(const Device& device);
  std::size_t place(const RouterSpot& spot);
  std::string place_name(std::uint32_t place) const;
  void drop_empty_rows();
  void add(const Link& link, Bytes busy, Seconds duration);

  const LinkGraph& graph_;
  std::uint32_t nodes_ = 1;
  std::vector<std::uint32_t> chosen_;    // nodes that are shown, ascending
  std::vector<std::uint32_t> place_of_;  // of each node: its place among those, else shown()
  std::map<Group, std::int64_t> totals_, met_;
  std::map<Group, std::size_t> rest_;  // the one that stands for the others
  std::vector<std::size_t> drawn_;     // of each device of the graph
  std::vector<RouterSpot> spots_;      // of the routers between nodes, in the graph's order
  std::size_t routers_ = 0;            // of those, how many are placed
  std::map<std::string, std::size_t> routers_by_name_;
  std::map<std::tuple<std::size_t, std::size_t, double>, Sum> sums_;
  NetworkMap map_;
};

/// Those with the busiest links; of equals the first.
void Mapper::choose_nodes(std::span<const Bytes> busy) {
  std::vector<Seconds> most(nodes_);
  for (LinkId id = 0; id < busy.size(); ++id) {
    const Link& link = graph_.links()[id];
    for (const DeviceId end : {link.from, link.to})
      if (const auto node = graph_.devices()[end].node)
        most[*node] = std::max(most[*node], busy[id] / link.bandwidth);
  }
  chosen_.resize(nodes_);
  std::iota(chosen_.begin(), chosen_.end(), 0U);
  std::stable_sort(chosen_.begin(), chosen_.end(), [&](auto a, auto b) { return most[a] > most[b]; });
  chosen_.resize(shown());
  std::sort(chosen_.begin(), chosen_.end());
  place_of_.assign(nodes_, shown());
  for (std::uint32_t place = 0; place < chosen_.size(); ++place) place_of_[chosen_[place]] = place;
}

std::string Mapper::place_name(std::uint32_t place) const {
  if (place >= nodes_) return "";
  if (place < shown()) return "node " + std::to_string(chosen_[place]);
  return std::to_string(nodes_ - shown()) + " more nodes";
}

std::size_t Mapper::place(const RouterSpot& spot) {
  const auto [known, first] = routers_by_name_.emplace(spot.name, map_.devices.size());
  if (first)
    map_.devices.push_back({spot.name, "", std::string(name_of(DeviceKind::router)),
                            row_of(DeviceKind::router), 0, NetworkMap::Spot{spot.x, spot.y}});
  ++map_.devices[known->second].count;
  return known->second;
}

/// A GPU's slot is drawn as the GPU.
std::size_t Mapper::place(const Device& device) {
  if (device.kind == DeviceKind::pcie_slot && device.owner) return drawn_[*device.owner];
  if (device.kind == DeviceKind::router && !device.node) return place(spots_[routers_++]);
  const Group group = group_of(device);
  const auto [place, kind] = group;
  const bool other_nodes = device.node && place == shown() && nodes_ > shown();
  const std::int64_t most = other_nodes ? 0 : kMostOfKind;
  const std::int64_t met = met_[group]++, total = totals_[group];
  const bool alone = total <= most || met < most - 1 || total == 1;
  if (!alone && rest_.count(group) > 0) {
    ++map_.devices[rest_[group]].count;
    return rest_[group];
  }
  const std::size_t index = map_.devices.size();
  const std::size_t slash = device.name.find('/');
  std::string name = device.node && slash != device.name.npos ? device.name.substr(slash + 1) : device.name;
  if (!alone) {
    rest_[group] = index;
    name = std::to_string(total - met) + (met > 0 ? " more " : " ") + plural_of(kind);
  }
  map_.devices.push_back({name, place_name(place), std::string(name_of(kind)), row_of(kind), 1, {}});
  return index;
}

void Mapper::drop_empty_rows() {
  std::map<std::int64_t, std::int64_t> rows;
  for (const NetworkMap::Device& device : map_.devices) rows[device.row] = 0;
  std::int64_t next = 0;
  for (auto& [row, packed] : rows) packed = next++;
  for (NetworkMap::Device& device : map_.devices) device.row = rows[device.row];
}

void Mapper::add(const Link& link, Bytes busy, Seconds duration) {
  const auto [from, to] = std::minmax(drawn_[link.from], drawn_[link.to]);
  if (from == to) return;
  Sum& sum = sums_[{from, to, link.bandwidth.value()}];
  const double share = utilisation(link, busy, duration);
  if (sum.directions++ == 0 || share > sum.link.utilisation) {
    const double mean = sum.link.mean_utilisation;
    sum.link = {from, to, link.name, std::string(name_of(link.kind)), 1, link.bandwidth, share, mean};
  }
  sum.link.mean_utilisation += share;
}

}  // namespace

double utilisation(const Link& link, Bytes busy, Seconds duration) {
  return duration > Seconds() ? busy / link.bandwidth / duration : 0.0;
}

std::vector<NetworkMap::Busy> busiest_links(const LinkGraph& graph, std::span<const Bytes> busy,
                                            Seconds duration, std::size_t most) {
  std::vector<NetworkMap::Busy> links;
  for (LinkId id = 0; id < busy.size(); ++id) {
    const Link& link = graph.links()[id];
    if (busy[id] > Bytes())
      links.push_back({link.name, std::string(name_of(link.kind)), link.bandwidth, busy[id],
                       utilisation(link, busy[id], duration)});
  }
  std::stable_sort(links.begin(), links.end(),
                   [](const auto& a, const auto& b) { return a.utilisation > b.utilisation; });
  links.resize(std::min(links.size(), most));
  return links;
}

std::optional<NetworkMap> network_map(const LinkGraph& graph, std::span<const Bytes> busy, Seconds duration) {
  ensure(busy.size() == graph.links().size(), "bytes are given per link");
  if (graph.links().empty()) return std::nullopt;
  NetworkMap map = Mapper(graph, busy).map(busy, duration);
  map.busiest = busiest_links(graph, busy, duration, kBusiest);
  map.text =
      "A link's utilisation is its bytes over its bandwidth, with the transport's efficiency, as a share of "
      "the run's duration, in the busier direction. Width: bandwidth. Dashed: several alike, as busy as the "
      "busiest of them.";
  if (graph.node_of(graph.gpus() - 1) >= kMostNodes)
    map.text += " Of the nodes the " + std::to_string(kFewNodes) +
                " with the busiest links are drawn, of equals the first.";
  return map;
}

}  // namespace switchyard
