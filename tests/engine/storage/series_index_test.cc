// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/series_index.h"

#include <gtest/gtest.h>

#include <random>

namespace sloburn {
namespace {

using parser::MatchType;

Matcher Make(MatchType type, const std::string& name, const std::string& value) {
  auto matcher = Matcher::Create(type, name, value);
  EXPECT_TRUE(matcher.ok()) << matcher.status();
  return *std::move(matcher);
}

// Every selection must equal testing each series by itself.
TEST(SeriesIndex, SelectEqualsTestingEverySeries) {
  SeriesIndex index;
  for (int i = 0; i < 300; ++i) {
    std::vector<Label> pairs = {{"__name__", i % 3 == 0 ? "up" : "down"},
                                {"instance", "host-" + std::to_string(i)}};
    if (i % 2 == 0) pairs.push_back({"zone", "z" + std::to_string(i % 7)});
    index.Add(Labels::FromPairs(pairs));
  }
  const std::vector<Matcher> pool = {
      Make(MatchType::kEqual, "__name__", "up"),
      Make(MatchType::kNotEqual, "__name__", "up"),
      Make(MatchType::kEqual, "zone", ""),
      Make(MatchType::kNotEqual, "zone", ""),
      Make(MatchType::kRegex, "zone", "z1|z2"),
      Make(MatchType::kRegex, "zone", "z1|"),
      Make(MatchType::kRegex, "zone", "z[1-3]"),
      Make(MatchType::kNotRegex, "zone", "z.*"),
      Make(MatchType::kRegex, "instance", "host-1.*"),
      Make(MatchType::kRegex, "instance", ".*"),
      Make(MatchType::kRegex, "instance", ".+"),
      Make(MatchType::kNotRegex, "instance", "host-(1|2)"),
      Make(MatchType::kEqual, "absent", "x"),
      Make(MatchType::kNotRegex, "absent", "x"),
  };
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    Matchers matchers;
    for (unsigned n = random() % 4; n > 0; --n) matchers.push_back(pool[random() % pool.size()]);
    std::vector<SeriesIndex::Id> expected;
    std::string text;
    for (const Matcher& matcher : matchers) text += matcher.ToString() + " ";
    for (SeriesIndex::Id id = 0; id < index.size(); ++id) {
      bool matches = true;
      for (const Matcher& matcher : matchers) {
        matches &= matcher.Matches(index.labels(id).Get(matcher.name()));
      }
      if (matches) expected.push_back(id);
    }
    ASSERT_EQ(index.Select(matchers), expected) << text;
  }
}

TEST(SeriesIndex, FindsWhatWasAdded) {
  SeriesIndex index;
  const Labels labels = Labels::FromPairs({{"a", "1"}});
  EXPECT_FALSE(index.Find(labels).has_value());
  EXPECT_EQ(index.Add(labels), 0u);
  EXPECT_EQ(index.Find(labels), 0u);
}

}  // namespace
}  // namespace sloburn
