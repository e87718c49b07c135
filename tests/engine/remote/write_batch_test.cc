// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/write_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str_cat.h"
#include "engine/model/histogram.h"

namespace sloburn::remote {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const HistogramPtr kHistogram = std::make_shared<const Histogram>();

// "a:1,2,h3" per series: floats at 1 and 2, a histogram at 3.
std::string Text(const WriteBatch& batch) {
  std::string text;
  for (const SeriesSamples& series : batch.series) {
    StrAppend(&text, text.empty() ? "" : " ", series.labels.Get("s"), ":");
    for (const Sample& s : series.samples) StrAppend(&text, s.timestamp_ms, ",");
    for (const HistogramSample& s : series.histograms) StrAppend(&text, "h", s.timestamp_ms, ",");
  }
  return text;
}

SeriesSamples Series(std::string_view name, const std::vector<int64_t>& floats,
                     const std::vector<int64_t>& histograms = {}) {
  SeriesSamples series{Labels::FromPairs({{"s", std::string(name)}}), {}};
  for (const int64_t time : floats) series.samples.push_back({time, 1});
  for (const int64_t time : histograms) series.histograms.push_back({time, kHistogram});
  return series;
}

WriteBatch Batch(std::vector<SeriesSamples> all) {
  WriteBatch batch;
  batch.may_be_written = true;
  for (SeriesSamples& series : all) AddSeries(std::move(series), batch);
  return batch;
}

TEST(WriteBatchTest, Counts) {
  const WriteBatch batch = Batch({Series("a", {1, 5}, {9}), Series("b", {}), Series("c", {3})});
  EXPECT_EQ(batch.series.size(), 2u);
  EXPECT_EQ(batch.samples, 4u);
  EXPECT_EQ(batch.newest_ms, 9);
  EXPECT_EQ(CountHistograms(batch), 1);
}

TEST(WriteBatchTest, HalvesBySeriesThenByTime) {
  auto [first, second] = Halve(Batch({Series("a", {1, 2}), Series("b", {1}), Series("c", {4})}));
  EXPECT_EQ(Text(first), "a:1,2,");
  EXPECT_EQ(Text(second), "b:1, c:4,");
  EXPECT_EQ(second.newest_ms, 4);
  EXPECT_TRUE(first.may_be_written && second.may_be_written);
  auto [early, late] = Halve(Batch({Series("a", {1, 2, 3})}));
  EXPECT_EQ(Text(early), "a:1,");
  EXPECT_EQ(Text(late), "a:2,3,");
  auto [one, other] = Halve(Batch({Series("a", {}, {1, 2})}));
  EXPECT_EQ(Text(one), "a:h1,");
  EXPECT_EQ(Text(other), "a:h2,");
}

TEST(WriteBatchTest, KindsThatTakeTurnsGoApartInOrder) {
  std::vector<std::string> texts;
  for (const WriteBatch& batch :
       SplitByKind(Batch({Series("a", {1, 2, 5}, {3, 4, 6}), Series("b", {9}),
                          Series("c", {2}, {1}), Series("d", {7}, {7})}))) {
    EXPECT_TRUE(batch.may_be_written);
    texts.push_back(Text(batch));
  }
  EXPECT_THAT(texts, ElementsAre("a:1,2, b:9, c:h1, d:7,", "a:h3,h4, c:2, d:h7,", "a:5,", "a:h6,"));
  EXPECT_THAT(SplitByKind({}), IsEmpty());
}

TEST(WriteBatchTest, Ticks) {
  std::vector<std::string> texts;
  for (const WriteBatch& batch : SplitByTick(
           Batch({Series("a", {1, 4}, {2, 4}), Series("b", {9}), Series("c", {}, {1, 2})}))) {
    EXPECT_TRUE(batch.may_be_written);
    texts.push_back(Text(batch));
  }
  EXPECT_THAT(texts, ElementsAre("a:1, b:9, c:h1,", "a:h2, c:h2,", "a:4,", "a:h4,"));
  EXPECT_THAT(SplitByTick({}), IsEmpty());
}

TEST(WriteBatchTest, RemovesSamples) {
  WriteBatch batch = Batch({Series("a", {1, 2}, {1, 3}), Series("b", {1})});
  const Removed removed =
      RemoveSamples(batch, [](int64_t time, const HistogramPtr&) { return time < 2; });
  EXPECT_EQ(Text(batch), "a:2,h3,");
  EXPECT_EQ(batch.samples, 2u);
  EXPECT_EQ(removed.floats, 2);
  EXPECT_EQ(removed.histograms, 1);
}

}  // namespace
}  // namespace sloburn::remote
