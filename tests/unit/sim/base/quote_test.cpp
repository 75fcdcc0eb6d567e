// Untrusted text in messages.
#include "sim/base/quote.hpp"

#include <catch2/catch.hpp>

using namespace switchyard;

TEST_CASE("Control characters and bytes that are not UTF-8 are escaped") {
  CHECK(one_line("a\nb\r\t\x1b\x7f") == "a\\nb\\r\\t\\x1b\\x7f");
  CHECK(one_line("\xff\xc3") == "\\xff\\xc3");
  CHECK(one_line(std::string_view("\0", 1)) == "\\x00");
  CHECK(one_line("\u0085\u2028") == "\\xc2\\x85\\xe2\\x80\\xa8");
  CHECK(one_line("größe 東京") == "größe 東京");
}

TEST_CASE("Long text is cut between characters") {
  CHECK(one_line("abcdef", 4) == "abcd…");
  CHECK(one_line("abcé", 4) == "abc…");
  CHECK(one_line("abcd", 4) == "abcd");
  CHECK(in_quotes("abc") == "\"abc\"");
}

TEST_CASE("Ill-formed UTF-8 is told from well-formed") {
  CHECK(utf8_length("a") == 1);
  CHECK(utf8_length("é") == 2);
  CHECK(utf8_length("東") == 3);
  CHECK(utf8_length("\xf0\x9f\x9a\x82") == 4);
  for (const char* ill : {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe6\x9d", "\xc3(", "\xe6\x9d(", "\xff"}) {
    CHECK(utf8_length(ill) == 0);
  }
  CHECK(utf8_length("") == 0);
}
