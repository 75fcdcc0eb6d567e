// CSV rows into a buffer.
#include "sim/base/csv_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kFlushAt = 1 << 16;

template <class Number>
void append(std::string& text, Number value) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text.append(digits.data(), end.ptr);
}

}  // namespace

CsvWriter::CsvWriter(std::ostream& out, const std::vector<std::string>& columns)
    : out_(out), columns_(columns.size()) {
  for (const std::string& column : columns) cell(column);
  end_row();
}

CsvWriter::~CsvWriter() {
  try {
    flush();
  } catch (...) {  // a stream that throws has its failure in its state
  }
}

CsvWriter& CsvWriter::cell(std::string_view text) {
  begin_cell();
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    buffer_ += text;
    return *this;
  }
  buffer_ += '"';
  for (const char c : text) buffer_.append(c == '"' ? 2 : 1, c);
  buffer_ += '"';
  return *this;
}

CsvWriter& CsvWriter::cell(double value) {
  ensure(std::isfinite(value), "a number in a table is finite");
  begin_cell();
  append(buffer_, value);
  return *this;
}

void CsvWriter::end_row() {
  ensure(cells_ == columns_, "a row has one cell per column");
  buffer_ += '\n';
  cells_ = 0;
  if (buffer_.size() >= kFlushAt) flush();
}

void CsvWriter::flush() {
  out_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  buffer_.clear();
}

CsvWriter& CsvWriter::integer_cell(std::int64_t value) {
  begin_cell();
  append(buffer_, value);
  return *this;
}

void CsvWriter::begin_cell() {
  if (cells_ > 0) buffer_ += ',';
  ++cells_;
}

}  // namespace switchyard
