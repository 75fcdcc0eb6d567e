// Strong units: a Seconds is not a Bytes. Values are doubles in SI base units; text with a unit appears only
// at the edges (scenario, catalogue, reports). kB = 1000, KiB = 1024, b = bit, B = byte.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace switchyard {

/// A double that carries its dimension. `Dimension` is a tag with a `description` and its accepted units.
template <class Dimension>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(double value) : value_(value) {}

  /// The number in the base unit (s, B, FLOP, B/s, FLOP/s, $, J, W).
  constexpr double value() const { return value_; }

  constexpr Quantity& operator+=(Quantity other) {
    value_ += other.value_;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity other) {
    value_ -= other.value_;
    return *this;
  }
  constexpr Quantity& operator*=(double factor) {
    value_ *= factor;
    return *this;
  }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.value_ + b.value_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.value_ - b.value_); }
  friend constexpr Quantity operator*(Quantity a, double b) { return Quantity(a.value_ * b); }
  friend constexpr Quantity operator*(double a, Quantity b) { return Quantity(a * b.value_); }
  friend constexpr Quantity operator/(Quantity a, double b) { return Quantity(a.value_ / b); }
  friend constexpr double operator/(Quantity a, Quantity b) { return a.value_ / b.value_; }
  friend constexpr auto operator<=>(Quantity a, Quantity b) = default;

 private:
  double value_ = 0.0;
};

struct TimeDimension;
struct DataDimension;
struct WorkDimension;
struct BandwidthDimension;
struct ComputeRateDimension;
struct MoneyDimension;
struct PriceRateDimension;
struct EnergyDimension;
struct PowerDimension;

using Seconds = Quantity<TimeDimension>;
using Bytes = Quantity<DataDimension>;
using Flops = Quantity<WorkDimension>;  // floating-point operations; a multiply-add counts as two
using BytesPerSecond = Quantity<BandwidthDimension>;
using FlopsPerSecond = Quantity<ComputeRateDimension>;
using Dollars = Quantity<MoneyDimension>;
using DollarsPerHour = Quantity<PriceRateDimension>;
using Joules = Quantity<EnergyDimension>;
using Watts = Quantity<PowerDimension>;

constexpr Seconds operator/(Bytes amount, BytesPerSecond rate) {
  return Seconds(amount.value() / rate.value());
}
constexpr Seconds operator/(Flops amount, FlopsPerSecond rate) {
  return Seconds(amount.value() / rate.value());
}
constexpr BytesPerSecond operator/(Bytes amount, Seconds time) {
  return BytesPerSecond(amount.value() / time.value());
}
constexpr Bytes operator*(BytesPerSecond rate, Seconds time) { return Bytes(rate.value() * time.value()); }
constexpr Joules operator*(Watts power, Seconds time) { return Joules(power.value() * time.value()); }

namespace literals {
constexpr Seconds operator""_s(long double v) { return Seconds(static_cast<double>(v)); }
constexpr Seconds operator""_s(unsigned long long v) { return Seconds(static_cast<double>(v)); }
constexpr Seconds operator""_ms(long double v) { return Seconds(static_cast<double>(v) / 1e3); }
constexpr Seconds operator""_ms(unsigned long long v) { return Seconds(static_cast<double>(v) / 1e3); }
constexpr Seconds operator""_us(long double v) { return Seconds(static_cast<double>(v) / 1e6); }
constexpr Seconds operator""_us(unsigned long long v) { return Seconds(static_cast<double>(v) / 1e6); }
constexpr Bytes operator""_B(long double v) { return Bytes(static_cast<double>(v)); }
constexpr Bytes operator""_B(unsigned long long v) { return Bytes(static_cast<double>(v)); }
constexpr Bytes operator""_MiB(unsigned long long v) { return Bytes(static_cast<double>(v) * 1048576.0); }
constexpr Bytes operator""_GB(long double v) { return Bytes(static_cast<double>(v) * 1e9); }
constexpr Bytes operator""_GB(unsigned long long v) { return Bytes(static_cast<double>(v) * 1e9); }
constexpr BytesPerSecond operator""_GBps(long double v) {
  return BytesPerSecond(static_cast<double>(v) * 1e9);
}
constexpr BytesPerSecond operator""_GBps(unsigned long long v) {
  return BytesPerSecond(static_cast<double>(v) * 1e9);
}
constexpr FlopsPerSecond operator""_TFLOPS(long double v) {
  return FlopsPerSecond(static_cast<double>(v) * 1e12);
}
constexpr FlopsPerSecond operator""_TFLOPS(unsigned long long v) {
  return FlopsPerSecond(static_cast<double>(v) * 1e12);
}
}  // namespace literals

/// Reads "2 s", "50 ms", "400 Gbps", "3.35 TB/s", "80 GiB", "989 TFLOPS", "2.5 $/h", "700 W": a number,
/// optional white space, a unit of the dimension. Throws std::invalid_argument naming the text and the
/// accepted units.
template <class Q>
Q parse(std::string_view text);

/// What to give for a quantity, for messages: "a number with one of ns, us, ms, s, min, h, such as \"2 s\"".
template <class Q>
std::string how_to_write();

/// A regular expression (ECMA-262, as JSON Schema has them) of the texts that parse() takes. It does not tell
/// their range.
template <class Q>
std::string pattern();

/// The text form, in the unit that gives 1 <= number < 1000 where there is one: "2 s", "3.35 TB/s". The
/// shortest decimal that reads back to the same value: parse(to_text(q)) == q up to one ulp.
template <class Q>
std::string to_text(Q quantity);

}  // namespace switchyard
