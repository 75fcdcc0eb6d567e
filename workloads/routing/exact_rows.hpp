// Rows that are made when they are asked for: every simulated token is generated and routed by the gates, as
// the bank's pool was, instead of being read from that pool again and again. The reference that the bank is
// held to; as slow as the kernels.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "workloads/routing/gate_stack.hpp"

namespace switchyard {

class ExactRows {
 public:
  /// `pool`: the bank's; more streams than that are drawn alike. A row is [layers, top_k].
  ExactRows(GateStack gates, StreamPool pool, std::int64_t domains, std::size_t top_k);

  /// The row of a token of a sequence, valid until the next call. Sequence s belongs to domain s mod domains.
  /// Rows of a sequence come from streams of their own, 64 tokens each; `alone`: the token is all that is
  /// wanted of its sequence, and the stream has one token. A row that was read before is the same again
  /// until 64 MiB of others have been made after it; then the token is drawn anew.
  const std::uint16_t* row(std::uint32_t sequence, std::uint64_t position, bool alone);

 private:
  /// Streams that were generated and routed together.
  struct Page {
    std::uint64_t number = 0;
    std::vector<std::uint16_t> rows;  // [streams, length, layers, top_k]
  };
  /// Pages of one shape, and the next stream of each domain that has no owner yet.
  struct Series {
    StreamPool pool;
    std::deque<Page> pages;
    std::vector<std::uint64_t> next_page;    // [domains], its number
    std::vector<std::uint32_t> next_stream;  // [domains]
  };
  struct Place {
    std::uint64_t page = 0;
    std::uint32_t stream = 0;
  };
  Place take_stream(Series& series, std::size_t domain);
  void make_page(Series& series);
  bool is_kept(const Series& series, const Place& place) const;

  GateStack gates_;
  StreamPool pool_;
  std::size_t top_k_;
  std::uint64_t pages_made_ = 0;
  std::array<Series, 2> series_;  // of long streams, and of those of one token
  std::array<std::unordered_map<std::uint64_t, Place>, 2> owned_;  // by sequence and stretch of it
};

}  // namespace switchyard
