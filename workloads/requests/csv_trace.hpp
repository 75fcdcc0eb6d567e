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

  CsvTrace(const std::string& path, const Columns& columns, ReadArrival read_arrival);
  std::optional<Request> next() override;

 private:
  CsvReader csv_;
  std::size_t arrival_;
  std::size_t prompt_tokens_;
  std::size_t output_tokens_;
  ReadArrival read_arrival_;
  CsvReader::Row row_;
  std::uint64_t next_id_ = 0;
  Seconds latest_;
};

}  // namespace switchyard
