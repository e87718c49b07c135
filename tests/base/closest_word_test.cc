// SPDX-License-Identifier: Apache-2.0
#include "base/closest_word.h"

#include <gtest/gtest.h>

#include <string>

namespace sloburn {
namespace {

const std::vector<std::string_view> kWords = {"interval", "limit", "name", "rules", "for"};

TEST(ClosestWord, FindsTypingErrors) {
  EXPECT_EQ(ClosestWord("intervl", kWords), "interval");    // missing letter
  EXPECT_EQ(ClosestWord("intrevall", kWords), "interval");  // swap and extra letter
  EXPECT_EQ(ClosestWord("nane", kWords), "name");
  EXPECT_EQ(ClosestWord("fro", kWords), "for");  // a swap is one edit
}

TEST(ClosestWord, IsSilentWhereNothingIsClose) {
  EXPECT_EQ(ClosestWord("partial_response_strategy", kWords), "");
  EXPECT_EQ(ClosestWord("", kWords), "");
  EXPECT_EQ(ClosestWord("x", {}), "");
  EXPECT_EQ(ClosestWord(std::string(1000, 'a'), kWords), "");
}

TEST(ClosestWord, OfEqualsTheFirst) { EXPECT_EQ(ClosestWord("bat", {"cat", "hat"}), "cat"); }

}  // namespace
}  // namespace sloburn
