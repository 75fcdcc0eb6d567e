// Names say what a router is: topologies/fabrics gives them, and a free graph may.
#include "sim/router_spots.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <numeric>
#include <set>

namespace switchyard {
namespace {

using Place = std::vector<std::int64_t>;  // along each dimension

/// "router1.0.3" -> 1, 0, 3; empty for a name that does not end so.
Place place_in_grid(const std::string& name) {
  constexpr std::size_t kMostDigits = 6;
  const std::size_t end_of_word = name.find_last_not_of("0123456789.");
  const std::string places = name.substr(end_of_word == name.npos ? 0 : end_of_word + 1);
  Place place;
  for (std::size_t from = 0, dot; from <= places.size(); from = dot + 1) {
    dot = std::min(places.find('.', from), places.size());
    if (dot == from || dot - from > kMostDigits) return {};
    place.push_back(std::stoll(places.substr(from, dot - from)));
  }
  return place.size() >= 2 ? place : Place();
}

/// One a name; empty when not all are places of their own in one grid.
std::vector<Place> grid_of(std::span<const std::string> names) {
  std::vector<Place> places;
  for (const std::string& name : names) {
    places.push_back(place_in_grid(name));
    if (places.back().empty() || places.back().size() != places.front().size()) return {};
  }
  const std::set<Place> own(places.begin(), places.end());
  return own.size() == places.size() ? places : std::vector<Place>();
}

/// Two dimensions flat, the third aslant into the depth, for which columns stand apart; further ones as
/// blocks beside and below.
RouterSpot spot_in_grid(const Place& place, const Place& sizes, std::size_t kept) {
  constexpr double kApart = 2.2, kAslantX = 1.7, kAslantY = 0.8;
  RouterSpot spot;
  double width = kept > 2 ? kApart : 1.0, height = 1.0;  // of a block
  for (std::size_t d = 0; d < kept; ++d) {
    const auto at = static_cast<double>(place[d]), size = static_cast<double>(sizes[d]);
    if (d == 2) {
      spot.x += kAslantX * at / size;
      spot.y -= kAslantY * at / size;
      continue;
    }
    const bool beside = d == 0 || d == 3 || d == 5;
    double& extent = beside ? width : height;
    (beside ? spot.x : spot.y) += at * extent;
    extent *= size + (d < 2 ? 0.8 : 0.4);
  }
  return spot;
}

std::vector<RouterSpot> in_grid(std::span<const std::string> names, const std::vector<Place>& places,
                                std::size_t most) {
  Place sizes(places.front().size(), 1);
  for (const Place& place : places)
    for (std::size_t d = 0; d < place.size(); ++d) sizes[d] = std::max(sizes[d], place[d] + 1);
  std::size_t kept = sizes.size();
  double routers = std::accumulate(sizes.begin(), sizes.end(), 1.0, [](double product, std::int64_t size) {
    return product * static_cast<double>(size);
  });
  for (; kept > 1 && routers > static_cast<double>(most); routers /= static_cast<double>(sizes[--kept])) {
  }
  std::vector<RouterSpot> spots;
  for (std::size_t i = 0; i < names.size(); ++i) {
    spots.push_back(spot_in_grid(places[i], sizes, kept));
    std::string name = names[i];
    for (std::size_t d = sizes.size(); d-- > kept;) name.resize(name.rfind('.'));
    spots.back().name = name + (kept < sizes.size() ? ".*" : "");
  }
  return spots;
}

std::string group_of(const std::string& name) { return name.substr(0, name.find('/')); }

/// A router with a number stands on its group's circle, another in its middle.
bool numbered(const std::string& name) {
  return !name.empty() && name.find_last_of("0123456789") == name.size() - 1;
}

constexpr double kStretch = 1.7;  // of circles: the figure is wider than high

double radius_of(std::size_t count) {
  return count < 2 ? 0.0 : 0.5 / std::sin(std::numbers::pi / static_cast<double>(count));
}

std::vector<RouterSpot> in_groups(std::span<const std::string> names, std::size_t most) {
  std::map<std::string, std::size_t> numbers, met;  // of groups; of routers on circles, by group
  std::map<std::string, std::size_t> sizes;
  for (const std::string& name : names) {
    numbers.emplace(group_of(name), numbers.size());
    if (numbered(name)) ++sizes[group_of(name)];
  }
  const bool merged = names.size() > most;
  double widest = 0.0;
  if (!merged)
    for (const auto& [group, size] : sizes) widest = std::max(widest, radius_of(size));
  const double distance = radius_of(numbers.size()) * (2.0 * widest + 1.0);
  std::vector<RouterSpot> spots;
  for (const std::string& name : names) {
    const std::string group = group_of(name);
    const double angle =
        2.0 * std::numbers::pi * static_cast<double>(numbers[group]) / static_cast<double>(numbers.size());
    RouterSpot spot{merged ? group : name, -kStretch * distance * std::cos(angle),
                    -distance * std::sin(angle)};
    if (!merged && numbered(name)) {
      const double turn =
          2.0 * std::numbers::pi * static_cast<double>(met[group]++) / static_cast<double>(sizes[group]);
      spot.x -= radius_of(sizes[group]) * std::cos(turn);
      spot.y -= radius_of(sizes[group]) * std::sin(turn);
    }
    spots.push_back(spot);
  }
  return spots;
}

std::vector<RouterSpot> in_circle(std::span<const std::string> names, std::size_t most) {
  const std::size_t drawn = std::min(names.size(), most);
  std::vector<RouterSpot> spots;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double angle =
        2.0 * std::numbers::pi * static_cast<double>(std::min(i, drawn - 1)) / static_cast<double>(drawn);
    spots.push_back(
        {names[i], -kStretch * radius_of(drawn) * std::cos(angle), -radius_of(drawn) * std::sin(angle)});
  }
  return spots;
}

/// Those of names beyond the first ones stand with the last.
void merge_rest(std::vector<RouterSpot>& spots, std::size_t most) {
  std::vector<std::string> order;
  std::set<std::string> known;
  for (const RouterSpot& spot : spots)
    if (known.insert(spot.name).second) order.push_back(spot.name);
  if (order.size() <= most) return;
  const std::set<std::string> kept(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(most - 1));
  const auto is_kept = [&](const RouterSpot& spot) { return kept.count(spot.name) > 0; };
  const auto rest = std::find_if_not(spots.begin(), spots.end(), is_kept);
  const auto count = std::count_if(spots.begin(), spots.end(), std::not_fn(is_kept));
  const RouterSpot stand_in{std::to_string(count) + " more routers", rest->x, rest->y};
  for (RouterSpot& spot : spots)
    if (!is_kept(spot)) spot = stand_in;
}

}  // namespace

std::vector<RouterSpot> router_spots(std::span<const std::string> names, std::size_t most) {
  if (names.empty()) return {};
  const std::vector<Place> grid = grid_of(names);
  const bool grouped = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return name.find('/') != name.npos && group_of(name) != group_of(names.front());
  });
  std::vector<RouterSpot> spots = !grid.empty() ? in_grid(names, grid, most)
                                  : grouped     ? in_groups(names, most)
                                                : in_circle(names, most);
  merge_rest(spots, most);
  return spots;
}

}  // namespace switchyard
