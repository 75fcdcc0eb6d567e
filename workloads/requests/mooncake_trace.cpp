// The Mooncake traces (github.com/kvcache-ai/Mooncake, FAST25-release/traces): a JSON object a line with
// timestamp (milliseconds since the start of the trace), input_length and output_length. hash_ids, the
// prompt's blocks of 512 tokens by the hash of their prefix, are passed over: prefixes are not cached here,
// so every prompt is computed whole.
#include "sim/base/quote.hpp"
#include "workloads/requests/json_lines.hpp"
#include "workloads/requests/trace.hpp"

namespace switchyard {
namespace {

constexpr double kLatest = 1e13;  // milliseconds: as far as the other formats go

enum Key : std::size_t { timestamp, input_length, output_length };
const std::vector<std::string>& keys() {
  static const std::vector<std::string> names = {"timestamp", "input_length", "output_length"};
  return names;
}

class MooncakeTrace : public RequestStream {
 public:
  explicit MooncakeTrace(const std::string& path) : rows_(path, keys()) {}

  std::optional<Request> next() override {
    if (!rows_.next()) return std::nullopt;
    for (const std::size_t key : {timestamp, input_length, output_length})
      if (!rows_.has(key))
        rows_.fail(key, "is missing; every line gives timestamp, input_length, output_length");
    const double milliseconds = rows_.number(timestamp);
    if (milliseconds < 0.0 || milliseconds > kLatest)
      rows_.fail(timestamp, rows_.shown(timestamp) + " is out of range; give milliseconds from 0 to 1e13");
    if (milliseconds < latest_)
      rows_.fail(timestamp,
                 rows_.shown(timestamp) + " is earlier than the row before; " + kSortedRows + "timestamp");
    latest_ = milliseconds;
    return Request{next_id_++, Seconds(milliseconds / 1000.0), rows_.tokens(input_length),
                   rows_.tokens(output_length)};
  }

 private:
  JsonLines rows_;
  std::uint64_t next_id_ = 0;
  double latest_ = 0.0;
};

}  // namespace

bool is_mooncake_trace(std::string_view first_line) { return has_members(first_line, keys()); }

std::unique_ptr<RequestStream> open_mooncake_trace(const std::string& path) {
  return std::make_unique<MooncakeTrace>(path);
}

}  // namespace switchyard
