// From names to numbers, with the checks of a free graph.
#include "topologies/graphs/sketch.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "sim/base/menu.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kMostGpus = 2048;  // every pair's route is searched
constexpr BytesPerSecond kMostBandwidth{1e15};
constexpr Seconds kLongestLatency{1e-3};

[[noreturn]] void fail(const std::string& source, const std::string& place, const std::string& problem) {
  throw InputError(source + ": " + place, problem);
}

/// The index of a name in a table of kinds.
template <class Kind>
Kind kind_of(std::span<const KindRow> table, const std::string& name) {
  const auto row = std::find_if(table.begin(), table.end(), [&](const KindRow& r) { return r.name == name; });
  if (row == table.end())
    throw std::invalid_argument("unknown kind " + in_quotes(name) + "; " + choices(name, names(table)));
  return static_cast<Kind>(row - table.begin());
}

bool is_inside(DeviceKind kind) {
  return kind == DeviceKind::pcie_slot || kind == DeviceKind::pcie_switch || kind == DeviceKind::host_bridge;
}
bool is_switch(DeviceKind kind) { return kind >= DeviceKind::leaf; }

LinkKind kind_between(DeviceKind a, DeviceKind b) {
  const auto both = [&](auto of) { return of(a) && of(b); };
  const auto is_on_nvlink = [](DeviceKind k) { return k == DeviceKind::gpu || k == DeviceKind::nvswitch; };
  if (both([](DeviceKind k) { return k == DeviceKind::host_bridge; })) return LinkKind::socket;
  if (both(is_on_nvlink)) return LinkKind::nvlink;
  if (is_inside(a) || is_inside(b)) return LinkKind::pcie;
  if (both(is_switch)) return LinkKind::uplink;
  return is_switch(a) || is_switch(b) ? LinkKind::nic : LinkKind::pcie;
}

class Drafter {
 public:
  Drafter(const Sketch& sketch, const std::string& source) : sketch_(sketch), source_(source) {}
  Blueprint draft() {
    number_nodes();
    place_devices();
    for (const Sketch::Link& link : sketch_.links) place_link(link);
    name_owners();
    return std::move(blueprint_);
  }

 private:
  void number_nodes();
  void place_devices();
  void place(const Sketch::Device& device);
  void check_sizes() const;
  void place_link(const Sketch::Link& link);
  void check(const Sketch::Link& link) const;
  DeviceId find(const Sketch::Link& link, const std::string& end, const std::string& name) const;
  void name_owners();

  const Sketch& sketch_;
  const std::string& source_;
  std::map<std::string, std::uint32_t> nodes_;  // in the order of their first GPUs
  std::map<std::string, DeviceId> ids_;
  std::set<std::string> link_names_;
  Blueprint blueprint_;
};

void Drafter::number_nodes() {
  std::size_t gpus = 0;
  const Sketch::Device* without = nullptr;
  for (const Sketch::Device& device : sketch_.devices) {
    if (device.kind != DeviceKind::gpu) continue;
    ++gpus;
    if (device.node.empty()) without = &device;
    else nodes_.emplace(device.node, static_cast<std::uint32_t>(nodes_.size()));
  }
  if (gpus == 0) throw InputError(source_, "has no device of the kind gpu; give at least one");
  if (gpus > kMostGpus)
    throw InputError(source_,
                     "has " + std::to_string(gpus) + " GPUs; give at most " + std::to_string(kMostGpus));
  if (without != nullptr && !nodes_.empty())
    fail(source_, without->place,
         "GPU " + in_quotes(without->name) + " is on no node, others are; name its node");
}

/// GPUs node by node, then the others in the file's order.
void Drafter::place_devices() {
  std::vector<const Sketch::Device*> order;
  for (const Sketch::Device& device : sketch_.devices) order.push_back(&device);
  const auto rank = [&](const Sketch::Device* device) {
    if (device->kind != DeviceKind::gpu) return nodes_.size() + 1;
    return device->node.empty() ? std::size_t{0} : std::size_t{nodes_.at(device->node)};
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
  for (const Sketch::Device* device : order) place(*device);
  check_sizes();
}

void Drafter::place(const Sketch::Device& device) {
  if (device.name.empty()) fail(source_, device.place, "has no name; give one");
  const bool gpu = device.kind == DeviceKind::gpu;
  std::optional<std::uint32_t> node;
  if (!device.node.empty()) {
    const auto known = nodes_.find(device.node);
    if (known == nodes_.end())
      fail(source_, device.place,
           "is on node " + in_quotes(device.node) + ", which has no GPU; leave the node out");
    node = known->second;
  } else if (gpu) {
    node = 0;
  }
  const auto id = static_cast<DeviceId>(blueprint_.devices.size());
  if (!ids_.emplace(device.name, id).second)
    fail(source_, device.place, in_quotes(device.name) + " is the name of two devices; give each its own");
  blueprint_.add({device.name, device.kind, node, gpu ? std::optional<GpuId>(id) : std::nullopt});
}

void Drafter::check_sizes() const {
  std::vector<std::size_t> sizes(std::max<std::size_t>(1, nodes_.size()));
  for (const Device& device : blueprint_.devices)
    if (device.kind == DeviceKind::gpu) ++sizes[*device.node];
  for (const auto& [name, node] : nodes_)
    if (sizes[node] != sizes.front())
      throw InputError(source_, "node " + in_quotes(name) + " has " + std::to_string(sizes[node]) +
                                    " GPUs, the first node has " + std::to_string(sizes.front()) +
                                    "; give each node as many");
}

void Drafter::place_link(const Sketch::Link& link) {
  check(link);
  const DeviceId from = find(link, "from", link.from), to = find(link, "to", link.to);
  if (from == to) fail(source_, link.place, "joins " + in_quotes(link.from) + " with itself");
  const LinkKind kind =
      link.kind.value_or(kind_between(blueprint_.devices[from].kind, blueprint_.devices[to].kind));
  const std::size_t before = blueprint_.links.size();
  blueprint_.join(from, to, kind, link.bandwidth, link.latency, link.way);
  if (link.ways == Sketch::Ways::one) blueprint_.links.pop_back();
  for (std::size_t i = before; i < blueprint_.links.size(); ++i) {
    std::string& name = blueprint_.links[i].name;
    if (!link.name.empty()) name = link.name + (i == before ? "" : " back");
    for (int twin = 2; link.name.empty() && link_names_.count(name) > 0; ++twin)
      name = name.substr(0, name.find('#')) + "#" + std::to_string(twin);
    if (!link_names_.insert(name).second)
      fail(source_, link.place, in_quotes(name) + " is the name of two links; give each its own");
  }
}

void Drafter::check(const Sketch::Link& link) const {
  if (!(link.bandwidth.value() > 0.0) || link.bandwidth > kMostBandwidth)
    fail(source_, link.place,
         "a bandwidth of " + to_text(link.bandwidth) + " is out of range; give more than 0 and at most " +
             to_text(kMostBandwidth));
  if (!(link.latency.value() >= 0.0) || link.latency > kLongestLatency)
    fail(source_, link.place,
         "a latency of " + to_text(link.latency) + " is out of range; give a time from 0 to 1 ms");
}

DeviceId Drafter::find(const Sketch::Link& link, const std::string& end, const std::string& name) const {
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [device, id] : ids_) known.push_back(device);
  const std::optional<std::string> near = near_miss(name, known);
  fail(source_, link.place,
       end + ": no device is named " + in_quotes(name) +
           (near ? "; did you mean " + in_quotes(*near) + "?" : "; give a device's name"));
}

/// A slot is of the GPU on it.
void Drafter::name_owners() {
  for (const Link& link : blueprint_.links) {
    const Device& from = blueprint_.devices[link.from];
    Device& to = blueprint_.devices[link.to];
    if (from.kind == DeviceKind::gpu && to.kind == DeviceKind::pcie_slot && !to.owner) to.owner = link.from;
  }
}

}  // namespace

DeviceKind device_kind(const std::string& name) { return kind_of<DeviceKind>(device_kinds(), name); }

LinkKind link_kind(const std::string& name) { return kind_of<LinkKind>(link_kinds(), name); }

Blueprint blueprint_of(const Sketch& sketch, const std::string& source) {
  return Drafter(sketch, source).draft();
}

}  // namespace switchyard
