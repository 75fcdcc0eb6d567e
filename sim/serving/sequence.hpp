// A request inside the engine: how far it has come, and the KV blocks it holds.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/base/units.hpp"
#include "workloads/requests/request.hpp"
#include "workloads/routing/bank.hpp"

namespace switchyard {

/// vLLM's view: a step is just "tokens to catch up". num_tokens grows by one with every token sampled; a
/// sequence decodes when one token is missing, prefills when more are.
struct Sequence {
  Request request;
  Seconds submitted;
  std::int64_t computed = 0;   // tokens in the KV cache
  std::int64_t generated = 0;  // output tokens sampled so far
  std::int64_t blocks = 0;     // KV blocks held
  std::optional<Seconds> first_token;
  Seconds last_token;
  std::uint32_t preemptions = 0;
  bool warmup = false;
  TokenRun routing;  // its place in the routing bank: stream and first position

  std::int64_t num_tokens() const { return request.prompt_tokens + generated; }
  std::int64_t missing() const { return num_tokens() - computed; }
  bool decodes() const { return generated > 0 && missing() == 1; }
  bool finished() const { return generated >= request.output_tokens; }
};

}  // namespace switchyard
