// Dispatchers send a request to a replica and one of its attention data-parallel ranks. Pure, like
// schedulers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace switchyard {

struct TargetLoad {
  std::uint32_t replica = 0;
  std::uint32_t rank = 0;
  std::int64_t waiting = 0;  // not yet admitted, undelivered ones included
  std::int64_t running = 0;
};

struct Dispatcher {
  std::string_view name;
  std::string_view description;
  /// Index into `targets` for the `index`-th request dispatched.
  std::size_t (*choose)(std::span<const TargetLoad> targets, std::uint64_t index);
};

/// The menu.
std::span<const Dispatcher> dispatchers();

}  // namespace switchyard
