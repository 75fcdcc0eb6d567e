// Strict JSON: what is read, and the message for what is not.
#include "sim/base/json.hpp"

#include <catch2/catch.hpp>

#include "tests/support/temporary_folder.hpp"
#include "tests/unit/sim/base/message_of.hpp"

using namespace switchyard;

namespace {

std::string refusal(std::string_view text) {
  return message_of<InputError>([&] { parse_json(text, "s.json"); });
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("Values of every type are read, keys in the order of the file") {
  const Json json =
      parse_json(R"({"z": [1, -2, 2.5, true, null], "a": {"text": "\u00e9\n"}, "m": {}, "l": []})", "s");
  CHECK(json.dump() == R"({"z":[1,-2,2.5,true,null],"a":{"text":"é\n"},"m":{},"l":[]})");
  CHECK(parse_json("3", "s") == 3);
  CHECK(json["z"][0].is_number_integer());
  CHECK(json["z"][2].is_number_float());
}

TEST_CASE("Comments and a byte order mark are skipped") {
  CHECK(parse_json("\xef\xbb\xbf// one\n{/* two */ \"a\": 1} // three", "s").dump() == R"({"a":1})");
}

TEST_CASE("Bad syntax is refused with line and column") {
  CHECK(refusal("{\n  \"a\": 1,\n}").find("s.json: line 3, column 1: ") == 0);
  CHECK(refusal("[1,]").find("s.json: line 1, column 4: ") == 0);
  CHECK(refusal("{\"é\": }").find("s.json: line 1, column 7: ") == 0);  // columns count characters
  for (const char* text :
       {"// only a comment", "{", "[1", "{\"a\" 1}", "[1] 2", "{a: 1}", "'a'", "NaN", "[Infinity]", "[-inf]",
        "[01]", "[+1]", "[.5]", "[1.]", "\"a", "\"\\x\"", "/* open"}) {
    CAPTURE(text);
    CHECK(refusal(text).find("s.json: line 1, column ") == 0);
  }
}

TEST_CASE("A text without anything in it is refused as empty") {
  for (const char* text : {"", " ", "\t\r\n\n"}) CHECK(refusal(text) == "s.json: is empty; give JSON");
}

TEST_CASE("A key given twice is refused") {
  CHECK(refusal("{\"a\": 1,\n \"a\": 2}") == "s.json: line 2, column 4: duplicate key \"a\"; give it once");
  CHECK(refusal(R"({"a": {"b": 1}, "c": {"b": 1}, "b": [{"b": 1}]})").empty());
}

TEST_CASE("A number beyond double is refused") {
  CHECK(refusal("[1e999]") == "s.json: line 1, column 2: number 1e999 is too large; give one below 1.8e308");
  CHECK(refusal("[-1e999]").find("column 2: number -1e999 is too large") != std::string::npos);
}

TEST_CASE("Nesting deeper than 64 is refused, however deep") {
  CHECK(refusal(nested(64)).empty());
  CHECK(refusal(nested(65)) ==
        "s.json: line 1, column 65: nested deeper than 64 levels; give a flatter text");
  CHECK(refusal(std::string(std::size_t{1} << 23, '[')).find("nested deeper") != std::string::npos);
}

TEST_CASE("What is not UTF-8 text is refused with its place") {
  CHECK(refusal("{\n\"a\": \"\xff\"}") ==
        "s.json: line 2, column 7: byte \"\\xff\" at offset 8 is not UTF-8 text; save the file as UTF-8");
  CHECK(refusal("1 // \xc0\xaf").find("at offset 5 is not UTF-8") != std::string::npos);
  CHECK(refusal(std::string_view("{}\0{}", 5)).find("byte \"\\x00\" at offset 2") != std::string::npos);
}

TEST_CASE("A message is one short line whatever the file holds") {
  for (const std::string& text :
       {"[\"" + std::string(100000, 'x'), std::string("{\"a\nb\": 1}"), std::string("[\"\x1b"),
        "[1" + std::string(100000, '0') + "]",
        "{\"" + std::string(100000, 'k') + "\":1, \"" + std::string(100000, 'k') + "\":1}"}) {
    const std::string message = refusal(text);
    CHECK(!message.empty());
    CHECK(message.size() < 400);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.find('\x1b') == std::string::npos);
  }
  CHECK(message_of<InputError>([] { parse_json("[", "a\nb.json"); }).find("a\\nb.json: line 1") == 0);
}

TEST_CASE("An object of ten thousand keys is read whole, and one of more is refused") {
  std::string text = "{";
  for (int i = 0; i < 10000; ++i)
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":" + std::to_string(i);
  const Json json = parse_json(text + "}", "s");
  CHECK(json.size() == 10000);
  CHECK(json.rbegin().key() == "9999");
  CHECK(refusal(text + ",\"more\":1}").find(": more than 10000 keys in an object; give fewer") !=
        std::string::npos);
}

TEST_CASE("A text of half a million values is read whole, and one of more is refused") {
  std::string text = "[";
  for (int i = 1; i < 499999; ++i) text += "0,";  // the list is a value too
  CHECK(parse_json(text + "0]", "s").size() == 499999);
  CHECK(refusal(text + "0,0]").find(": more than 500000 values; give a shorter text") != std::string::npos);
}

TEST_CASE("A JSON file that cannot be read is refused by name") {
  const TemporaryFolder folder;
  const std::string file = folder.write("big.json", "[" + std::string(1000, ' ') + "]").string();
  CHECK(read_json_file(file).dump() == "[]");
  CHECK(message_of<InputError>([&] {
          read_json_file(file, Bytes(1000.0));
        }).find(file + ": is larger than 1 kB") == 0);
  const std::string missing = (folder.path() / "none.json").string();
  CHECK(message_of<InputError>([&] { read_json_file(missing); }).find(missing + ": cannot be read: ") == 0);
  const std::string directory = folder.path().string();
  CHECK(message_of<InputError>([&] { read_json_file(directory); }) ==
        directory + ": is a directory; give a file");
  const std::string broken = folder.write("broken.json", "[1,").string();
  CHECK(message_of<InputError>([&] { read_json_file(broken); }).find(broken + ": line 1, column ") == 0);
}
