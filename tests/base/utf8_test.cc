// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace sloburn {
namespace {

TEST(Utf8, DecodesEveryLength) {
  const struct {
    const char* text;
    uint32_t code;
    int size;
  } kCases[] = {{"a", 'a', 1}, {"é", 0xe9, 2}, {"€", 0x20ac, 3}, {"😀", 0x1f600, 4}};
  for (const auto& one : kCases) {
    const Utf8Rune rune = DecodeUtf8(one.text);
    EXPECT_TRUE(rune.is_valid) << one.text;
    EXPECT_EQ(rune.code, one.code) << one.text;
    EXPECT_EQ(rune.size, one.size) << one.text;
    std::string back;
    AppendUtf8(back, one.code);
    EXPECT_EQ(back, one.text);
  }
}

TEST(Utf8, RefusesOverlongSurrogatesAndCutSequences) {
  for (const char* text : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80",
                           "\xE2\x82", "\xff"}) {
    const Utf8Rune rune = DecodeUtf8(text);
    EXPECT_FALSE(rune.is_valid) << text;
    EXPECT_EQ(rune.size, 1) << text;
    EXPECT_FALSE(IsValidUtf8(text)) << text;
  }
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("aé€😀"));
}

TEST(Utf8, QuotesAsGoDoes) {
  EXPECT_EQ(GoQuote("a\"b\\\n\t\v"), R"("a\"b\\\n\t\v")");
  EXPECT_EQ(GoQuote("é😀"), "\"é😀\"");
  EXPECT_EQ(GoQuote("\x01\x7f\xff"), R"("\x01\x7f\xff")");
  EXPECT_EQ(GoQuote("\u00a0\u2028"), R"("\u00a0\u2028")");
}

}  // namespace
}  // namespace sloburn
