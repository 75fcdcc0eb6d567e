// When requests arrive. A process is one row: how its keys are read, shown, and how its arrivals are made.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "workloads/requests/request.hpp"

namespace switchyard {

/// The arrival of the next request, never before the one returned last; nothing in the closed loop.
using Arrival = std::function<std::optional<Seconds>()>;

struct ArrivalProcess {
  std::string_view name;
  std::string_view description;
  void (*read)(ObjectReader&, Workload::Arrivals&);  // throws InputError
  void (*show)(const Workload::Arrivals&, Json&);
  Arrival (*start)(const Workload::Arrivals&, std::uint64_t seed);
};

/// The menu behind arrival_processes().
std::span<const ArrivalProcess> arrival_menu();

/// The block "arrivals": {"process": name, …}. Throws InputError.
Workload::Arrivals read_arrivals(ObjectReader reader);
Json to_json(const Workload::Arrivals& arrivals);
Arrival start_arrivals(const Workload::Arrivals& arrivals, std::uint64_t seed);

}  // namespace switchyard
