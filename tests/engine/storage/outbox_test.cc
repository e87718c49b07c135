// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/time/clock.h"
#include "engine/model/histogram.h"
#include "engine/storage/memory_storage.h"

namespace sloburn {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() { storage_.SetOutbox(&outbox_); }

  void Commit(std::string_view name, std::vector<int64_t> times, bool is_sent = true) {
    const auto appender = storage_.NewAppender();
    const Labels labels = Labels::FromPairs({{"__name__", std::string(name)}});
    for (const int64_t time : times) {
      ASSERT_TRUE(appender->Append(labels, time, static_cast<double>(time) / 4).ok());
    }
    CommitExtras extras;
    extras.is_sent = is_sent;
    ASSERT_TRUE(appender->CommitWith(extras).ok());
  }

  // "a 1 2; b 2" of the next batch.
  static std::string Text(const std::optional<OutboxBatch>& batch) {
    if (!batch) return "none";
    std::string text;
    for (const SeriesSamples& series : batch->series) {
      if (!text.empty()) text += "; ";
      text += series.labels.Get("__name__");
      for (const Sample& sample : series.samples) {
        EXPECT_EQ(sample.value, static_cast<double>(sample.timestamp_ms) / 4);
        text += " " + std::to_string(sample.timestamp_ms);
      }
    }
    return text;
  }

  MemoryStorage storage_;
  Outbox outbox_{storage_, {.max_bytes = 4000}};
};

TEST_F(OutboxTest, ReadersGetWhatWasSentSinceTheyCame) {
  Commit("a", {1});
  outbox_.AddReader("x");
  Commit("a", {2});
  Commit("b", {2}, /*is_sent=*/false);
  outbox_.AddReader("y");
  Commit("b", {3, 4});
  EXPECT_EQ(Text(outbox_.Next("x", 100)), "a 2; b 3 4");
  EXPECT_EQ(Text(outbox_.Next("y", 100)), "b 3 4");
  EXPECT_EQ(outbox_.ReaderStats("x").samples_pending, 3);
  outbox_.Acknowledge("x");
  EXPECT_EQ(outbox_.Stats().entries, 1);  // y has not had it yet
  outbox_.Acknowledge("y");
  EXPECT_EQ(outbox_.Stats().entries, 0);
  EXPECT_EQ(outbox_.Stats().bytes, 0);
}

TEST_F(OutboxTest, ABatchStaysAsItIsUntilItIsAcknowledged) {
  outbox_.AddReader("x");
  Commit("a", {1});
  std::optional<OutboxBatch> first = outbox_.Next("x", 100);
  EXPECT_FALSE(first->may_be_delivered);
  Commit("a", {2});
  std::optional<OutboxBatch> again = outbox_.Next("x", 100);
  EXPECT_EQ(Text(again), "a 1");
  EXPECT_TRUE(again->may_be_delivered);
  outbox_.Acknowledge("x");
  again = outbox_.Next("x", 100);
  EXPECT_EQ(Text(again), "a 2");
  EXPECT_FALSE(again->may_be_delivered);
}

TEST_F(OutboxTest, BatchesAreWholeCommits) {
  outbox_.AddReader("x");
  Commit("a", {1, 2, 3});
  Commit("a", {4, 5});
  Commit("a", {6});
  EXPECT_EQ(Text(outbox_.Next("x", 2)), "a 1 2 3");  // one at least
  outbox_.Acknowledge("x");
  EXPECT_EQ(Text(outbox_.Next("x", 3)), "a 4 5 6");
}

TEST_F(OutboxTest, HistogramsAndMarkersKeepTheirBits) {
  outbox_.AddReader("x");
  auto histogram = std::make_shared<Histogram>();
  histogram->schema = 3;
  histogram->count = 5;
  histogram->sum = 0.1;
  histogram->positive = {{{0, 1}}, {5}};
  const auto appender = storage_.NewAppender();
  const Labels h = Labels::FromPairs({{"__name__", "h"}}), m = Labels::FromPairs({{"__name__", "m"}});
  ASSERT_TRUE(appender->AppendHistogram(h, 1, histogram).ok());
  ASSERT_TRUE(appender->Append(m, 1, std::bit_cast<double>(uint64_t{0x7ff0000000000002})).ok());
  ASSERT_TRUE(appender->CommitWith({.values = {}, .is_sent = true}).ok());
  const auto batch = outbox_.Next("x", 10);
  ASSERT_EQ(batch->series.size(), 2u);
  ASSERT_EQ(batch->series[0].histograms.size(), 1u);
  EXPECT_EQ(batch->series[0].histograms[0].histogram->sum, 0.1);
  EXPECT_EQ(std::bit_cast<uint64_t>(batch->series[1].samples[0].value), 0x7ff0000000000002u);
  EXPECT_EQ(batch->samples, 2u);
}

TEST_F(OutboxTest, WhereItIsFullTheOldestGo) {
  outbox_.AddReader("x");
  for (int64_t t = 1; t <= 100; ++t) Commit("a", {t});
  const OutboxReaderStats stats = outbox_.ReaderStats("x");
  EXPECT_LE(outbox_.Stats().bytes, 4000);
  EXPECT_GT(stats.samples_dropped, 0);
  EXPECT_EQ(stats.samples_dropped + stats.samples_pending, 100);
  const auto batch = outbox_.Next("x", 1000);
  EXPECT_EQ(batch->series[0].samples.back().timestamp_ms, 100);
  EXPECT_EQ(static_cast<int64_t>(batch->samples), stats.samples_pending);
}

TEST_F(OutboxTest, ABatchInHandMayBeDroppedMeanwhile) {
  outbox_.AddReader("x");
  Commit("a", {1});
  EXPECT_EQ(Text(outbox_.Next("x", 1)), "a 1");
  for (int64_t t = 2; t <= 100; ++t) Commit("a", {t});
  outbox_.Acknowledge("x");
  const auto batch = outbox_.Next("x", 1000);
  EXPECT_GT(batch->series[0].samples.front().timestamp_ms, 2);
  outbox_.Acknowledge("x");
  EXPECT_EQ(outbox_.ReaderStats("x").samples_pending, 0);
  // It was delivered all the same.
  const auto delivered = static_cast<int64_t>(1 + batch->samples);
  EXPECT_EQ(outbox_.ReaderStats("x").samples_dropped, 100 - delivered);
}

TEST_F(OutboxTest, WhatIsLeftOfADroppedBatchIsGivenAtOnce) {
  outbox_.AddReader("x");
  Commit("a", {1});
  EXPECT_EQ(Text(outbox_.Next("x", 1)), "a 1");
  for (int64_t t = 2; t <= 100; ++t) Commit("a", {t});
  // Asked for once more, by a writer with another configuration: it is gone, and others are there.
  const auto batch = outbox_.Next("x", 1000);
  ASSERT_TRUE(batch.has_value());
  EXPECT_FALSE(batch->may_be_delivered);
  const OutboxReaderStats stats = outbox_.ReaderStats("x");
  EXPECT_EQ(stats.samples_pending, static_cast<int64_t>(batch->samples));
  EXPECT_EQ(stats.samples_dropped + stats.samples_pending, 100);
}

TEST_F(OutboxTest, WaitingEndsWithACommitOrWithStop) {
  outbox_.AddReader("x");
  std::thread reader([&] {
    EXPECT_EQ(Text(outbox_.Next("x", 10)), "a 1");
    outbox_.Acknowledge("x");
    EXPECT_EQ(Text(outbox_.Next("x", 10)), "none");
  });
  absl::SleepFor(absl::Milliseconds(20));
  Commit("a", {1});
  EXPECT_TRUE(outbox_.WaitUntilDelivered("x", absl::Seconds(5)));
  outbox_.Stop("x");
  reader.join();
  Commit("a", {2});
  EXPECT_FALSE(outbox_.WaitUntilDelivered("x", absl::Milliseconds(20)));
  outbox_.Resume("x");
  EXPECT_EQ(Text(outbox_.Next("x", 10)), "a 2");
}

TEST_F(OutboxTest, ReadersThatAreGoneAreForgotten) {
  outbox_.AddReader("x");
  outbox_.AddReader("y");
  Commit("a", {1});
  Commit("a", {2});
  EXPECT_THAT(outbox_.KeepReaders({"y"}), ElementsAre(Pair("x", 2)));
  EXPECT_EQ(Text(outbox_.Next("x", 10)), "none");
  EXPECT_EQ(outbox_.Stats().entries, 2);
  EXPECT_THAT(outbox_.KeepReaders({}), ElementsAre(Pair("y", 2)));
  EXPECT_EQ(outbox_.Stats().entries, 0);
  Commit("a", {3});  // for nobody
  EXPECT_EQ(outbox_.Stats().entries, 0);
}

}  // namespace
}  // namespace sloburn
