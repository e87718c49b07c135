// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/xor_chunk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "engine/model/stale.h"
#include "engine/remote/xor_chunk_encode.h"
#include "tests/engine/remote/prometheus_wire.h"

namespace sloburn::remote {
namespace {

using testing::HasSubstr;

void ExpectSameBits(const std::vector<Sample>& got, const std::vector<Sample>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    ASSERT_EQ(got[i].timestamp_ms, want[i].timestamp_ms) << i;
    ASSERT_EQ(std::bit_cast<uint64_t>(got[i].value), std::bit_cast<uint64_t>(want[i].value)) << i;
  }
}

std::vector<Sample> Hostile(uint32_t seed, size_t count) {
  std::mt19937_64 random(seed);
  const double special[] = {0.0,
                            -0.0,
                            StaleMarker(),
                            NormalNan(),
                            std::bit_cast<double>(uint64_t{0xfff8dead0000beef}),
                            std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::denorm_min(),
                            std::numeric_limits<double>::max()};
  std::vector<Sample> samples;
  int64_t time = static_cast<int64_t>(random() % 2'000'000'000'000) - 1'000'000'000'000;
  double value = 1;
  for (size_t i = 0; i < count; ++i) {
    const int64_t jumps[] = {15'000,          15'000,           15'001,
                             15'000 + 8191,   15'000 + 8192,    15'000 + 65536,
                             15'000 + 524288, 15'000 + 600'000, int64_t{1} << 40};
    time += jumps[random() % std::size(jumps)];
    switch (random() % 4) {
      case 0:
        break;
      case 1:
        value += static_cast<double>(random() % 1000);
        break;
      case 2:
        value = std::bit_cast<double>(random());
        break;
      case 3:
        value = special[random() % std::size(special)];
        break;
    }
    samples.push_back({time, value});
  }
  return samples;
}

TEST(XorChunkTest, RoundTripsToTheBit) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    const std::vector<Sample> samples = Hostile(seed, 1 + seed);
    std::vector<Sample> got;
    ASSERT_TRUE(DecodeXorChunk(XorChunk(samples), got).ok()) << seed;
    ExpectSameBits(got, samples);
  }
}

TEST(XorChunkTest, TheEncoderWritesPrometheusBytes) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    const std::vector<Sample> samples = Hostile(seed, 1 + seed);
    std::vector<int64_t> timestamps;
    std::vector<double> values;
    for (const Sample& sample : samples) {
      timestamps.push_back(sample.timestamp_ms);
      values.push_back(sample.value);
    }
    const std::string chunk = EncodeXorChunk(timestamps.data(), values.data(), samples.size());
    ASSERT_EQ(chunk, XorChunk(samples)) << seed;
    std::vector<Sample> got;
    ASSERT_TRUE(DecodeXorChunk(chunk, got).ok()) << seed;
    ExpectSameBits(got, samples);
  }
  EXPECT_EQ(EncodeXorChunk(nullptr, nullptr, 0), std::string(2, '\0'));
}

TEST(XorChunkTest, TheFarthestTimesWrapAsInGo) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const int64_t timestamps[] = {kMin, 0, kMax - 1, kMax};
  const double values[] = {1, 1, 2, StaleMarker()};
  std::vector<Sample> got;
  ASSERT_TRUE(DecodeXorChunk(EncodeXorChunk(timestamps, values, 4), got).ok());
  ExpectSameBits(got, {{kMin, 1}, {0, 1}, {kMax - 1, 2}, {kMax, StaleMarker()}});
}

TEST(XorChunkTest, Xor2RoundTripsToTheBit) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    const std::vector<Sample> samples = Hostile(seed, 1 + seed);
    std::vector<int64_t> starts;
    std::mt19937 random(seed);
    for (const Sample& sample : samples) {
      const int64_t last = starts.empty() ? 0 : starts.back();
      starts.push_back(random() % 5 == 0 ? sample.timestamp_ms - 1 - random() % 100'000 : last);
    }
    std::vector<Sample> plain, with_starts;
    ASSERT_TRUE(DecodeXor2Chunk(Xor2Chunk(samples), plain).ok()) << seed;
    ExpectSameBits(plain, samples);
    ASSERT_TRUE(DecodeXor2Chunk(Xor2Chunk(samples, starts), with_starts).ok()) << seed;
    ExpectSameBits(with_starts, samples);
  }
}

TEST(XorChunkTest, EveryCutIsAnErrorOrAPrefix) {
  const std::vector<Sample> samples = Hostile(7, 40);
  for (const int32_t type : {1, 4}) {
    const std::string chunk = type == 1 ? XorChunk(samples) : Xor2Chunk(samples);
    for (size_t size = 0; size < chunk.size(); ++size) {
      DecodedSamples got;
      const absl::Status status = DecodeChunk(type, chunk.substr(0, size), got);
      EXPECT_TRUE(absl::IsDataLoss(status)) << size;
      EXPECT_LT(got.floats.size(), samples.size());
    }
  }
}

TEST(XorChunkTest, HostileCountsTakeNoMemory) {
  std::vector<Sample> got;
  EXPECT_TRUE(absl::IsDataLoss(DecodeXorChunk(std::string("\xff\xff\x00", 3), got)));
  EXPECT_LT(got.capacity(), 100u);
}

TEST(XorChunkTest, AnEmptyChunkIsNoError) {
  std::vector<Sample> got;
  EXPECT_TRUE(DecodeXorChunk(std::string(2, '\0'), got).ok());
  EXPECT_TRUE(DecodeXor2Chunk(std::string(3, '\0'), got).ok());
  EXPECT_TRUE(got.empty());
}

TEST(XorChunkTest, AWindowWiderThanAValueIsRefused) {
  // Second value: new window with 31 leading zeros and 40 bits.
  std::string chunk = XorChunk({{0, 1}});
  chunk[1] = 2;
  chunk += '\x01';      // delta 1
  chunk += "\xff\xd0";  // 11 11111 101000 ...
  chunk += std::string(8, '\xaa');
  std::vector<Sample> got;
  EXPECT_TRUE(absl::IsDataLoss(DecodeXorChunk(chunk, got)));
}

TEST(XorChunkTest, OtherEncodingsAreNamed) {
  DecodedSamples got;
  for (const int32_t type : {5, 6}) {
    const absl::Status status = DecodeChunk(type, "", got);
    EXPECT_TRUE(absl::IsUnimplemented(status));
    EXPECT_THAT(std::string(status.message()), HasSubstr("histogram"));
  }
  EXPECT_THAT(std::string(DecodeChunk(77, "", got).message()), HasSubstr("unknown type 77"));
}

}  // namespace
}  // namespace sloburn::remote
