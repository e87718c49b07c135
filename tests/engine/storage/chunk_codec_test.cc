// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/chunk_codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "engine/model/histogram.h"
#include "engine/model/stale.h"
#include "tests/engine/storage/chunk_samples.h"

namespace sloburn {
namespace {

constexpr int64_t kMinTime = std::numeric_limits<int64_t>::min();
constexpr int64_t kMaxTime = std::numeric_limits<int64_t>::max();

bool SameHistogram(const HistogramPtr& a, const HistogramPtr& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return *a == *b && a->reset_hint == b->reset_hint && a->custom_values == b->custom_values &&
         a->positive.spans == b->positive.spans && a->negative.spans == b->negative.spans;
}

void ExpectSame(const SampleBuffer& got, const SampleBuffer& want) {
  ASSERT_EQ(got.timestamps, want.timestamps);
  ASSERT_EQ(got.starts, want.starts);
  ASSERT_EQ(got.values.size(), want.values.size());
  for (size_t i = 0; i < want.values.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint64_t>(got.values[i]), std::bit_cast<uint64_t>(want.values[i])) << i;
  }
  ASSERT_EQ(got.histograms.size(), want.histograms.size());
  for (size_t i = 0; i < want.histograms.size(); ++i) {
    ASSERT_TRUE(SameHistogram(got.histograms[i], want.histograms[i])) << i;
  }
}

// The chunk, after it was seen to decode to the samples.
std::string Checked(const SampleBuffer& samples) {
  const std::string chunk = EncodeChunk(samples.View());
  SampleBuffer got;
  const absl::Status status = DecodeChunk(chunk, got);
  EXPECT_TRUE(status.ok()) << status;
  ExpectSame(got, samples);
  const auto info = InspectChunk(chunk);
  EXPECT_TRUE(info.ok());
  EXPECT_EQ(info->samples, samples.timestamps.size());
  return chunk;
}

std::string_view CodecOf(std::string_view chunk) { return InspectChunk(chunk)->codec; }

TEST(ChunkCodecTest, RoundTripsToTheBit) {
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    SCOPED_TRACE(seed);
    Checked(RandomSamples(seed));
    if (HasFatalFailure()) return;
  }
}

TEST(ChunkCodecTest, EverySizeRoundTrips) {
  Random random(1);
  for (size_t size = 1; size < 600; ++size) {
    SCOPED_TRACE(size);
    Checked(RandomFloats(random, size));
    Checked(Values(size, [&](size_t) { return static_cast<double>(random() % (1 + size / 2)); }));
  }
}

TEST(ChunkCodecTest, TheLargestChunkRoundTrips) {
  Random random(2);
  Checked(RandomFloats(random, kMaxChunkSamples));
}

TEST(ChunkCodecTest, EveryRangeOfNumbersRoundTrips) {
  Random random(3);
  for (uint64_t range = 1; range < 300; ++range) {
    SCOPED_TRACE(range);
    Checked(Values(700, [&](size_t) { return static_cast<double>(random() % range); }));
  }
  for (int bits = 8; bits < 64; ++bits) {
    SCOPED_TRACE(bits);
    Checked(Values(300, [&](size_t) { return static_cast<double>(random() >> (64 - bits)); }));
    Checked(Values(300, [&](size_t) { return std::bit_cast<double>(random() >> (64 - bits)); }));
    Checked(Values(300, [&](size_t) { return std::bit_cast<double>(random() << (64 - bits)); }));
  }
}

TEST(ChunkCodecTest, SpecialValuesRoundTripInEveryCodec) {
  for (const double special : SpecialDoubles()) {
    for (int kind = 0; kind < kValueKinds; ++kind) {
      Random random(static_cast<uint64_t>(kind));
      double last = 0;
      const size_t at = random() % 300;
      Checked(Values(300, [&](size_t i) {
        last = RandomValue(random, kind, last);
        return i == at ? special : last;
      }));
    }
    Checked(Values(1, [&](size_t) { return special; }));
    Checked(Values(5, [&](size_t) { return special; }));
  }
}

TEST(ChunkCodecTest, ExtremeTimestampsRoundTrip) {
  const std::vector<std::vector<int64_t>> columns = {{kMinTime, kMaxTime},
                                                     {kMinTime, 0, kMaxTime},
                                                     {kMinTime, -1, kMaxTime - 1, kMaxTime},
                                                     {kMinTime, kMinTime + 1, kMinTime + 2},
                                                     {kMaxTime},
                                                     {kMinTime},
                                                     {-5, 0, 5},
                                                     {0, 1, kMaxTime}};
  for (const std::vector<int64_t>& timestamps : columns) {
    SampleBuffer samples;
    samples.timestamps = timestamps;
    samples.values.assign(timestamps.size(), 1.5);
    Checked(samples);
  }
}

// Bytes beyond those of the header and regular times.
size_t PayloadSize(const SampleBuffer& samples) { return Checked(samples).size() - 13; }

TEST(ChunkCodecTest, ConstantsTakeNearlyNothing) {
  EXPECT_LE(PayloadSize(Values(1024, [](size_t) { return 1; })), 1u);
  EXPECT_LE(PayloadSize(Values(1024, [](size_t) { return 0.1; })), 9u);
}

TEST(ChunkCodecTest, NearlyConstantGaugesTakeLittle) {
  const std::string chunk = Checked(Values(1024, [](size_t i) { return i != 500; }));
  EXPECT_EQ(CodecOf(chunk), "runs");
  EXPECT_LE(chunk.size(), 13 + 16u);
}

TEST(ChunkCodecTest, CountersTakeTheBitsOfTheirIncrements) {
  Random random(4);
  double value = 0;
  // 5.33 bits for one of 36 increments.
  EXPECT_LE(PayloadSize(Values(1024, [&](size_t) { return value += random() % 36; })), 700u);
}

TEST(ChunkCodecTest, AResetCostsLittle) {
  const auto counter = [](bool has_resets) {
    Random random(5);
    double value = 1e6;
    return PayloadSize(Values(1024, [&](size_t i) {
      value += static_cast<double>(random() % 16);
      if (has_resets && i % 400 == 100) value = 0;
      return value;
    }));
  };
  EXPECT_LE(counter(true), counter(false) + 3 * 12);
}

TEST(ChunkCodecTest, MarkersCostLittle) {
  const auto counter = [](bool has_markers) {
    Random random(6);
    double value = 1e6;
    const std::string chunk = Checked(Values(1024, [&](size_t i) {
      value += static_cast<double>(random() % 16);
      return has_markers && i % 300 == 100 ? StaleMarker() : value;
    }));
    EXPECT_EQ(CodecOf(chunk), "integer");
    return chunk.size();
  };
  EXPECT_LE(counter(true), counter(false) + 40);
}

TEST(ChunkCodecTest, GapsInTimeCostLittle) {
  SampleBuffer samples = Values(1024, [](size_t) { return 1; });
  for (size_t i = 500; i < samples.timestamps.size(); ++i) samples.timestamps[i] += 600'000;
  EXPECT_LE(Checked(samples).size(), 60u);
}

TEST(ChunkCodecTest, DecimalsTakeTheBitsOfTheirDigits) {
  Random random(7);
  const SampleBuffer samples =
      Values(1024, [&](size_t) { return static_cast<double>(random() % 10'000) / 100; });
  const std::string chunk = Checked(samples);
  EXPECT_EQ(CodecOf(chunk), "decimal");
  EXPECT_LE(chunk.size(), 1024 * 14 / 8 + 50u);
}

TEST(ChunkCodecTest, AnyOtherDoublesTakeTheBitsInWhichTheyDiffer) {
  Random random(8);
  const SampleBuffer samples =
      Values(1024, [&](size_t) { return 1 + static_cast<double>(random() >> 12) * 0x1p-52; });
  const std::string chunk = Checked(samples);
  EXPECT_EQ(CodecOf(chunk), "bits");
  EXPECT_LE(chunk.size(), 1024 * 52 / 8 + 80u);
}

TEST(ChunkCodecTest, CommonFactorsOfTwoTakeNothing) {
  Random random(9);
  const SampleBuffer samples =
      Values(1024, [&](size_t) { return static_cast<double>(random() % 256) * 0x1p40; });
  EXPECT_LE(Checked(samples).size(), 1024 + 50u);
}

TEST(ChunkCodecTest, EqualHistogramsAreShared) {
  SampleBuffer samples = Times(3);
  samples.values.assign(3, 0);
  Histogram histogram;
  histogram.count = 3;
  for (int i = 0; i < 3; ++i) samples.histograms.push_back(std::make_shared<Histogram>(histogram));
  SampleBuffer got;
  ASSERT_TRUE(DecodeChunk(Checked(samples), got).ok());
  EXPECT_EQ(got.histograms[0], got.histograms[2]);
}

TEST(ChunkCodecTest, LargeLayoutsAreWrittenAgainRatherThanRefused) {
  SampleBuffer samples = Times(40);
  samples.values.assign(40, 0);
  Histogram histogram;
  histogram.schema = kCustomBucketsSchema;
  histogram.custom_values.assign(100'000, 0.5);
  for (int i = 0; i < 40; ++i) {
    histogram.count = i;
    samples.histograms.push_back(std::make_shared<Histogram>(histogram));
  }
  Checked(samples);
}

TEST(ChunkCodecTest, DecodingAppends) {
  SampleBuffer plain = Values(10, [](size_t i) { return static_cast<double>(i); });
  SampleBuffer with_starts = plain, with_histograms = plain;
  with_starts.starts.assign(10, 77);
  with_histograms.histograms.assign(10, std::make_shared<Histogram>());
  SampleBuffer got;
  for (const SampleBuffer* one : {&plain, &with_starts, &with_histograms, &plain}) {
    ASSERT_TRUE(DecodeChunk(EncodeChunk(one->View()), got).ok());
  }
  EXPECT_EQ(got.timestamps.size(), 40u);
  EXPECT_EQ(got.values[39], 9);
  ASSERT_EQ(got.starts.size(), 40u);
  EXPECT_EQ(got.starts[9], 0);
  EXPECT_EQ(got.starts[10], 77);
  EXPECT_EQ(got.starts[20], 0);
  ASSERT_EQ(got.histograms.size(), 40u);
  EXPECT_EQ(got.histograms[19], nullptr);
  EXPECT_NE(got.histograms[20], nullptr);
  EXPECT_EQ(got.histograms[30], nullptr);
}

TEST(ChunkCodecTest, InspectionTellsWhatTheHeaderKnows) {
  SampleBuffer samples = Values(10, [](size_t i) { return i * 0.1; });
  samples.starts.assign(10, 0);
  auto info = InspectChunk(EncodeChunk(samples.View()));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->samples, 10u);
  EXPECT_EQ(info->interval_ms, 15'000);
  EXPECT_TRUE(info->has_starts);
  EXPECT_FALSE(info->has_histograms);
  samples.timestamps.back() += 1;
  samples.histograms.assign(10, std::make_shared<Histogram>());
  info = InspectChunk(EncodeChunk(samples.View()));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->codec, "histogram");
  EXPECT_EQ(info->interval_ms, 0);
  EXPECT_TRUE(info->has_histograms);
  EXPECT_TRUE(absl::IsDataLoss(InspectChunk("").status()));
}

}  // namespace
}  // namespace sloburn
