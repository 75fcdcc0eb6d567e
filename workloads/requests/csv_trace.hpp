// A trace in CSV: three columns and a way to read the first one. The formats differ in no more than that.
#pragma once

#include <functional>
#include <string>

#include "sim/base/csv_reader.hpp"
#include "workloads/requests/request.hpp"

namespace switchyard {

class CsvTrace : public RequestStream {
 public:
  struct Columns {
    std::string arrival;
    std::string prompt_tokens;
    std::string output_tokens;
  };
  /// The arrival in one field of the row; throws InputError by CsvReader::fail.
  using ReadArrival = std::function<Seconds(const CsvReader&, const CsvReader::Row&, std::size_t column)>;
  /// What a row with no prompt or no output is.
  enum class Empty { refused, left_out };

  CsvTrace(const std::string& path, const Columns& columns, ReadArrival read_arrival,
           Empty empty = Empty::refused);
  std::optional<Request> next() override;
  std::uint64_t left_out() const override { return left_out_; }

 private:
  Seconds read_arrival();
  bool is_empty() const;

  CsvReader csv_;
  std::size_t arrival_;
  std::size_t prompt_tokens_;
  std::size_t output_tokens_;
  ReadArrival read_arrival_;
  Empty empty_;
  CsvReader::Row row_;
  std::uint64_t next_id_ = 0;
  std::uint64_t left_out_ = 0;
  std::optional<Seconds> latest_;
};

/// A field as seconds from 0 to 1e10. Throws InputError naming line and column.
Seconds read_seconds(const CsvReader& csv, const CsvReader::Row& row, std::size_t column);

}  // namespace switchyard
