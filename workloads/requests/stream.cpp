// Where requests come from once the workload is known: drawn one by one, or a trace cut to the wished number.
#include <algorithm>

#include "sim/base/menu.hpp"
#include "workloads/requests/arrivals.hpp"
#include "workloads/requests/lengths.hpp"
#include "workloads/requests/trace.hpp"

namespace switchyard {
namespace {

class DrawnStream : public RequestStream {
 public:
  DrawnStream(const Workload& workload, std::uint64_t seed)
      : count_(static_cast<std::uint64_t>(workload.num_warmups + workload.num_requests)),
        arrival_(start_arrivals(workload.arrivals, seed)),
        prompt_tokens_(start_lengths(workload.prompt_tokens, seed, "prompt_tokens")),
        output_tokens_(start_lengths(workload.output_tokens, seed, "output_tokens")) {}

  std::optional<Request> next() override {
    if (next_id_ == count_) return std::nullopt;
    return Request{next_id_++, arrival_(), prompt_tokens_(), output_tokens_()};
  }

 private:
  std::uint64_t next_id_ = 0;
  std::uint64_t count_;
  Arrival arrival_;
  std::function<std::int64_t()> prompt_tokens_;
  std::function<std::int64_t()> output_tokens_;
};

/// The first rows of a trace, at the scenario's arrivals where the file has none. A trace that is too short
/// is an error: fewer requests than wished would look like a finished run.
class TraceStream : public RequestStream {
 public:
  TraceStream(const Workload& workload, const TraceFormat& format, std::uint64_t seed)
      : path_(*workload.trace),
        least_(static_cast<std::uint64_t>(workload.num_warmups +
                                          std::max<std::int64_t>(workload.num_requests, 1))),
        everything_(workload.num_requests == 0),
        rows_(format.open(*workload.trace)),
        prompt_scale_(workload.prompt_tokens.scale),
        output_scale_(workload.output_tokens.scale) {
    if (!workload.arrivals.process.empty()) arrival_ = start_arrivals(workload.arrivals, seed);
  }

  std::optional<Request> next() override {
    if (!everything_ && read_ == least_) return std::nullopt;
    std::optional<Request> request = rows_->next();
    if (request) {
      ++read_;
      if (arrival_) request->arrival = arrival_();
      request->prompt_tokens = scaled(request->prompt_tokens, prompt_scale_);
      request->output_tokens = scaled(request->output_tokens, output_scale_);
    } else if (read_ == 0) {
      throw InputError(path_, "has no requests; give at least one row");
    } else if (read_ < least_) {
      throw InputError(path_, "has " + std::to_string(read_) + " requests, fewer than the " +
                                  std::to_string(least_) +
                                  " of num_warmups and num_requests; give at most as many");
    }
    return request;
  }
  std::uint64_t left_out() const override { return rows_->left_out(); }

 private:
  std::string path_;
  std::uint64_t least_;
  bool everything_;
  std::unique_ptr<RequestStream> rows_;
  double prompt_scale_, output_scale_;
  Arrival arrival_;
  std::uint64_t read_ = 0;
};

}  // namespace

std::uint64_t read_through(const Workload& trace) {
  const std::unique_ptr<RequestStream> requests = open_requests(trace, 0);
  while (requests->next()) {
  }
  return requests->left_out();
}

std::unique_ptr<RequestStream> open_requests(const Workload& workload, std::uint64_t seed) {
  if (!workload.trace) return std::make_unique<DrawnStream>(workload, seed);
  return std::make_unique<TraceStream>(workload, choose(trace_menu(), workload.format, "/workload/format"),
                                       seed);
}

}  // namespace switchyard
