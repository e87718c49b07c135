// SPDX-License-Identifier: Apache-2.0
// Chunks that were cut or changed: a status or samples, never more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "engine/storage/chunk/chunk_codec.h"
#include "tests/engine/storage/chunk_samples.h"

namespace sloburn {
namespace {

using testing::HasSubstr;

TEST(ChunkDamageTest, EveryCutIsDataLossAndChangesNothing) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    SampleBuffer samples = RandomFloats(random, 1 + random() % 100);
    if (seed % 3 == 0) AddStarts(random, samples);
    if (seed % 2 == 0) AddHistograms(random, samples);
    const std::string chunk = EncodeChunk(samples.View());
    SampleBuffer got = Values(3, [](size_t) { return 1; });
    for (size_t size = 0; size < chunk.size(); ++size) {
      ASSERT_TRUE(absl::IsDataLoss(DecodeChunk(std::string_view(chunk).substr(0, size), got)));
      ASSERT_EQ(got.timestamps.size(), 3u);
      ASSERT_EQ(got.values.size(), 3u);
      ASSERT_TRUE(got.histograms.empty() && got.starts.empty());
    }
    EXPECT_TRUE(absl::IsDataLoss(DecodeChunk(chunk + "x", got)));
  }
}

TEST(ChunkDamageTest, DamagedChunksGiveAStatusOrSamples) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    std::string chunk = EncodeChunk(RandomSamples(seed).View());
    Random random(seed);
    for (int i = 0; i < 60; ++i) {
      std::string damaged = chunk;
      const size_t front = std::min<size_t>(damaged.size(), i % 2 == 0 ? 40 : damaged.size());
      for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
        damaged[random() % front] ^= static_cast<char>(1 << (random() % 8));
      }
      SampleBuffer got;
      const absl::Status status = DecodeChunk(damaged, got);
      ASSERT_TRUE(status.ok() || absl::IsDataLoss(status));
      ASSERT_EQ(got.timestamps.empty(), !status.ok());
      ASSERT_LE(got.timestamps.size(), kMaxChunkSamples);
      for (size_t at = 1; at < got.timestamps.size(); ++at) {
        ASSERT_LT(got.timestamps[at - 1], got.timestamps[at]);
      }
    }
  }
}

TEST(ChunkDamageTest, ErrorsNameWhatIsWrong) {
  SampleBuffer got;
  const auto message = [&](std::string_view chunk) {
    return std::string(DecodeChunk(chunk, got).message());
  };
  std::string chunk = EncodeChunk(Values(10, [](size_t i) { return i * 0.1; }).View());
  EXPECT_THAT(message(""), HasSubstr("empty"));
  EXPECT_THAT(message("\x07"), HasSubstr("unknown version 7"));
  EXPECT_THAT(message(chunk.substr(0, 2)), HasSubstr("header"));
  EXPECT_THAT(message(chunk.substr(0, 6)), HasSubstr("timestamps"));
  EXPECT_THAT(message(chunk.substr(0, chunk.size() - 1)), HasSubstr("values"));
  chunk[2] = 99;
  EXPECT_THAT(message(chunk), HasSubstr("unknown codec 99"));
  chunk[1] = '\x80';
  EXPECT_THAT(message(chunk), HasSubstr("unknown parts 128"));
}

}  // namespace
}  // namespace sloburn
