// Handing out streams of freshly generated pages.
#include "workloads/routing/exact_rows.hpp"

#include <algorithm>

namespace switchyard {
namespace {

constexpr StreamPool kLong{64, 64};
constexpr StreamPool kSingle{4096, 1};
constexpr std::size_t kMostBytes = std::size_t{64} << 20;  // of the pages of a series

}  // namespace

ExactRows::ExactRows(GateStack gates, StreamPool pool, std::int64_t domains, std::size_t top_k)
    : gates_(std::move(gates)), pool_(pool), top_k_(top_k) {
  series_[0].pool = kLong;
  series_[1].pool = kSingle;
  for (Series& series : series_) {
    series.next_page.assign(static_cast<std::size_t>(domains), 0);
    for (std::uint32_t domain = 0; domain < domains; ++domain) series.next_stream.push_back(domain);
  }
}

const std::uint16_t* ExactRows::row(std::uint32_t sequence, std::uint64_t position, bool alone) {
  const std::size_t kind = alone ? 1 : 0;
  Series& series = series_[kind];
  const std::uint64_t length = series.pool.length;
  const std::uint64_t key = std::uint64_t{sequence} << 32 | (position / length & 0xffffffff);
  const auto [owned, is_new] = owned_[kind].try_emplace(key);
  if (is_new || !is_kept(series, owned->second))
    owned->second = take_stream(series, sequence % series.next_stream.size());
  const Place place = owned->second;
  const Page& page = series.pages[place.page - series.pages.front().number];
  return page.rows.data() + (place.stream * length + position % length) * gates_.layers() * top_k_;
}

bool ExactRows::is_kept(const Series& series, const Place& place) const {
  return !series.pages.empty() && place.page >= series.pages.front().number;
}

ExactRows::Place ExactRows::take_stream(Series& series, std::size_t domain) {
  std::uint64_t& number = series.next_page[domain];
  std::uint32_t& stream = series.next_stream[domain];
  if (!series.pages.empty()) number = std::max(number, series.pages.front().number);
  const std::uint64_t made = series.pages.empty() ? 0 : series.pages.back().number + 1;
  if (number == made) make_page(series);
  const Place place{number, stream};
  stream += static_cast<std::uint32_t>(series.next_stream.size());
  if (stream >= series.pool.streams) {
    stream = static_cast<std::uint32_t>(domain);
    ++number;
  }
  return place;
}

void ExactRows::make_page(Series& series) {
  const std::size_t tokens = std::size_t{series.pool.streams} * series.pool.length;
  const std::size_t stride = gates_.layers() * top_k_;
  Page page{series.pages.empty() ? 0 : series.pages.back().number + 1,
            std::vector<std::uint16_t>(tokens * stride)};
  TokenStreams streams = gates_.more_streams(series.pool, pool_, ++pages_made_);
  gates_.route(streams, [&](std::size_t layer, std::span<const std::uint16_t> chosen) {
    const std::size_t k = chosen.size() / tokens;
    for (std::size_t t = 0; t < tokens; ++t)
      std::copy_n(chosen.data() + t * k, k, page.rows.data() + t * stride + layer * top_k_);
  });
  const std::size_t most = std::max<std::size_t>(2, kMostBytes / (2 * tokens * stride + 1));
  if (series.pages.size() >= most) series.pages.pop_front();
  series.pages.push_back(std::move(page));
}

}  // namespace switchyard
