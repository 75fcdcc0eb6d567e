// Hours times price, and who bears it.
#include "sim/report/bill.hpp"

namespace switchyard {
namespace {

constexpr double kSecondsPerHour = 3600.0;
constexpr double kMillion = 1e6;

std::optional<Dollars> per_million(Dollars cost, std::uint64_t tokens) {
  if (tokens == 0) return std::nullopt;
  return cost * (kMillion / static_cast<double>(tokens));
}

}  // namespace

std::optional<DollarsPerHour> per_hour(const Price& price, std::int64_t gpus) {
  if (!price.per_gpu_hour) return std::nullopt;
  return *price.per_gpu_hour * static_cast<double>(gpus);
}

std::optional<Bill> bill_of(const Price& price, std::int64_t gpus, const Metrics& metrics) {
  const std::optional<DollarsPerHour> rate = per_hour(price, gpus);
  if (!rate || metrics.completed == 0 || !metrics.prompt_share) return std::nullopt;
  Bill bill;
  bill.total = Dollars(rate->value() * (metrics.duration.value() / kSecondsPerHour));
  const Dollars input = bill.total * *metrics.prompt_share;
  bill.per_million_input_tokens = per_million(input, metrics.total_input_tokens);
  bill.per_million_output_tokens = per_million(bill.total - input, metrics.total_output_tokens);
  return bill;
}

}  // namespace switchyard
