// SPDX-License-Identifier: Apache-2.0
#include "base/yaml_scalar.h"

#include <gtest/gtest.h>

#include <limits>

namespace sloburn {
namespace {

TEST(YamlScalar, ResolvesPlainScalarsAsGoDoes) {
  const struct {
    const char* text;
    YamlTag tag;
  } kCases[] = {
      {"", YamlTag::kNull},
      {"~", YamlTag::kNull},
      {"Null", YamlTag::kNull},
      {"nULL", YamlTag::kString},
      {"true", YamlTag::kBool},
      {"FALSE", YamlTag::kBool},
      {"yes", YamlTag::kString},
      {"5", YamlTag::kInt},
      {"-5", YamlTag::kInt},
      {"+5", YamlTag::kInt},
      {"1_000", YamlTag::kInt},
      {"0x1F", YamlTag::kInt},
      {"0o17", YamlTag::kInt},
      {"0b101", YamlTag::kInt},
      {"017", YamlTag::kInt},
      {"1.5", YamlTag::kFloat},
      {".5", YamlTag::kFloat},
      {"1e3", YamlTag::kFloat},
      {"1.", YamlTag::kFloat},
      {".inf", YamlTag::kFloat},
      {"-.Inf", YamlTag::kFloat},
      {".nan", YamlTag::kFloat},
      {"99999999999999999999", YamlTag::kFloat},
      {"5m", YamlTag::kString},
      {"-", YamlTag::kString},
      {"1.2.3", YamlTag::kString},
      {"2001-01-02", YamlTag::kTimestamp},
      {"2001-1-2T3:4:5Z", YamlTag::kTimestamp},
      {"2001-01-02x", YamlTag::kString},
      {"<<", YamlTag::kMerge},
      {"<", YamlTag::kString},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(YamlTagName(ResolvePlainScalar(one.text)), YamlTagName(one.tag)) << one.text;
  }
}

YamlNode Plain(std::string_view text) {
  YamlNode node;
  node.value = std::string(text);
  node.tag = ResolvePlainScalar(text);
  return node;
}

TEST(YamlScalar, IntegersInEveryBase) {
  EXPECT_EQ(Plain("0x1F").AsInt(), 31);
  EXPECT_EQ(Plain("-0x10").AsInt(), -16);
  EXPECT_EQ(Plain("0o17").AsInt(), 15);
  EXPECT_EQ(Plain("017").AsInt(), 15);
  EXPECT_EQ(Plain("0b11").AsInt(), 3);
  EXPECT_EQ(Plain("1_000").AsInt(), 1000);
  EXPECT_EQ(Plain("3.7").AsInt(), 3);
  EXPECT_EQ(Plain("9223372036854775807").AsInt(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Plain("-9223372036854775808").AsInt(), std::numeric_limits<int64_t>::min());
  for (const char* text :
       {"9223372036854775808", "1e30", "-1e30", ".nan", ".inf", "true", "x", ""}) {
    EXPECT_EQ(Plain(text).AsInt(), std::nullopt) << text;
  }
}

TEST(YamlScalar, BoolsOfBothYamlVersions) {
  EXPECT_EQ(Plain("true").AsBool(), true);
  EXPECT_EQ(Plain("off").AsBool(), false);
  EXPECT_EQ(Plain("Yes").AsBool(), true);
  EXPECT_EQ(Plain("1").AsBool(), std::nullopt);
  YamlNode quoted = Plain("true");
  quoted.is_quoted = true;
  EXPECT_EQ(quoted.AsBool(), std::nullopt);
}

TEST(YamlScalar, Base64IsStrict) {
  EXPECT_EQ(DecodeBase64("aGVs\nbG8="), "hello");
  EXPECT_EQ(DecodeBase64("aGVsbG8"), std::nullopt);
  EXPECT_EQ(DecodeBase64("a!=="), std::nullopt);
}

TEST(YamlScalar, DescribesNodesInGosWords) {
  EXPECT_EQ(Plain("abc").Describe(), "!!str `abc`");
  EXPECT_EQ(Plain("abcdefghij").Describe(), "!!str `abcdefghij`");
  EXPECT_EQ(Plain("abcdefghijk").Describe(), "!!str `abcdefg...`");
  EXPECT_EQ(Plain("1.5").Describe(), "!!float `1.5`");
}

}  // namespace
}  // namespace sloburn
