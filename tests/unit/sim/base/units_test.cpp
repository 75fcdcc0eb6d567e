// Quantities as text: what is read, what is refused and how, what is written.
#include "sim/base/units.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <clocale>
#include <cmath>
#include <limits>
#include <regex>
#include <stdexcept>

#include "sim/base/random.hpp"
#include "tests/unit/sim/base/message_of.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

template <class Q>
std::string refusal(std::string_view text) {
  return message_of<std::invalid_argument>([&] { parse<Q>(text); });
}

template <class Q>
void reads_back(Random& random, double smallest_exponent, double largest_exponent) {
  for (int i = 0; i < 2000; ++i) {
    const double exponent = smallest_exponent + (largest_exponent - smallest_exponent) * random.uniform();
    const double value = std::pow(10.0, exponent);
    const double again = parse<Q>(to_text(Q(value))).value();
    const double ulp = std::nextafter(value, std::numeric_limits<double>::infinity()) - value;
    REQUIRE(std::fabs(again - value) <= ulp);
  }
}

}  // namespace

TEST_CASE("A quantity is read from a number and a unit, with or without white space") {
  CHECK(parse<Seconds>("2 s") == 2_s);
  CHECK(parse<Seconds>("2s") == 2_s);
  CHECK(parse<Seconds>("  50\tms ") == 50_ms);
  CHECK(parse<Seconds>("7 ns").value() == 7e-9);
  CHECK(parse<Seconds>("1.5 min").value() == 90.0);
  CHECK(parse<Seconds>("2 h").value() == 7200.0);
  CHECK(parse<Seconds>("1e-3 s") == 1_ms);
  CHECK(parse<Seconds>("0 s").value() == 0.0);
  CHECK(parse<Bytes>("80 GB").value() == 80e9);
  CHECK(parse<Bytes>("80 GiB").value() == 80.0 * 1073741824.0);
  CHECK(parse<Bytes>("1 kB").value() == 1000.0);
  CHECK(parse<Bytes>("1 KiB").value() == 1024.0);
  CHECK(parse<Flops>("2 TFLOP").value() == 2e12);
  CHECK(parse<FlopsPerSecond>("989 TFLOPS") == 989_TFLOPS);
  CHECK(parse<FlopsPerSecond>("989 TFLOP/s") == 989_TFLOPS);
  CHECK(parse<FlopsPerSecond>("3 PFLOPS").value() == 3e15);
  CHECK(parse<Dollars>("2.5 $").value() == 2.5);
  CHECK(parse<Dollars>("$2.5").value() == 2.5);
  CHECK(parse<DollarsPerHour>("2.5 $/h").value() == 2.5);
  CHECK(parse<DollarsPerHour>("$2.5/h").value() == 2.5);
  CHECK(parse<Joules>("1 kWh").value() == 3.6e6);
  CHECK(parse<Joules>("5 kJ").value() == 5000.0);
  CHECK(parse<Watts>("0.7 kW").value() == 700.0);
}

TEST_CASE("A small b is a bit and a capital B is a byte") {
  CHECK(parse<BytesPerSecond>("400 Gbps").value() == 50e9);
  CHECK(parse<BytesPerSecond>("400 Gb/s").value() == 50e9);
  CHECK(parse<BytesPerSecond>("50 GB/s").value() == 50e9);
  CHECK(parse<BytesPerSecond>("3.35 TB/s").value() == 3.35e12);
  CHECK(parse<BytesPerSecond>("8 b/s").value() == 1.0);
}

TEST_CASE("Both signs for micro and the letter u are microseconds") {
  CHECK(parse<Seconds>("7 us").value() == 7e-6);
  CHECK(parse<Seconds>("7 \u00b5s").value() == 7e-6);
  CHECK(parse<Seconds>("7 \u03bcs").value() == 7e-6);
}

TEST_CASE("A decimal number of a unit is the nearest double of its value") {
  CHECK(parse<Seconds>("35.7 ms").value() == 0.0357);
  CHECK(parse<Seconds>("0.3 us").value() == 0.3e-6);
}

TEST_CASE("Text that is no quantity of the dimension is refused with the units to use") {
  CHECK(refusal<Seconds>("5 parsecs") ==
        "\"5 parsecs\" is not a time; give a number with one of ns, us, ms, s, min, h");
  const std::string give = "; give a number with one of ns, us, ms, s, min, h";
  CHECK(refusal<Seconds>("5") == "\"5\" has no unit" + give);
  CHECK(refusal<Seconds>("-2 s") == "\"-2 s\" is negative; give 0 or more");
  for (const std::string text : {"1e999 s", "1e308 h", "1000001 h"})
    CHECK(refusal<Seconds>(text) == "\"" + text + "\" is out of range; give at most 1e+06 h");
  for (const std::string text : {"1e-999 s", "1e-320 s", "1e-7 ns"})
    CHECK(refusal<Seconds>(text) == "\"" + text + "\" is out of range; give 0 or at least 0.001 ns");
  for (const char* text : {"", " ", "s", "nan s", "inf s", "infinity", "-inf s", "+2 s", "2 s x", "2,5 s",
                           "0x10 s", "2 s\n", "--2 s", "1e", "$2 s"}) {
    CAPTURE(text);
    CHECK(refusal<Seconds>(text).find(" is not a time") != std::string::npos);
  }
}

TEST_CASE("A unit that is nearly right is suggested") {
  CHECK(refusal<Bytes>("80 gb").find("; did you mean GB?; give") != std::string::npos);
  CHECK(refusal<Bytes>("80 Gb").find("; did you mean GB?; give") != std::string::npos);
  CHECK(refusal<Bytes>("80 KB").find("; did you mean kB?; give") != std::string::npos);
  CHECK(refusal<BytesPerSecond>("400 gbps").find("; did you mean Gbps?; give") != std::string::npos);
  CHECK(refusal<BytesPerSecond>("400 gb/s").find("; did you mean GB/s or Gb/s?; give") != std::string::npos);
  CHECK(refusal<FlopsPerSecond>("989 TFLOP").find("; did you mean TFLOPS?; give") != std::string::npos);
  CHECK(refusal<Seconds>("5 parsecs").find("did you mean") == std::string::npos);
}

TEST_CASE("A refusal of hostile text stays one short line") {
  const std::string message = refusal<Seconds>("1 \n\x1b[31m" + std::string(100000, 'x'));
  CHECK(message.find('\n') == std::string::npos);
  CHECK(message.find('\x1b') == std::string::npos);
  CHECK(message.size() < 300);
}

TEST_CASE("A quantity is written in the unit that gives one to three digits before the point") {
  CHECK(to_text(2_s) == "2 s");
  CHECK(to_text(Seconds(0.07)) == "70 ms");
  CHECK(to_text(Seconds(0.0)) == "0 s");
  CHECK(to_text(Seconds(86400.0)) == "24 h");
  CHECK(to_text(Seconds(90.0)) == "90 s");
  CHECK(to_text(Seconds(2e-11)) == "0.02 ns");
  CHECK(to_text(Bytes(64e6)) == "64 MB");
  CHECK(to_text(Bytes(500.0)) == "500 B");
  CHECK(to_text(BytesPerSecond(3.35e12)) == "3.35 TB/s");
  CHECK(to_text(FlopsPerSecond(989e12)) == "989 TFLOPS");
  CHECK(to_text(DollarsPerHour(2.5)) == "2.5 $/h");
  CHECK(to_text(Watts(700.0)) == "700 W");
  CHECK(to_text(Joules(5e6)) == "5 MJ");
}

TEST_CASE("The written form reads back to the same value, to an ulp") {
  Random random(1, "units");
  reads_back<Seconds>(random, -12, 8);
  reads_back<Bytes>(random, 0, 18);
  reads_back<Flops>(random, 0, 25);
  reads_back<BytesPerSecond>(random, 0, 16);
  reads_back<FlopsPerSecond>(random, 0, 20);
  reads_back<Dollars>(random, -6, 12);
  reads_back<DollarsPerHour>(random, -6, 6);
  reads_back<Joules>(random, -3, 15);
  reads_back<Watts>(random, -3, 9);
}

TEST_CASE("What to give for a quantity comes with an example that is accepted") {
  CHECK(how_to_write<Seconds>() == "a number with one of ns, us, ms, s, min, h, such as \"2 s\"");
  CHECK(how_to_write<BytesPerSecond>().find("such as \"400 Gb/s\"") != std::string::npos);
  CHECK(parse<BytesPerSecond>("400 Gb/s").value() == 50e9);
}

TEST_CASE("A dimension's pattern fits the texts that are read, and no others") {
  const std::regex time(pattern<Seconds>()), price(pattern<DollarsPerHour>());
  for (const char* text :
       {"2 s",   "2s",    " 50\tms ", "2.5 h", "2. s", ".5 min",   "1e3 ns", "1.5E-3 s", "1 \u00b5s",
        "5e s",  "s",     "2",        "-2 s",  "-0 s", "2 parsec", "2 S",    "1e400s x", ". s",
        "nan s", "inf s", "0x10 s",   "2 s s", "+2 s", "1,5 s",    ""}) {
    INFO(text);
    CHECK(std::regex_match(text, time) == refusal<Seconds>(text).empty());
  }
  for (const char* text :
       {"2.5 $/h", "2.5$/h", "$2.5/h", "$2.5 /h", "2 USD/h", "$ 2/h", "$2.5 $/h", "2 /h"}) {
    INFO(text);
    CHECK(std::regex_match(text, price) == refusal<DollarsPerHour>(text).empty());
  }
}

TEST_CASE("Dimensions combine into dimensions") {
  CHECK(Bytes(100.0) / BytesPerSecond(50.0) == 2_s);
  CHECK(Flops(1e12) / 1_TFLOPS == 1_s);
  CHECK(Bytes(100.0) / 2_s == BytesPerSecond(50.0));
  CHECK(BytesPerSecond(50.0) * 2_s == Bytes(100.0));
  CHECK(Watts(700.0) * 2_s == Joules(1400.0));
  CHECK(3_s / 2_s == 1.5);
}
