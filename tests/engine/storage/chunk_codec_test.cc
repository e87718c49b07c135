// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/chunk_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "engine/model/histogram.h"
#include "engine/model/stale.h"

namespace sloburn {
namespace {

using testing::HasSubstr;
using Random = std::mt19937_64;

constexpr int64_t kMinTime = std::numeric_limits<int64_t>::min();
constexpr int64_t kMaxTime = std::numeric_limits<int64_t>::max();

const double kSpecials[] = {-0.0,
                            StaleMarker(),
                            NormalNan(),
                            std::bit_cast<double>(uint64_t{0xfff8dead0000beef}),
                            std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::denorm_min(),
                            -std::numeric_limits<double>::denorm_min(),
                            std::numeric_limits<double>::max(),
                            std::numeric_limits<double>::lowest(),
                            0x1p53,
                            -0x1p62,
                            0x1p63,
                            -0x1p63};

// Regular times and no values.
SampleBuffer Times(size_t size, int64_t begin = 1'700'000'000'000, int64_t interval = 15'000) {
  SampleBuffer samples;
  for (size_t i = 0; i < size; ++i) {
    samples.timestamps.push_back(begin + static_cast<int64_t>(i) * interval);
  }
  return samples;
}

SampleBuffer Values(size_t size, const std::function<double(size_t)>& value) {
  SampleBuffer samples = Times(size);
  for (size_t i = 0; i < size; ++i) samples.values.push_back(value(i));
  return samples;
}

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

double RandomValue(Random& random, int kind, double last) {
  switch (kind) {
    case 0:  // counter with resets
      return random() % 200 == 0 ? 0 : last + static_cast<double>(random() % 55);
    case 1:
      return random() % 1000 != 0;
    case 2:
      return static_cast<double>(random() % 100'000) / 100;
    case 3:
      return std::bit_cast<double>(random());
    case 4:
      return last + static_cast<double>(random()) * 0x1p-64;
    case 5:
      return static_cast<double>(static_cast<int64_t>(random()) >> (random() % 60));
    case 6:
      return static_cast<double>(random() % 50) * 4096 - 100'000;
    case 7:
      return random() % 3 == 0 ? static_cast<double>(random()) * 0x1p-64 - 0.5 : last;
    case 8:
      return static_cast<double>(random() % 1000) * 1e-7;
    default:
      return static_cast<double>(random() % 7);
  }
}
constexpr int kValueKinds = 10;

SampleBuffer RandomFloats(Random& random, size_t size) {
  SampleBuffer samples;
  const int kind = static_cast<int>(random() % kValueKinds);
  const uint64_t specials = random() % 4 == 0 ? 1 + random() % 40 : 0;
  const bool is_regular = random() % 2 == 0;
  int64_t time = static_cast<int64_t>(random() % 2'000'000'000'000) - 1'000'000'000'000;
  double last = 0;
  for (size_t i = 0; i < size; ++i) {
    time += is_regular           ? 15'000
            : random() % 50 == 0 ? 1 + static_cast<int64_t>(random() >> 24)
                                 : 14'990 + static_cast<int64_t>(random() % 20);
    samples.timestamps.push_back(time);
    last = RandomValue(random, kind, last);
    const bool is_special = specials > 0 && random() % specials == 0;
    samples.values.push_back(is_special ? kSpecials[random() % std::size(kSpecials)] : last);
  }
  return samples;
}

void AddStarts(Random& random, SampleBuffer& samples) {
  const uint64_t kind = random() % 4;
  int64_t start = 0;
  for (size_t i = 0; i < samples.timestamps.size(); ++i) {
    if (kind == 1 && random() % 100 == 0) start = samples.timestamps[i] - 5;
    if (kind == 2) start = i == 0 ? 0 : samples.timestamps[i - 1];
    if (kind == 3) start = static_cast<int64_t>(random());
    samples.starts.push_back(start);
  }
}

BucketSide RandomSide(Random& random) {
  BucketSide side;
  for (size_t span = random() % 4; span > 0; --span) {
    const uint32_t length = static_cast<uint32_t>(random() % 5);
    side.spans.push_back({static_cast<int32_t>(random() % 10) - 3, length});
    side.counts.resize(side.counts.size() + length);
  }
  return side;
}

Histogram RandomLayout(Random& random) {
  Histogram histogram;
  histogram.schema = static_cast<int32_t>(random() % 13) - 4;
  histogram.zero_threshold = 0x1p-128;
  histogram.positive = RandomSide(random);
  histogram.negative = RandomSide(random);
  if (random() % 3 == 0) {
    histogram.schema = kCustomBucketsSchema;
    for (int i = 0; i < 5; ++i) histogram.custom_values.push_back(i * 0.25);
  }
  return histogram;
}

void GrowCounts(Random& random, bool is_integral, Histogram& histogram) {
  const auto grow = [&](double& count) {
    count += is_integral ? static_cast<double>(random() % 100) : static_cast<double>(random());
  };
  grow(histogram.count);
  grow(histogram.zero_count);
  for (double& count : histogram.positive.counts) grow(count);
  for (double& count : histogram.negative.counts) grow(count);
  histogram.sum += static_cast<double>(random()) * 0x1p-60;
  histogram.reset_hint = CounterResetHint{static_cast<uint8_t>(random() % 4)};
}

// Layouts that stay for a while, among floats and staleness markers.
void AddHistograms(Random& random, SampleBuffer& samples) {
  const uint64_t floats = random() % 3 == 0 ? 5 : 1'000'000;
  const bool is_integral = random() % 2 == 0;
  Histogram histogram = RandomLayout(random);
  for (size_t i = 0; i < samples.timestamps.size(); ++i) {
    if (random() % floats == 0) {
      samples.histograms.push_back(nullptr);
      continue;
    }
    if (random() % 50 == 0) histogram = RandomLayout(random);
    if (random() % 10 != 0) GrowCounts(random, is_integral || random() % 5 == 0, histogram);
    samples.histograms.push_back(std::make_shared<Histogram>(histogram));
    if (random() % 60 != 0) continue;
    Histogram stale;
    stale.sum = StaleMarker();
    samples.histograms.back() = std::make_shared<Histogram>(stale);
  }
}

SampleBuffer RandomSamples(uint64_t seed) {
  Random random(seed);
  SampleBuffer samples = RandomFloats(random, 1 + random() % (seed % 8 == 0 ? 3000 : 600));
  if (seed % 3 == 0) AddStarts(random, samples);
  if (seed % 5 == 0) AddHistograms(random, samples);
  return samples;
}

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
  for (const double special : kSpecials) {
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

TEST(ChunkCodecTest, EveryCutIsDataLossAndChangesNothing) {
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

TEST(ChunkCodecTest, DamagedChunksGiveAStatusOrSamples) {
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

TEST(ChunkCodecTest, ErrorsNameWhatIsWrong) {
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
