// Fixed-width fields, read from the left; the calendar is the standard library's.
#include "workloads/requests/timestamp.hpp"

#include <chrono>

namespace switchyard {
namespace {

constexpr std::int64_t kTicksPerSecond = 10'000'000;

/// Consumes a text from the left; once something did not fit, `good` stays false.
struct Scanner {
  std::string_view text;
  bool good = true;

  std::int64_t digits(std::size_t count) {
    std::int64_t value = 0;
    for (; count > 0; --count) {
      if (text.empty() || text.front() < '0' || text.front() > '9') {
        good = false;
        return 0;
      }
      value = 10 * value + (text.front() - '0');
      text.remove_prefix(1);
    }
    return value;
  }
  bool take(char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
  }
  void expect(char c) { good = take(c) && good; }
  std::int64_t at_most(std::int64_t limit) {
    const std::int64_t value = digits(2);
    good = good && value <= limit;
    return value;
  }
};

std::int64_t read_days(Scanner& scanner) {
  const auto year = std::chrono::year(static_cast<int>(scanner.digits(4)));
  scanner.expect('-');
  const auto month = std::chrono::month(static_cast<unsigned>(scanner.digits(2)));
  scanner.expect('-');
  const auto day = std::chrono::day(static_cast<unsigned>(scanner.digits(2)));
  const std::chrono::year_month_day date(year, month, day);
  scanner.good = scanner.good && date.ok();
  return scanner.good ? std::chrono::sys_days(date).time_since_epoch().count() : 0;
}

std::int64_t read_fraction(Scanner& scanner) {
  if (!scanner.take('.')) return 0;
  std::int64_t ticks = scanner.digits(1) * (kTicksPerSecond / 10);
  for (std::int64_t unit = kTicksPerSecond / 100; unit > 0; unit /= 10) {
    if (scanner.text.empty() || scanner.text.front() < '0' || scanner.text.front() > '9') break;
    ticks += scanner.digits(1) * unit;
  }
  return ticks;
}

/// Minutes to subtract.
std::int64_t read_zone(Scanner& scanner) {
  if (scanner.text.empty() || scanner.take('Z')) return 0;
  const bool west = scanner.take('-');
  if (!west) scanner.expect('+');
  const std::int64_t hours = scanner.at_most(23);
  scanner.expect(':');
  const std::int64_t minutes = 60 * hours + scanner.at_most(59);
  return west ? -minutes : minutes;
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  Scanner scanner{text};
  const std::int64_t days = read_days(scanner);
  if (!scanner.take('T')) scanner.expect(' ');
  const std::int64_t hours = scanner.at_most(23);
  scanner.expect(':');
  const std::int64_t minutes = scanner.at_most(59);
  scanner.expect(':');
  const std::int64_t seconds = scanner.at_most(59);
  const std::int64_t fraction = read_fraction(scanner);
  const std::int64_t zone = read_zone(scanner);
  if (!scanner.good || !scanner.text.empty()) return std::nullopt;
  return (((days * 24 + hours) * 60 + minutes - zone) * 60 + seconds) * kTicksPerSecond + fraction;
}

}  // namespace switchyard
