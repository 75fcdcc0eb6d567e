// Objects read key by key, and the messages when a member is wrong.
#include <array>
#include <catch2/catch.hpp>

#include "sim/base/json.hpp"
#include "tests/unit/sim/base/message_of.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

const std::array<std::string, 2> kNames = {"poisson", "gamma"};

/// The message when `read` is let loose on the object.
template <class Read>
std::string refusal(std::string_view text, Read&& read) {
  const Json json = parse_json(text, "s.json");
  return message_of<InputError>([&] {
    ObjectReader reader(json, "s.json");
    read(reader);
  });
}

}  // namespace

TEST_CASE("Members are read by name and type") {
  const Json json =
      parse_json(R"({"text": "a", "count": 3, "rate": 2.5, "whole": 8, "on": true, "name": "gamma",
                                   "time": "50 ms", "inner": {"n": -1}, "list": [1]})",
                 "s.json");
  ObjectReader reader(json, "s.json");
  CHECK(reader.text("text") == "a");
  CHECK(reader.integer("count") == 3);
  CHECK(reader.number("rate") == 2.5);
  CHECK(reader.number("whole") == 8.0);
  CHECK(reader.optional_boolean("on", false));
  CHECK(reader.choice("name", kNames) == "gamma");
  CHECK(reader.quantity<Seconds>("time") == 50_ms);
  CHECK(reader.object("inner").integer("n", {-5, 5}) == -1);
  CHECK(reader.raw("list").size() == 1);
  CHECK(reader.keys().front() == "text");
  CHECK(reader.keys().size() == 9);
  CHECK_NOTHROW(reader.finish());
}

TEST_CASE("Absent and null members read as the fallback") {
  const Json json = parse_json(R"({"null": null})", "s.json");
  ObjectReader reader(json, "s.json");
  for (const char* key : {"null", "absent"}) {
    CHECK(!reader.has(key));
    CHECK(reader.optional_text(key, "x") == "x");
    CHECK(reader.optional_integer(key, 7) == 7);
    CHECK(reader.maybe_integer(key) == std::nullopt);
    CHECK(reader.optional_number(key, 0.5) == 0.5);
    CHECK(reader.optional_boolean(key, true));
    CHECK(reader.optional_choice(key, "auto", kNames) == "auto");
    CHECK(reader.maybe_quantity<Seconds>(key) == std::nullopt);
    CHECK(reader.optional_quantity<Seconds>(key, 2_s) == 2_s);
    CHECK(reader.optional_raw(key) == nullptr);
    CHECK(reader.optional_object(key).keys().empty());
  }
  CHECK_NOTHROW(reader.finish());
}

TEST_CASE("A required member that is absent or null is named with what to give") {
  for (const char* text : {"{}", R"({"k": null})"}) {
    CHECK(refusal(text, [](auto& r) { r.text("k"); }) == "s.json: /k: is missing; give text");
    CHECK(refusal(text, [](auto& r) { r.integer("k"); }) ==
          "s.json: /k: is missing; give an integer of at least 0");
    CHECK(refusal(text, [](auto& r) {
            r.number("k", {0, 1});
          }) == "s.json: /k: is missing; give a number from 0 to 1");
    CHECK(refusal(text, [](auto& r) { r.object("k"); }) == "s.json: /k: is missing; give an object");
    CHECK(refusal(text, [](auto& r) { r.raw("k"); }) == "s.json: /k: is missing; give a value");
    CHECK(refusal(text, [](auto& r) { r.choice("k", kNames); }) ==
          "s.json: /k: is missing; choose one of poisson, gamma");
    CHECK(refusal(text, [](auto& r) { r.template quantity<Watts>("k"); }) ==
          "s.json: /k: is missing; give a number with one of W, kW, MW, such as \"700 W\"");
  }
}

TEST_CASE("A required member that is absent is sought among the keys that nobody asked for") {
  CHECK(refusal(R"({"modell": "m"})", [](auto& r) { r.text("model"); }) ==
        "s.json: /model: is missing; is \"modell\" meant to be it?; give text");
  CHECK(refusal(R"({"nodes": 1})", [](auto& r) {
          r.integer("nodes");
          r.integer("node");
        }) == "s.json: /node: is missing; give an integer of at least 0");
}

TEST_CASE("A list or an object of many members is told by their number") {
  CHECK(nature(parse_json("[1,2,3,4,5,6,7,8,9]", "s")) == "is a list of 9");
  CHECK(nature(parse_json(R"({"a": [1, 2]})", "s")) == R"({"a":[1,2]} is an object)");
  CHECK(nature(Json("\xff")) == R"("\xff" is text)");
  CHECK(nature(Json()) == "null is no value");
}

TEST_CASE("A member of another type is refused with what it is and what to give") {
  const char* text = R"({"t": "8", "n": 8, "b": true, "l": [1], "o": {"a": 1}})";
  CHECK(refusal(text, [](auto& r) { r.integer("t"); }) ==
        "s.json: /t: \"8\" is text; give an integer of at least 0");
  CHECK(refusal(text, [](auto& r) { r.text("n"); }) == "s.json: /n: 8 is a number; give text");
  CHECK(refusal(text, [](auto& r) { r.number("b"); }) ==
        "s.json: /b: true is a boolean; give a number of at least 0");
  CHECK(refusal(text, [](auto& r) { r.optional_boolean("n", true); }) ==
        "s.json: /n: 8 is a number; give true or false");
  CHECK(refusal(text, [](auto& r) { r.object("l"); }) == "s.json: /l: [1] is a list; give an object");
  CHECK(refusal(text, [](auto& r) { r.text("o"); }) == "s.json: /o: {\"a\":1} is an object; give text");
  CHECK(refusal(text, [](auto& r) { r.template quantity<Watts>("n"); }) ==
        "s.json: /n: 8 has no unit; give as text a number with one of W, kW, MW, such as \"700 W\"");
  CHECK(refusal("[]", [](auto&) {}) == "s.json: [] is a list; give an object");
}

TEST_CASE("An integer is an integer token within its range") {
  const char* text =
      R"({"half": 3.5, "million": 1e6, "point": 3.0, "zero": 0, "negative": -1, "huge": 99999999999999999999,
                         "unsigned": 18446744073709551615, "most": 9223372036854775807})";
  const std::string give = "; give an integer from 1 to 1024";
  const IntegerRange range{1, 1024};
  const auto message = [&](const char* key) {
    return refusal(text, [&](auto& r) { r.integer(key, range); });
  };
  CHECK(message("half") == "s.json: /half: 3.5 is not an integer" + give);
  CHECK(message("point") == "s.json: /point: 3.0 is not an integer" + give);
  CHECK(message("million") == "s.json: /million: 1000000.0 is out of range" + give);
  CHECK(message("zero") == "s.json: /zero: 0 is out of range" + give);
  CHECK(message("negative") == "s.json: /negative: -1 is out of range" + give);
  CHECK(message("huge") == "s.json: /huge: 1e+20 is out of range" + give);
  CHECK(message("unsigned") == "s.json: /unsigned: 18446744073709551615 is out of range" + give);
  CHECK(refusal(text, [](auto& r) { r.integer("most"); }).empty());
  CHECK(refusal(text, [](auto& r) { r.integer("huge"); }) ==
        "s.json: /huge: 1e+20 is out of range; give an integer from 0 to 9223372036854775807");
}

TEST_CASE("A number keeps to its range, whose lower end may be open") {
  const char* text = R"({"zero": 0, "two": 2})";
  const NumberRange open{0.0, 1.0, NumberRange::Ends::open_below};
  CHECK(refusal(text, [&](auto& r) { r.number("zero", open); }) ==
        "s.json: /zero: 0 is out of range; give a number above 0 and at most 1");
  CHECK(refusal(text, [&](auto& r) {
          r.number("two", {0.0, 1.0});
        }) == "s.json: /two: 2 is out of range; give a number from 0 to 1");
  CHECK(refusal(text, [&](auto& r) { r.number("zero", {0.0, 1.0}); }).empty());
}

TEST_CASE("A quantity's error names its member") {
  CHECK(refusal(R"({"ttft": "5 parsecs"})", [](auto& r) { r.template quantity<Seconds>("ttft"); }) ==
        "s.json: /ttft: \"5 parsecs\" is not a time; give a number with one of ns, us, ms, s, min, h");
}

TEST_CASE("An unknown choice is refused with the near miss and the choices") {
  CHECK(refusal(R"({"process": "poison"})", [](auto& r) { r.choice("process", kNames); }) ==
        "s.json: /process: unknown name \"poison\"; did you mean \"poisson\"?; choose one of poisson, gamma");
}

TEST_CASE("An unknown key is refused with the near miss and the keys") {
  const auto read = [](ObjectReader& reader) {
    ObjectReader workload = reader.object("workload");
    workload.optional_integer("num_requests", 1);
    workload.known("trace");
    workload.finish();
  };
  CHECK(refusal(R"({"workload": {"num_request": 1}})", read) ==
        "s.json: /workload/num_request: unknown key \"num_request\"; did you mean \"num_requests\"?; choose "
        "one of "
        "num_requests, trace");
  CHECK(refusal(R"({"workload": {"trace": 1}})", read).empty());
}

TEST_CASE("A key with special characters is a valid pointer on one line") {
  CHECK(refusal(R"({"a/b~c\n": 1})", [](auto& r) { r.text("a/b~c\n"); }) ==
        "s.json: /a~1b~0c\\n: 1 is a number; give text");
}

TEST_CASE("A caller's own check fails at the member") {
  CHECK(refusal(R"({"rate": -1})", [](auto& r) { r.fail("rate", "-1 is negative; give a rate"); }) ==
        "s.json: /rate: -1 is negative; give a rate");
}
