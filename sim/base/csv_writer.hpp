// Rows of a CSV file: RFC 4180's quoting, lines ended by "\n".
//
//   CsvWriter csv(file, {"request_id", "arrival_s"});
//   csv.cell(std::int64_t{7}).cell(0.25).end_row();
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard {

/// Writes through a buffer of its own: the stream has all rows after flush() or the destructor. A failed
/// write shows in the stream's state.
class CsvWriter {
 public:
  /// Writes the header. `out` must outlive the writer.
  CsvWriter(std::ostream& out, const std::vector<std::string>& columns);
  ~CsvWriter();
  CsvWriter(const CsvWriter&) = delete;
  CsvWriter& operator=(const CsvWriter&) = delete;

  CsvWriter& cell(std::string_view text);
  /// The shortest decimal that reads back to the same double, which must be finite (else LawBroken).
  CsvWriter& cell(double value);
  CsvWriter& cell(std::integral auto value) { return integer_cell(static_cast<std::int64_t>(value)); }
  CsvWriter& cell(const char* text) { return cell(std::string_view(text)); }
  CsvWriter& cell(const std::string& text) { return cell(std::string_view(text)); }
  /// An absent value is an empty cell.
  template <class T>
  CsvWriter& cell(const std::optional<T>& value) {
    return value ? cell(*value) : cell("");
  }

  /// Ends the row, which must have as many cells as the header (else LawBroken).
  void end_row();
  void flush();

 private:
  CsvWriter& integer_cell(std::int64_t value);
  void begin_cell();

  std::ostream& out_;
  std::string buffer_;
  std::size_t columns_;
  std::size_t cells_ = 0;  // of the row so far
};

}  // namespace switchyard
