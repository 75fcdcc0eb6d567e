// The compact form of measured tables: one list of numbers a row. All kinds of tables are read and written by
// the same code from one list of their columns.
#include "topologies/operator_tables.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <tuple>

#include "sim/base/quote.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kLargest = std::int64_t{1} << 31;
constexpr std::int64_t kMostHeads = 1 << 16;  // also of elements in one
constexpr std::int64_t kMostBytes = std::int64_t{1} << 40;
constexpr Seconds kLongest{60.0};
// Of one shape: values of the one varying size times values of the other. Interpolation fills that grid.
constexpr std::size_t kMostCrossings = 1 << 14;

template <class Point>
struct Column {
  std::string_view name;
  std::int64_t Point::*size;
  IntegerRange range{1, kLargest};
};

template <class Point, std::size_t N>
struct Format {
  std::string_view key;  // in the profile
  std::vector<Point> OperatorTables::*points;
  std::size_t varying;                   // columns that vary; those behind them are a shape
  std::array<Column<Point>, N> columns;  // in the order of a row, which ends with time_us
};

using Gemm = GemmPoint;
using Grouped = GroupedGemmPoint;
using Prefill = PrefillAttentionPoint;
using Decode = DecodeAttentionPoint;
using Elementwise = ElementwisePoint;

using Rows = RowsPoint;
using Reduction = ReductionPoint;
using Routing = RoutingPoint;
using Permutation = PermutationPoint;
using Heads = HeadsPoint;
using Sampling = SamplingPoint;

constexpr std::array kRowsColumns = {Column<Rows>{"rows", &Rows::rows}, Column<Rows>{"width", &Rows::width}};

/// `tokens`: what the table calls them.
constexpr std::array<Column<Heads>, 4> heads_columns(std::string_view tokens) {
  return {{{tokens, &Heads::tokens},
           {"heads", &Heads::heads, {1, kMostHeads}},
           {"kv_heads", &Heads::kv_heads, {1, kMostHeads}},
           {"head_dim", &Heads::head_dim, {1, kMostHeads}}}};
}

constexpr std::tuple kFormats{
    Format<Gemm, 3>{
        "gemm_table", &OperatorTables::gemm, 1, {{{"m", &Gemm::m}, {"n", &Gemm::n}, {"k", &Gemm::k}}}},
    Format<Grouped, 4>{"grouped_gemm_table",
                       &OperatorTables::grouped_gemm,
                       2,
                       {{{"rows", &Grouped::rows},
                         {"active_experts", &Grouped::active_experts},
                         {"hidden_size", &Grouped::hidden_size},
                         {"intermediate_size", &Grouped::intermediate_size}}}},
    Format<Prefill, 5>{"prefill_attention_table",
                       &OperatorTables::prefill_attention,
                       2,
                       {{{"tokens", &Prefill::tokens},
                         {"context", &Prefill::context, {0, kLargest}},  // 0: the prompt's first chunk
                         {"heads", &Prefill::heads, {1, kMostHeads}},
                         {"kv_heads", &Prefill::kv_heads, {1, kMostHeads}},
                         {"head_dim", &Prefill::head_dim, {1, kMostHeads}}}}},
    Format<Decode, 5>{"decode_attention_table",
                      &OperatorTables::decode_attention,
                      2,
                      {{{"sequences", &Decode::sequences},
                        {"context", &Decode::context},
                        {"heads", &Decode::heads, {1, kMostHeads}},
                        {"kv_heads", &Decode::kv_heads, {1, kMostHeads}},
                        {"head_dim", &Decode::head_dim, {1, kMostHeads}}}}},
    Format<Elementwise, 1>{"elementwise_table",
                           &OperatorTables::elementwise,
                           1,
                           {{{"bytes", &Elementwise::bytes, {1, kMostBytes}}}}},
    Format<Rows, 2>{"norm_table", &OperatorTables::norm, 1, kRowsColumns},
    Format<Rows, 2>{"activation_table", &OperatorTables::activation, 1, kRowsColumns},
    Format<Heads, 4>{"torch_prompt_attention_table", &OperatorTables::torch_prompt_attention, 1,
                     heads_columns("tokens")},
    Format<Rows, 2>{"torch_activation_table", &OperatorTables::torch_activation, 1, kRowsColumns},
    Format<Reduction, 5>{"torch_reduction_table",
                         &OperatorTables::torch_reduction,
                         2,
                         {{{"sequences", &Reduction::sequences},
                           {"parts", &Reduction::parts},
                           {"heads", &Reduction::heads, {1, kMostHeads}},
                           {"kv_heads", &Reduction::kv_heads, {1, kMostHeads}},
                           {"head_dim", &Reduction::head_dim, {1, kMostHeads}}}}},
    Format<Routing, 3>{"torch_routing_table",
                       &OperatorTables::torch_routing,
                       1,
                       {{{"tokens", &Routing::tokens},
                         {"num_experts", &Routing::num_experts, {1, kMostHeads}},
                         {"top_k", &Routing::top_k, {1, kMostHeads}}}}},
    Format<Permutation, 3>{"torch_permutation_table",
                           &OperatorTables::torch_permutation,
                           2,
                           {{{"tokens", &Permutation::tokens},
                             {"top_k", &Permutation::top_k, {1, kMostHeads}},
                             {"hidden_size", &Permutation::hidden_size}}}},
    Format<Heads, 4>{"torch_cache_write_table", &OperatorTables::torch_cache_write, 1,
                     heads_columns("sequences")},
    Format<Heads, 4>{"torch_prompt_write_table", &OperatorTables::torch_prompt_write, 1,
                     heads_columns("tokens")},
    Format<Sampling, 2>{"torch_sampling_table",
                        &OperatorTables::torch_sampling,
                        1,
                        {{{"sequences", &Sampling::sequences}, {"vocabulary", &Sampling::vocabulary}}}},
};

template <class Visitor>
void for_each_format(Visitor visit) {
  std::apply([&](const auto&... formats) { (visit(formats), ...); }, kFormats);
}

template <class Point>
concept HasPrecision = requires(Point point) {
  point.precision;
};

template <class Point, std::size_t N>
Json columns_of(const Format<Point, N>& format) {
  Json names = Json::array();
  for (const Column<Point>& column : format.columns) names.push_back(std::string(column.name));
  names.push_back("time_us");
  return names;
}

/// Precision, shape, and what varies.
template <class Point, std::size_t N>
auto order_of(const Format<Point, N>& format, const Point& point) {
  std::array<std::int64_t, N + 1> order{};
  if constexpr (HasPrecision<Point>) order[0] = static_cast<std::int64_t>(point.precision);
  for (std::size_t i = 0; i < N; ++i) {
    order[i + 1] = point.*format.columns[(i + format.varying) % N].size;
  }
  return order;
}

template <class Point>
std::int64_t read_size(const Json& value, const Column<Point>& column, const std::string& where) {
  const auto& [min, max] = column.range;
  // An unsigned number beyond std::int64_t comes out negative.
  const std::int64_t number = value.is_number_integer() ? value.get<std::int64_t>() : min - 1;
  if (number < min || number > max) {
    throw InputError(where, one_line(value.dump(), 40) + " is no size " + in_quotes(column.name) +
                                "; give an integer from " + std::to_string(min) + " to " +
                                std::to_string(max));
  }
  return number;
}

Seconds read_time(const Json& value, const std::string& where) {
  const Seconds time(value.is_number() ? value.get<double>() / 1e6 : 0.0);
  if (!(time > Seconds(0.0)) || time > kLongest) {
    throw InputError(where,
                     one_line(value.dump(), 40) + " is no time in us; give a number above 0 and at most 6e7");
  }
  return time;
}

template <class Point, std::size_t N>
Point read_row(const Format<Point, N>& format, const Json& row, const std::string& where) {
  if (!row.is_array() || row.size() != N + 1) {
    throw InputError(where, "is no row; give a list of the numbers " + columns_of(format).dump());
  }
  Point point;
  for (std::size_t i = 0; i < N; ++i) {
    point.*format.columns[i].size = read_size(row[i], format.columns[i], where + "/" + std::to_string(i));
  }
  if constexpr (std::is_same_v<Point, Grouped>) {
    if (point.rows < point.active_experts)
      throw InputError(where, "has fewer rows than active experts; each active expert has a row");
  }
  point.time = read_time(row[N], where + "/" + std::to_string(N));
  return point;
}

template <class Point, std::size_t N>
void read_rows(const Format<Point, N>& format, const Json& value, const Origin& origin,
               std::vector<Point>& points) {
  ObjectReader reader(value, origin.source, origin.pointer);
  const std::string source = place({origin.folder, origin.source, ""}) + ": ";
  Point blank;
  if constexpr (HasPrecision<Point>) {
    blank.precision = precision_of(reader.text("precision"), source + reader.pointer("precision"));
  }
  const Json columns = columns_of(format);
  const Json& given = reader.raw("columns", columns.dump());
  if (given != columns) reader.fail("columns", nature(given) + " of other columns; give " + columns.dump());
  const Json& rows = reader.raw("rows", "a list of rows");
  if (!rows.is_array()) reader.fail("rows", "is no list; give a list of rows " + columns.dump());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Point point = read_row(format, rows[i], source + reader.pointer("rows") + "/" + std::to_string(i));
    if constexpr (HasPrecision<Point>) point.precision = blank.precision;
    points.push_back(point);
  }
  reader.finish();
}

template <class Point, std::size_t N>
void refuse_twins(const Format<Point, N>& format, const std::vector<Point>& sorted, const Origin& origin) {
  const auto twin = std::adjacent_find(sorted.begin(), sorted.end(), [&](const Point& a, const Point& b) {
    return order_of(format, a) == order_of(format, b);
  });
  if (twin == sorted.end()) return;
  std::string row;
  if constexpr (HasPrecision<Point>) row = " " + std::string(name_of(twin->precision));
  for (const Column<Point>& column : format.columns) {
    row += " " + std::string(column.name) + "=" + std::to_string((*twin).*column.size);
  }
  throw InputError(place(origin), "has" + row + " twice; give each row once");
}

/// Rows of one shape whose sizes hardly repeat span a grid of mostly holes.
template <class Point, std::size_t N>
void refuse_scatter(const Format<Point, N>& format, const std::vector<Point>& sorted, const Origin& origin) {
  if constexpr (N > 1) {
    if (format.varying < 2) return;
    const auto same_shape = [&](const Point& a, const Point& b) {
      const auto order_a = order_of(format, a), order_b = order_of(format, b);
      return std::equal(order_a.begin(), order_a.end() - 2, order_b.begin());
    };
    for (auto first = sorted.begin(); first != sorted.end();) {
      const auto last = std::find_if_not(first, sorted.end(),
                                         [&](const Point& point) { return same_shape(*first, point); });
      std::set<std::int64_t> ones, others;
      for (auto point = first; point != last; ++point) {
        ones.insert((*point).*format.columns[0].size);
        others.insert((*point).*format.columns[1].size);
      }
      if (ones.size() * others.size() > kMostCrossings) {
        throw InputError(
            place(origin),
            "has " + std::to_string(ones.size()) + " values of " + std::string(format.columns[0].name) +
                " and " + std::to_string(others.size()) + " of " + std::string(format.columns[1].name) +
                " for one shape; give a grid of at most " + std::to_string(kMostCrossings) + " crossings");
      }
      first = last;
    }
  }
}

template <class Point, std::size_t N>
std::vector<Point> read_table(const Format<Point, N>& format, const Json& value, const Origin& origin) {
  std::vector<Point> points;
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      read_rows(format, value[i], {origin.folder, origin.source, origin.pointer + "/" + std::to_string(i)},
                points);
    }
  } else {
    read_rows(format, value, origin, points);
  }
  std::sort(points.begin(), points.end(),
            [&](const Point& a, const Point& b) { return order_of(format, a) < order_of(format, b); });
  refuse_twins(format, points, origin);
  refuse_scatter(format, points, origin);
  return points;
}

template <class Point, std::size_t N>
Json table_to_json(const Format<Point, N>& format, const std::vector<Point>& points) {
  Json tables = Json::array();
  for (const Point& point : points) {
    Json head = Json::object();
    if constexpr (HasPrecision<Point>) head["precision"] = std::string(name_of(point.precision));
    head["columns"] = columns_of(format);
    if (tables.empty() || tables.back().value("precision", "") != head.value("precision", "")) {
      head["rows"] = Json::array();
      tables.push_back(std::move(head));
    }
    Json row = Json::array();
    for (const Column<Point>& column : format.columns) row.push_back(point.*column.size);
    row.push_back(point.time.value() * 1e6);
    tables.back()["rows"].push_back(std::move(row));
  }
  return tables;
}

}  // namespace

OperatorTables read_operator_tables(ObjectReader& profile, const Origin& origin) {
  OperatorTables tables;
  for_each_format([&](const auto& format) {
    if (const Json* table = profile.optional_raw(format.key)) {
      tables.*format.points =
          read_table(format, *table, {origin.folder, origin.source, profile.pointer(format.key)});
    }
  });
  return tables;
}

void write_operator_tables(const OperatorTables& tables, Json& profile) {
  for_each_format([&](const auto& format) {
    const auto& points = tables.*format.points;
    if (!points.empty()) profile[std::string(format.key)] = table_to_json(format, points);
  });
}

}  // namespace switchyard
