// SPDX-License-Identifier: Apache-2.0
// What counts against the limits of a query.
#include <atomic>
#include <string>

#include "engine/engine.h"
#include "engine/storage/memory_storage.h"
#include "gtest/gtest.h"

namespace sloburn::engine {
namespace {

// Series that have one sample each, one after the other.
class ShortSeries : public testing::Test {
 protected:
  static constexpr int kSeries = 300;

  ShortSeries() {
    for (int i = 0; i < kSeries; ++i) {
      auto appender = storage_.NewAppender();
      const Labels labels = Labels::FromPairs({{"__name__", "short"}, {"i", std::to_string(i)}});
      EXPECT_TRUE(appender->Append(labels, i * 1000, i).ok());
      EXPECT_TRUE(appender->Commit().ok());
    }
    options_.lookback_delta = absl::Seconds(1);
    options_.parse.enable_experimental_functions = true;
  }

  absl::StatusOr<QueryResult> Run(const std::string& text) {
    const auto query = Prepare(text, options_);
    if (!query.ok()) return query.status();
    return Execute(*query, *storage_.TakeSnapshot(), {0, (kSeries - 1) * 1000, 1000}, options_);
  }

  MemoryStorage storage_;
  QueryOptions options_;
};

TEST_F(ShortSeries, ManyShortGroupsCountByTheirSamples) {
  options_.max_samples = 5 * kSeries;
  for (const std::string text :
       {"sum by (i) (short)", "avg by (i) (short)", "quantile by (i) (0.5, short)",
        "count_values(\"x\", short)", "count_values(\"x\", vector(time()))", "info(short)"}) {
    const auto result = Run(text);
    ASSERT_TRUE(result.ok()) << text << ": " << result.status();
    const Matrix& matrix = std::get<Matrix>(result->value);
    EXPECT_EQ(matrix.size(), static_cast<size_t>(kSeries)) << text;
    for (const SeriesSamples& series : matrix) ASSERT_EQ(series.samples.size(), 1u) << text;
  }
  options_.max_samples = kSeries + 10;
  const std::string groups = "sum by (i) (short)";
  EXPECT_TRUE(absl::IsResourceExhausted(Run(groups + " + on (i) " + groups).status()));
}

TEST_F(ShortSeries, OneGroupOfAll) {
  const auto result = Run("sum(short)");
  ASSERT_TRUE(result.ok());
  const Matrix& matrix = std::get<Matrix>(result->value);
  ASSERT_EQ(matrix.size(), 1u);
  ASSERT_EQ(matrix[0].samples.size(), static_cast<size_t>(kSeries));
  for (int i = 0; i < kSeries; ++i) EXPECT_EQ(matrix[0].samples[i].value, i);
}

TEST_F(ShortSeries, ChainsOfSetOperationsHoldNoOperands) {
  options_.max_samples = 20 * kSeries;
  std::string text = "sum(short)";
  for (int i = 0; i < 2000; ++i) text += " or sum(short)";
  const auto result = Run(text);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(std::get<Matrix>(result->value).size(), 1u);
}

TEST(Limits, CompilingExpressionsEndsWithTheQuery) {
  QueryOptions options;
  const std::atomic<bool> cancelled{true};
  options.cancelled = &cancelled;
  EXPECT_TRUE(absl::IsCancelled(Prepare("x{a=~\"b.*c\"}", options).status()));
  EXPECT_TRUE(Prepare("x{a=\"b\"}", options).ok());
  options.cancelled = nullptr;
  options.timeout = absl::ZeroDuration();
  EXPECT_TRUE(absl::IsDeadlineExceeded(Prepare("x{a=~\"b.*c\"}", options).status()));
}

}  // namespace
}  // namespace sloburn::engine
