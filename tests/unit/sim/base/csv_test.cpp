// CSV in and out.
#include "sim/base/csv.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <sstream>

#include "sim/base/ensure.hpp"
#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/sim/base/message_of.hpp"

using namespace switchyard;

namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(const std::string& text) {
  std::istringstream in(text);
  CsvReader csv(in, "trace.csv");
  Rows rows = {csv.columns()};
  for (CsvReader::Row row; csv.next(row);) rows.emplace_back(row.begin(), row.end());
  return rows;
}

std::string refusal(const std::string& text) {
  return message_of<InputError>([&] { rows_of(text); });
}

}  // namespace

TEST_CASE("Rows are written with the quotes that they need") {
  std::ostringstream out;
  {
    CsvWriter csv(out, {"id", "a,b", "x"});
    csv.cell(7).cell("say \"hi\"").cell(0.1).end_row();
    csv.cell(std::size_t{8}).cell("two\nlines").cell(std::optional<double>()).end_row();
  }
  CHECK(out.str() == "id,\"a,b\",x\n7,\"say \"\"hi\"\"\",0.1\n8,\"two\nlines\",\n");
}

TEST_CASE("Written doubles read back to the bit") {
  std::ostringstream out;
  Random random(3, "csv");
  std::vector<double> values = {0.0, -1.5, 1e300, 5e-324, std::numeric_limits<double>::max()};
  for (int i = 0; i < 20000; ++i) values.push_back(random.normal() * random.lognormal(1.0, 5.0));
  {
    CsvWriter csv(out, {"value"});
    for (const double value : values) csv.cell(value).end_row();
  }
  std::istringstream in(out.str());
  CsvReader csv(in, "values.csv");
  CsvReader::Row row;
  for (const double value : values) {
    REQUIRE(csv.next(row));
    REQUIRE(csv.number(row, 0) == value);
  }
  CHECK(!csv.next(row));
}

TEST_CASE("A table that breaks its form is a broken law") {
  std::ostringstream out;
  CsvWriter csv(out, {"a", "b"});
  CHECK_THROWS_AS(csv.cell(1).end_row(), LawBroken);
  CHECK_THROWS_AS(csv.cell(std::numeric_limits<double>::quiet_NaN()), LawBroken);
}

TEST_CASE("Fields are read with and without quotes, line ends of both kinds, and a byte order mark") {
  const Rows expected = {{"a", "b"}, {"1", "2"}, {"", ""}};
  CHECK(rows_of("a,b\n1,2\n,\n") == expected);
  CHECK(rows_of("a,b\r\n1,2\r\n,\r\n") == expected);
  CHECK(rows_of("\xef\xbb\xbf"
                "a, b\n1,2\n,") == expected);
  CHECK(rows_of("\xef\xbb\xbf\"a\",\"b\"\n\"1\",2\n\"\",\"\"") == expected);
  CHECK(rows_of("\n\na,b\n\n1,2\n,\n\n") == expected);
}

TEST_CASE("Quoted fields hold commas, quotes and line breaks") {
  CHECK(rows_of("a,b\n\"x,\"\"y\"\"\",\"two\r\nlines\n\"\nlast,5\" tall\n") ==
        Rows{{"a", "b"}, {"x,\"y\"", "two\nlines\n"}, {"last", "5\" tall"}});
}

TEST_CASE("What the writer writes the reader reads") {
  const Rows rows = {{"a", "b"}, {"\"", ",,"}, {"\n", " x "}, {"é", "\"\"\n\"\""}};
  std::ostringstream out;
  {
    CsvWriter csv(out, rows.front());
    for (std::size_t i = 1; i < rows.size(); ++i) csv.cell(rows[i][0]).cell(rows[i][1]).end_row();
  }
  CHECK(rows_of(out.str()) == rows);
}

TEST_CASE("Malformed rows are refused with file and line") {
  CHECK(refusal("") == "trace.csv: is empty; the first line names the columns");
  CHECK(refusal("a,b\n1,2\n3\n") ==
        "trace.csv: line 3: the number of fields is 1; give 2, as many as the header has");
  CHECK(refusal("a,b\n\"1\n\n2\",3\n4,5,6\n") ==
        "trace.csv: line 5: the number of fields is 3; give 2, as many as the header has");
  CHECK(refusal("a,b\n1,2\n\"3,4\n5,6\n") ==
        "trace.csv: line 3: a quote is left open; close it with another");
  CHECK(refusal("a,b\n\"1\"x,2\n") ==
        "trace.csv: line 2: text follows a closing quote; write a quote within quotes twice");
}

TEST_CASE("Binary files and endless lines are refused") {
  CHECK(refusal(std::string("a,b\n1,\0\n", 8)) ==
        "trace.csv: line 2: has a NUL byte; give a text file in UTF-8");
  CHECK(refusal("name\nJos\xc3\xa9\nJos\xe9\n") ==
        "trace.csv: line 3: byte 4 of the line, \"\\xe9\", is not UTF-8; save the file as UTF-8");
  CHECK(refusal("a\n" + std::string(1000000, '1') + "\n").empty());
  CHECK(refusal("a\n" + std::string(1000001, '1') + "\n") ==
        "trace.csv: line 2: is longer than 1000000 bytes; give shorter lines");
  CHECK(refusal("a\n" + std::string(5000000, '1')) ==
        "trace.csv: line 2: is longer than 1000000 bytes; give shorter lines");
  std::string open = "a\n\"";
  for (int i = 0; i < 200000; ++i) open += "123456789\n";
  CHECK(refusal(open) == "trace.csv: line 2: the row is too long; is a quote left open?");
}

TEST_CASE("A column is found by name or refused with the choices") {
  std::istringstream in("arrival_s,tokens,x,x\n");
  const CsvReader csv(in, "trace.csv");
  CHECK(csv.column("tokens") == 1);
  CHECK(csv.find_column("none") == std::nullopt);
  CHECK(message_of<InputError>([&] { csv.column("arrivals_s"); }) ==
        "trace.csv: no column \"arrivals_s\"; did you mean \"arrival_s\"?; choose one of arrival_s, tokens, "
        "x, x");
  CHECK(message_of<InputError>([&] { csv.column("x"); }) ==
        "trace.csv: more than one column \"x\"; name each column once");
}

TEST_CASE("A field that is no finite number is refused with line and column") {
  std::istringstream in("t,n\n 1.5 ,7\nabc,7.5\nnan,\n1e999,99999999999999999999\n");
  CsvReader csv(in, "trace.csv");
  CsvReader::Row row;
  REQUIRE(csv.next(row));
  CHECK(csv.number(row, 0) == 1.5);
  CHECK(csv.integer(row, 1) == 7);
  REQUIRE(csv.next(row));
  CHECK(message_of<InputError>([&] { csv.number(row, 0); }) ==
        "trace.csv: line 3: t: \"abc\" is not a number; give one that is finite");
  CHECK(message_of<InputError>([&] { csv.integer(row, 1); }) ==
        "trace.csv: line 3: n: \"7.5\" is not an integer; give a whole number");
  for (int i = 0; i < 2; ++i) {
    REQUIRE(csv.next(row));
    CHECK_THROWS_AS(csv.number(row, 0), InputError);
    CHECK_THROWS_AS(csv.integer(row, 1), InputError);
  }
}

TEST_CASE("A file larger than the buffer is read whole, every line in its place") {
  const TemporaryFolder folder;
  std::string text = "i,square\n";
  for (std::int64_t i = 0; i < 400000; ++i) text += std::to_string(i) + "," + std::to_string(i * i) + "\n";
  CsvReader csv(folder.write("big.csv", text).string());
  std::int64_t count = 0;
  for (CsvReader::Row row; csv.next(row); ++count) {
    REQUIRE(csv.integer(row, 0) == count);
    REQUIRE(csv.integer(row, 1) == count * count);
  }
  CHECK(count == 400000);
  CHECK(csv.line_number() == 400001);
}

TEST_CASE("A trace file that cannot be read is refused by name") {
  const TemporaryFolder folder;
  const std::string missing = (folder.path() / "none.csv").string();
  CHECK(message_of<InputError>([&] { CsvReader csv(missing); }).find(missing + ": cannot be read: ") == 0);
  const std::string directory = folder.path().string();
  CHECK(message_of<InputError>([&] { CsvReader csv(directory); }) ==
        directory + ": is a directory; give a file");
}
