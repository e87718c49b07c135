// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/overlay.h"

#include <gtest/gtest.h>

#include "engine/storage/memory_storage.h"

namespace sloburn {
namespace {

const Matchers kAll;

TEST(OverlaySnapshot, ShowsBaseAndAddedSamples) {
  MemoryStorage storage;
  const Labels old_series = Labels::FromPairs({{"__name__", "old"}});
  const Labels new_series = Labels::FromPairs({{"__name__", "new"}});
  auto appender = storage.NewAppender();
  ASSERT_TRUE(appender->Append(old_series, 1, 10).ok());
  ASSERT_TRUE(appender->Commit().ok());

  OverlaySnapshot overlay(storage.TakeSnapshot());
  overlay.Add(old_series, 2, 20);
  overlay.Add(old_series, 1, 99);  // not newer: out of sight
  overlay.Add(new_series, 2, 30);
  const auto series = overlay.Select(kAll, 0, 100);
  ASSERT_TRUE(series.ok());
  ASSERT_EQ(series->size(), 2u);
  SampleBuffer buffer;
  const auto old_view = (*series)[0]->Read(0, 100, buffer);
  ASSERT_EQ(old_view->size, 2u);
  EXPECT_EQ(old_view->values[0], 10);
  EXPECT_EQ(old_view->values[1], 20);
  const auto new_view = (*series)[1]->Read(0, 100, buffer);
  ASSERT_EQ(new_view->size, 1u);
  EXPECT_EQ(new_view->values[0], 30);
}

TEST(OverlaySnapshot, AddedSeriesMustMatch) {
  MemoryStorage storage;
  OverlaySnapshot overlay(storage.TakeSnapshot());
  overlay.Add(Labels::FromPairs({{"__name__", "a"}}), 1, 1);
  const Matchers b = {Matcher::Plain(parser::MatchType::kEqual, "__name__", "b")};
  EXPECT_TRUE(overlay.Select(b, 0, 100)->empty());
}

}  // namespace
}  // namespace sloburn
