// The compact form of a table of measured matrix products: one list of numbers a row.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "topologies/profile.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kLargestDimension = std::int64_t{1} << 31;

const Json& columns() {
  static const Json names{"m", "n", "k", "time_us"};
  return names;
}

auto shape_of(const GemmPoint& p) { return std::make_tuple(p.precision, p.n, p.k, p.m); }

std::int64_t dimension(const Json& value, const std::string& where) {
  const bool integer =
      value.is_number_integer() && (!value.is_number_unsigned() || value < kLargestDimension);
  const std::int64_t number = integer ? value.get<std::int64_t>() : 0;
  if (number < 1 || number > kLargestDimension) {
    throw InputError(where, value.dump() + " is no size of a matrix; give an integer from 1 to 2147483648");
  }
  return number;
}

Seconds duration(const Json& value, const std::string& where) {
  const double microseconds = value.is_number() ? value.get<double>() : 0.0;
  if (!(microseconds > 0.0) || microseconds > 60e6) {
    throw InputError(where, value.dump() + " is no time in us; give a number above 0 and at most 6e7");
  }
  return Seconds(microseconds / 1e6);
}

GemmPoint read_row(const Json& row, Precision precision, const std::string& where) {
  if (!row.is_array() || row.size() != columns().size()) {
    throw InputError(where, "is no row; give a list of four numbers [m, n, k, time_us]");
  }
  return {dimension(row[0], where), dimension(row[1], where), dimension(row[2], where), precision,
          duration(row[3], where)};
}

void read_table(const Json& value, const Origin& origin, std::vector<GemmPoint>& points) {
  ObjectReader reader(value, origin.source, origin.pointer);
  const std::string source = place({origin.folder, origin.source, ""}) + ": ";
  const Precision precision = precision_of(reader.text("precision"), source + reader.pointer("precision"));
  if (reader.raw("columns") != columns()) reader.fail("columns", "are others; give " + columns().dump());
  const Json& rows = reader.raw("rows");
  if (!rows.is_array()) reader.fail("rows", "is no list; give a list of rows [m, n, k, time_us]");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    points.push_back(read_row(rows[i], precision, source + reader.pointer("rows") + "/" + std::to_string(i)));
  }
  reader.finish();
}

void refuse_twins(const std::vector<GemmPoint>& sorted, const Origin& origin) {
  const auto twin =
      std::adjacent_find(sorted.begin(), sorted.end(),
                         [](const GemmPoint& a, const GemmPoint& b) { return shape_of(a) == shape_of(b); });
  if (twin == sorted.end()) return;
  throw InputError(place(origin), "has " + std::string(name_of(twin->precision)) +
                                      " m=" + std::to_string(twin->m) + " n=" + std::to_string(twin->n) +
                                      " k=" + std::to_string(twin->k) + " twice; give each shape once");
}

}  // namespace

std::vector<GemmPoint> read_gemm_table(const Json& value, const Origin& origin) {
  std::vector<GemmPoint> points;
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      read_table(value[i], {origin.folder, origin.source, origin.pointer + "/" + std::to_string(i)}, points);
    }
  } else {
    read_table(value, origin, points);
  }
  std::sort(points.begin(), points.end(),
            [](const GemmPoint& a, const GemmPoint& b) { return shape_of(a) < shape_of(b); });
  refuse_twins(points, origin);
  return points;
}

Json gemm_table_to_json(const std::vector<GemmPoint>& table) {
  Json tables = Json::array();
  for (const GemmPoint& point : table) {
    const std::string precision(name_of(point.precision));
    if (tables.empty() || tables.back()["precision"] != precision) {
      tables.push_back({{"precision", precision}, {"columns", columns()}, {"rows", Json::array()}});
    }
    tables.back()["rows"].push_back(Json::array({point.m, point.n, point.k, point.time.value() * 1e6}));
  }
  return tables;
}

}  // namespace switchyard
