// SPDX-License-Identifier: Apache-2.0
#include "engine/model/expand_template.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "engine/model/labels.h"

namespace sloburn {
namespace {

// Matches "aabb": group 1, named "first", is "aa"; group 2 is "bb".
std::string Expand(std::string_view replacement) {
  const re2::RE2 regex("(?P<first>a+)(b*)");
  return ExpandTemplate(replacement, {"aabb", "aa", "bb"}, regex);
}

TEST(ExpandTemplate, Groups) {
  EXPECT_EQ(Expand("$0|$1|${2}"), "aabb|aa|bb");
  EXPECT_EQ(Expand("$first-${first}"), "aa-aa");
  EXPECT_EQ(Expand("x"), "x");
  EXPECT_EQ(Expand(""), "");
}

TEST(ExpandTemplate, TheLongestNameCounts) {
  EXPECT_EQ(Expand("$1x"), "");
  EXPECT_EQ(Expand("${1}x"), "aax");
  EXPECT_EQ(Expand("$1_$2"), "bb");
  EXPECT_EQ(Expand("$1-$2"), "aa-bb");
  EXPECT_EQ(Expand("$1\u00e9!"), "!");
}

TEST(ExpandTemplate, UnknownGroupsAreEmpty) {
  EXPECT_EQ(Expand("[$9][$other][${other}]"), "[][][]");
  EXPECT_EQ(Expand("[$01][$99999999999]"), "[][]");
}

TEST(ExpandTemplate, DollarsThatBeginNoName) {
  EXPECT_EQ(Expand("$$1"), "$1");
  EXPECT_EQ(Expand("$"), "$");
  EXPECT_EQ(Expand("$-"), "$-");
  EXPECT_EQ(Expand("${"), "${");
  EXPECT_EQ(Expand("${1"), "${1");
  EXPECT_EQ(Expand("${}"), "${}");
}

TEST(IsValidLabelName, AnyUtf8ButNotEmpty) {
  EXPECT_TRUE(IsValidLabelName("job"));
  EXPECT_TRUE(IsValidLabelName("with space and \u00e9"));
  EXPECT_FALSE(IsValidLabelName(""));
  EXPECT_FALSE(IsValidLabelName("\xff"));
}

}  // namespace
}  // namespace sloburn
