// SPDX-License-Identifier: Apache-2.0
#include "base/json_writer.h"

#include <gtest/gtest.h>

namespace sloburn {
namespace {

std::string Quote(std::string_view text, bool html_escape = false) {
  std::string out = "x";
  AppendJsonString(out, text, html_escape);
  return out.substr(1);
}

TEST(JsonWriter, EscapesWhatJsonDemands) {
  EXPECT_EQ(Quote("a\"b\\c\n\r\t\b\f"), R"("a\"b\\c\n\r\t\u0008\u000c")");
  EXPECT_EQ(Quote(std::string_view("\0\x1f", 2)), "\"\\u0000\\u001f\"");
  EXPECT_EQ(Quote("\x7f"), "\"\x7f\"");
  EXPECT_EQ(Quote(""), "\"\"");
}

TEST(JsonWriter, KeepsUtf8AndReplacesTheRest) {
  EXPECT_EQ(Quote("é€😀"), "\"é€😀\"");
  EXPECT_EQ(Quote("a\xff"
                  "b\xC3"),
            "\"a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\"");
}

TEST(JsonWriter, WritesTheReplacementAsAnEscapeForHtml) {
  EXPECT_EQ(Quote("a\xff", true), R"("a\ufffd")");
}

TEST(JsonWriter, EscapesForHtmlOnlyWhenAsked) {
  EXPECT_EQ(Quote("<a&b>\u2028"), "\"<a&b>\u2028\"");
  EXPECT_EQ(Quote("<a&b>\u2028", true), R"("\u003ca\u0026b\u003e\u2028")");
}

}  // namespace
}  // namespace sloburn
