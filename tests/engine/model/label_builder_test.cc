// SPDX-License-Identifier: Apache-2.0
#include "engine/model/label_builder.h"

#include "gtest/gtest.h"

namespace sloburn {
namespace {

TEST(DropMetricName, DropsNameTypeAndUnitWhereverTheyStand) {
  const auto dropped = [](std::vector<Label> pairs) {
    return DropMetricName(Labels::FromPairs(std::move(pairs))).ToString();
  };
  EXPECT_EQ(dropped({{"__name__", "m"}}), "{}");
  EXPECT_EQ(dropped({{"__name__", "m"}, {"job", "j"}}), "{job=\"j\"}");
  EXPECT_EQ(dropped({{"__name__", "m"}, {"__type__", "t"}, {"__unit__", "u"}, {"a", "b"}}),
            "{a=\"b\"}");
  EXPECT_EQ(dropped({{"__type__", "t"}, {"a", "b"}}), "{a=\"b\"}");
  EXPECT_EQ(dropped({{"__name__", "m"}, {"__other__", "o"}, {"__unit__", "u"}, {"a", "b"}}),
            "{__other__=\"o\", a=\"b\"}");
  EXPECT_EQ(dropped({{"A", "first"}, {"__name__", "m"}, {"a", "b"}}), "{A=\"first\", a=\"b\"}");
  EXPECT_EQ(dropped({{"a", "b"}}), "{a=\"b\"}");
  EXPECT_EQ(dropped({}), "{}");
}

TEST(DropMetricName, HashesAsTheSameLabelsDo) {
  const Labels expected = Labels::FromPairs({{"job", "j"}});
  const Labels dropped = DropMetricName(Labels::FromPairs({{"__name__", "m"}, {"job", "j"}}));
  EXPECT_EQ(dropped, expected);
  EXPECT_EQ(dropped.hash(), expected.hash());
}

}  // namespace
}  // namespace sloburn
