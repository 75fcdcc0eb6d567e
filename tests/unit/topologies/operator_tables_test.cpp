// Measured tables of all kinds: what a row means, that writing is the inverse of reading, and what is
// refused.
#include "topologies/operator_tables.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

#include "topologies/profile.hpp"

namespace switchyard {
namespace {

using Catch::Matchers::Contains;

/// One kind of table: a row that is right, and what the twin of that row is called.
struct Kind {
  std::string key;
  Json columns;
  Json row;
  std::string twin;
  bool has_precision = true;

  Json table(const std::vector<Json>& rows) const {
    Json table = has_precision ? Json{{"precision", "bf16"}} : Json::object();
    table["columns"] = columns;
    table["rows"] = Json(rows);
    return table;
  }
  Json table() const { return table(std::vector<Json>{row}); }
  Json table_with(std::size_t column, const Json& value) const {
    Json changed = row;
    changed[column] = value;
    return table(std::vector<Json>{changed});
  }
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"gemm_table", {"m", "n", "k", "time_us"}, {64, 512, 256, 9.1}, "bf16 m=64 n=512 k=256"},
      {"grouped_gemm_table",
       {"rows", "active_experts", "hidden_size", "intermediate_size", "time_us"},
       {64, 8, 2048, 768, 31.7},
       "bf16 rows=64 active_experts=8 hidden_size=2048 intermediate_size=768"},
      {"prefill_attention_table",
       {"tokens", "context", "heads", "kv_heads", "head_dim", "time_us"},
       {512, 1024, 32, 8, 128, 44.3},
       "bf16 tokens=512 context=1024 heads=32 kv_heads=8 head_dim=128"},
      {"decode_attention_table",
       {"sequences", "context", "heads", "kv_heads", "head_dim", "time_us"},
       {16, 1024, 32, 8, 128, 21.9},
       "bf16 sequences=16 context=1024 heads=32 kv_heads=8 head_dim=128"},
      {"elementwise_table", {"bytes", "time_us"}, {1048576, 3.3}, "bytes=1048576", false},
      {"norm_table", {"rows", "width", "time_us"}, {16, 4096, 6.1}, "rows=16 width=4096", false},
      {"activation_table", {"rows", "width", "time_us"}, {16, 768, 2.1}, "rows=16 width=768", false},
      {"torch_prompt_attention_table",
       {"tokens", "heads", "kv_heads", "head_dim", "time_us"},
       {512, 32, 8, 128, 14.3},
       "tokens=512 heads=32 kv_heads=8 head_dim=128",
       false},
      {"torch_activation_table", {"rows", "width", "time_us"}, {16, 768, 4.1}, "rows=16 width=768", false},
      {"torch_reduction_table",
       {"sequences", "parts", "heads", "kv_heads", "head_dim", "time_us"},
       {4, 8, 32, 8, 128, 9.8},
       "sequences=4 parts=8 heads=32 kv_heads=8 head_dim=128",
       false},
      {"torch_routing_table",
       {"tokens", "num_experts", "top_k", "time_us"},
       {64, 128, 8, 65.0},
       "tokens=64 num_experts=128 top_k=8",
       false},
      {"torch_permutation_table",
       {"tokens", "top_k", "hidden_size", "time_us"},
       {64, 8, 2048, 28.6},
       "tokens=64 top_k=8 hidden_size=2048",
       false},
      {"torch_cache_write_table",
       {"sequences", "heads", "kv_heads", "head_dim", "time_us"},
       {8, 32, 8, 128, 15.9},
       "sequences=8 heads=32 kv_heads=8 head_dim=128",
       false},
      {"torch_prompt_write_table",
       {"tokens", "heads", "kv_heads", "head_dim", "time_us"},
       {256, 32, 8, 128, 6.0},
       "tokens=256 heads=32 kv_heads=8 head_dim=128",
       false},
      {"torch_sampling_table",
       {"sequences", "vocabulary", "time_us"},
       {8, 32000, 12.0},
       "sequences=8 vocabulary=32000",
       false},
  };
  return all;
}

Json profile_with(const std::string& key, const Json& table) {
  const Json share{{"compute", 0.8}, {"memory", 0.9}};
  return {{"source", "s"},
          {"gemm", share},
          {"grouped_gemm", share},
          {"prefill_attention", share},
          {"decode_attention", share},
          {"elementwise", share},
          {"kernel_overhead", "3 us"},
          {key, table}};
}

GpuProfile read(const std::string& key, const Json& table) {
  return read_profile(profile_with(key, table), {"", "my.json", "/profile"});
}

void refuses(const std::string& key, const Json& table, const std::vector<std::string>& pieces) {
  INFO(key << ": " << table.dump());
  CHECK_THROWS_AS(read(key, table), InputError);
  for (const std::string& piece : pieces) CHECK_THROWS_WITH(read(key, table), Contains(piece));
}

}  // namespace

TEST_CASE("A row's numbers are the columns' sizes, and its last one microseconds") {
  const OperatorTables gemm = *read("gemm_table", kinds()[0].table()).tables;
  CHECK(gemm.gemm == std::vector{GemmPoint{64, 512, 256, Precision::bf16, Seconds(9.1 / 1e6)}});
  const OperatorTables grouped = *read("grouped_gemm_table", kinds()[1].table()).tables;
  CHECK(grouped.grouped_gemm ==
        std::vector{GroupedGemmPoint{64, 8, 2048, 768, Precision::bf16, Seconds(31.7 / 1e6)}});
  const OperatorTables prefill = *read("prefill_attention_table", kinds()[2].table()).tables;
  CHECK(prefill.prefill_attention ==
        std::vector{PrefillAttentionPoint{512, 1024, 32, 8, 128, Precision::bf16, Seconds(44.3 / 1e6)}});
  const OperatorTables decode = *read("decode_attention_table", kinds()[3].table()).tables;
  CHECK(decode.decode_attention ==
        std::vector{DecodeAttentionPoint{16, 1024, 32, 8, 128, Precision::bf16, Seconds(21.9 / 1e6)}});
  const OperatorTables elementwise = *read("elementwise_table", kinds()[4].table()).tables;
  CHECK(elementwise.elementwise == std::vector{ElementwisePoint{1048576, Seconds(3.3 / 1e6)}});
  const OperatorTables norm = *read("norm_table", kinds()[5].table()).tables;
  CHECK(norm.norm == std::vector{RowsPoint{16, 4096, Seconds(6.1 / 1e6)}});
  const OperatorTables prompt = *read("torch_prompt_attention_table", kinds()[7].table()).tables;
  CHECK(prompt.torch_prompt_attention == std::vector{HeadsPoint{512, 32, 8, 128, Seconds(14.3 / 1e6)}});
}

TEST_CASE("A profile without tables has none and writes none") {
  Json json = profile_with("gemm_table", nullptr);
  CHECK(read_profile(json, {"", "my.json", ""}).tables == Shared<OperatorTables>{});
  const Json written = to_json(read_profile(json, {"", "my.json", ""}));
  for (const Kind& kind : kinds()) CHECK_FALSE(written.contains(kind.key));
}

TEST_CASE("What is written of a table reads back as the same, to the last bit of every time") {
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.key);
    std::vector<Json> rows;
    for (int i = 1; i <= 200; ++i) {
      rows.push_back(kind.row);
      rows.back()[0] = 1000 - i;
      rows.back().back() = 0.7 + i / 49.0;
    }
    Json tables = Json::array({kind.table(rows)});
    if (kind.has_precision) {
      tables.push_back(kind.table());
      tables.back()["precision"] = "fp8";
    }
    const GpuProfile profile = read(kind.key, tables);
    const Json written = to_json(profile);
    CHECK(written.at(kind.key).size() == tables.size());
    CHECK(written.at(kind.key).front().at("rows").size() == rows.size());
    CHECK(read_profile(written, {"", "written.json", ""}) == profile);
  }
}

TEST_CASE("One table or a list of tables, in any order of rows, are the same") {
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.key);
    Json larger = kind.row;
    larger[0] = 4000;
    const GpuProfile one = read(kind.key, kind.table(std::vector<Json>{larger, kind.row}));
    CHECK(one == read(kind.key, Json::array({kind.table(), kind.table(std::vector<Json>{larger})})));
    CHECK_FALSE(one == read(kind.key, kind.table()));
  }
}

TEST_CASE("Points are sorted by precision, shape and what varies") {
  const Json columns = kinds()[0].columns;
  const GpuProfile profile = read(
      "gemm_table",
      {{{"precision", "fp8"}, {"columns", columns}, {"rows", {{1, 2, 3, 4}}}},
       {{"precision", "bf16"}, {"columns", columns}, {"rows", {{9, 2, 1, 4}, {1, 2, 2, 4}, {3, 2, 1, 4}}}}});
  std::vector<std::int64_t> m;
  for (const GemmPoint& point : profile.tables->gemm) m.push_back(point.m);
  CHECK(m == std::vector<std::int64_t>{3, 9, 1, 1});
  CHECK(profile.tables->gemm.back().precision == Precision::fp8);
}

TEST_CASE("Rows of one shape that are far from a grid are refused with what they have") {
  for (const std::size_t of : {1, 2, 3}) {
    const Kind& kind = kinds()[of];
    CAPTURE(kind.key);
    std::vector<Json> rows;
    for (int i = 0; i < 128; ++i) {
      rows.push_back(kind.row);
      rows.back()[0] = 1000 + i;
      rows.back()[1] = 500 + i;
    }
    CHECK_NOTHROW(read(kind.key, kind.table(rows)));
    rows.push_back(kind.row);
    refuses(kind.key, kind.table(rows),
            {"my.json: /profile/" + kind.key + ": has 129 values of", kind.columns[0].get<std::string>(),
             "give a grid of at most 16384 crossings"});
    rows.back().at(2) = 7;  // another shape
    CHECK_NOTHROW(read(kind.key, kind.table(rows)));
  }
}

TEST_CASE("Only a prompt's chunk may follow an empty cache") {
  CHECK(read("prefill_attention_table", kinds()[2].table_with(1, 0)).tables->prefill_attention[0].context ==
        0);
  refuses("decode_attention_table", kinds()[3].table_with(1, 0), {"/rows/0/1", "from 1 to"});
}

TEST_CASE("A table of other columns or other members is refused with what is right") {
  for (const Kind& kind : kinds()) {
    const std::string place = "my.json: /profile/" + kind.key;
    Json table = kind.table();
    std::swap(table["columns"].front(), table["columns"].back());
    refuses(kind.key, table, {place + "/columns: ", " of other columns; give " + kind.columns.dump()});
    refuses(kind.key, 7, {place});
    for (const std::string key : {"columns", "rows"}) {
      table = kind.table();
      table.erase(key);
      refuses(kind.key, table, {place + "/" + key + ": is missing"});
    }
    table = kind.table();
    table["rows"] = "none";
    refuses(kind.key, table, {place + "/rows: is no list", kind.columns.dump()});
    table = kind.table();
    table["row"] = 1;
    refuses(kind.key, table, {place + "/row: unknown key", "\"rows\""});
    table = kind.table();
    table["precision"] = kind.has_precision ? "bf61" : "bf16";
    refuses(kind.key, table, {place + "/precision", kind.has_precision ? "bf16" : "unknown key"});
    if (kind.has_precision) {
      table.erase("precision");
      refuses(kind.key, table, {place + "/precision: is missing"});
    }
  }
}

TEST_CASE("A row that is no row, no size or no time is refused with its place and the range") {
  for (const Kind& kind : kinds()) {
    const std::size_t time = kind.columns.size() - 1;
    const std::string rows = "my.json: /profile/" + kind.key + "/rows/0";
    Json row = kind.row;
    row.push_back(1);
    refuses(kind.key, kind.table(std::vector<Json>{row}), {rows + ": is no row", kind.columns.dump()});
    row.erase(0), row.erase(0);
    refuses(kind.key, kind.table(std::vector<Json>{row}), {rows + ": is no row", kind.columns.dump()});
    refuses(kind.key, kind.table(std::vector<Json>{12}), {rows + ": is no row"});
    for (std::size_t column = 0; column < time; ++column) {
      const std::string name = kind.columns[column].get<std::string>();
      for (const Json& value : {Json(-1), Json(2.5), Json("8"), Json(nullptr), Json(std::int64_t{1} << 50),
                                Json(std::numeric_limits<std::uint64_t>::max())}) {
        refuses(kind.key, kind.table_with(column, value),
                {rows + "/" + std::to_string(column) + ": " + value.dump() + " is no size \"" + name + "\"",
                 "give an integer from"});
      }
      if (name != "context") refuses(kind.key, kind.table_with(column, 0), {"0 is no size", "from 1 to"});
    }
    for (const Json& value :
         {Json(0), Json(-3.5), Json("3 us"), Json(nullptr), Json(1e9), Json(1e-320),
          Json(std::numeric_limits<double>::quiet_NaN()), Json(std::numeric_limits<double>::infinity())}) {
      refuses(kind.key, kind.table_with(time, value),
              {rows + "/" + std::to_string(time), "is no time in us; give a number above 0"});
    }
  }
}

TEST_CASE("A row that is there twice is refused, wherever the second one stands") {
  for (const Kind& kind : kinds()) {
    Json twin = kind.row;
    twin.back() = 1.5;
    const std::string problem = "my.json: /profile/" + kind.key + ": has " + kind.twin + " twice";
    refuses(kind.key, kind.table(std::vector<Json>{kind.row, twin}), {problem});
    refuses(kind.key, Json::array({kind.table(), kind.table(std::vector<Json>{twin})}), {problem});
  }
}

TEST_CASE("A wrong row of a list of tables is named with its table") {
  const Kind& kind = kinds()[0];
  refuses(kind.key, Json::array({kind.table(), kind.table_with(2, 0)}),
          {"my.json: /profile/gemm_table/1/rows/0/2"});
}

}  // namespace switchyard
