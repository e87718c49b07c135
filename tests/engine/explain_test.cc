// SPDX-License-Identifier: Apache-2.0
#include "engine/explain.h"

#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/storage/memory_storage.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sloburn::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ExplainTest : public testing::Test {
 protected:
  ExplainTest() {
    auto appender = storage_.NewAppender();
    for (const char* code : {"200", "500"}) {
      const Labels labels = Labels::FromPairs({{"__name__", "requests_total"}, {"code", code}});
      for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(appender->Append(labels, i * 15'000, i).ok());
      }
    }
    EXPECT_TRUE(appender->Commit().ok());
  }

  QueryResult Run(const std::string& text, const TimeRange& range) {
    const auto query = Prepare(text, options_);
    EXPECT_TRUE(query.ok()) << query.status();
    auto result = Execute(*query, *storage_.TakeSnapshot(), range, options_);
    EXPECT_TRUE(result.ok()) << result.status();
    return std::move(*result);
  }

  std::vector<ExplainRow> Rows(const std::string& text,
                               const TimeRange& range = {240'000, 285'000, 15'000}) {
    options_.explain = true;
    return Run(text, range).explanation;
  }

  MemoryStorage storage_;
  QueryOptions options_;
};

TEST_F(ExplainTest, OnlyWhereAskedFor) {
  EXPECT_THAT(Run("sum(requests_total)", TimeRange::Instant(60'000)).explanation, IsEmpty());
}

TEST_F(ExplainTest, TellsOperatorsInTheOrderOfTheTree) {
  const auto rows = Rows("sum by (code) (rate(requests_total[1m])) / on (code) group_left "
                         "count_values without (job) (\"v\", requests_total @ 60)");
  std::vector<std::string> operations;
  std::vector<int> depths;
  for (const ExplainRow& row : rows) {
    operations.push_back(row.operation);
    depths.push_back(row.depth);
  }
  EXPECT_THAT(operations,
              ElementsAre("/ on (code) group_left", "sum by (code)", "rate()", "requests_total[1m]",
                          "count_values without (job)", "requests_total @ 60.000", "\"v\""));
  EXPECT_THAT(depths, ElementsAre(0, 1, 2, 3, 1, 2, 2));
}

TEST_F(ExplainTest, CountsSeriesAndSamples) {
  const auto rows = Rows("sum(increase(requests_total[1m]))");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].series, 1);
  EXPECT_EQ(rows[1].series, 2);
  EXPECT_THAT(rows[1].notes, ElementsAre("one pass over each series"));
  EXPECT_TRUE(rows[2].is_selector);
  EXPECT_EQ(rows[2].series, 2);
  // (180 s, 285 s] of each: seven samples.
  EXPECT_EQ(rows[2].samples, 14);
  EXPECT_GT(rows[0].total, absl::ZeroDuration());
  EXPECT_GE(rows[0].total, rows[1].total);
  EXPECT_LE(rows[0].self, rows[0].total);
}

TEST_F(ExplainTest, NamesWhatIsEvaluatedOnce) {
  const auto rows = Rows("requests_total + on (code) sum by (code) (requests_total @ 60)");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_THAT(rows[0].notes, IsEmpty());
  EXPECT_THAT(rows[2].notes, ElementsAre("evaluated once for all steps"));
  EXPECT_THAT(rows[3].notes, IsEmpty());
}

TEST_F(ExplainTest, SubqueriesHaveTheTimeOfWhatIsInThem) {
  const auto rows = Rows("max_over_time(sum(requests_total)[1m:15s] offset 15s)");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[1].operation, "subquery [1m:15s] offset 15s");
  EXPECT_EQ(rows[1].total, rows[2].total);
  EXPECT_EQ(rows[1].self, absl::ZeroDuration());
}

TEST_F(ExplainTest, TellsThreads) {
  options_.threads = 3;
  options_.min_parallel_samples = 0;
  const auto rows = Rows("rate(requests_total[1m])");
  EXPECT_EQ(rows[0].threads, 3);
}

TEST_F(ExplainTest, DeepTrees) {
  std::string text = "vector(1)";
  for (int i = 0; i < 10'000; ++i) text += " + 1";
  EXPECT_EQ(Rows(text).size(), 20'002u);
}

}  // namespace
}  // namespace sloburn::engine
