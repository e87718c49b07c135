// SPDX-License-Identifier: Apache-2.0
// The chunks in hexadecimal were sent by Prometheus 3.5.3 for histograms written into it; expected
// is what was written. tests/peers/bulk_load_test.py compares many more.
#include "engine/remote/histogram_chunk_decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <map>

#include "absl/strings/escaping.h"
#include "base/str_cat.h"
#include "engine/model/histogram.h"
#include "engine/model/histogram_buckets.h"
#include "engine/model/stale.h"
#include "engine/remote/histogram_chunk_encode.h"

namespace sloburn::remote {
namespace {

using testing::HasSubstr;

constexpr int64_t kStart = 1'700'000'000'000;
constexpr char kWhole[] =
    "000a00ff3f50624dd2f1a9fc94e36946328c5fc0003179fcad0014000000000000000046553e0ea666c45ffd8c6c"
    "23180102b3be13bffd2764ef180052d2277800317c2d6d1800e11de4ed7da1f17251d82688aa62f7fe8000000000"
    "0020";
constexpr char kFloat[] =
    "000900ff3f50624dd2f1a9fc94e36946328c5fc0003179fcad000800000000000000000000000000000000000000"
    "0000000007fc00000000000007ff0000000000000000000000000000000000000000000000000000000000001f07"
    "533b02d88bffbac1e137ffe1ac3b88affe005b01c00215d4376c277ffb84cfffd627e22fffe227fe9c4e12fffc00"
    "2ed0716133fff583358dba000f605cdb41b09b001ac46c07001d316c0bd80e001ce6db43fac3fa86fe5000511ac2"
    "f609bb81c16b0fe133ffe00380";
constexpr char kGauge[] =
    "0009c0ff3f50624dd2f1a9fc94e36946328c5fc0003179fcad0014000000000000000046553e0ea666c45ffd8c6c"
    "23180102b3be13bffd2764ef180052d235978003ddeeb0d2c2d78591800ec563369bbde4f4f7da1fddeeb0d2251d"
    "826888";
constexpr char kCustom[] =
    "000a0000ee5ca28c53e7df7d481c7102000000001fc0003179fcad0011000000000000000023f075331622ffec6e"
    "200454c277ffa4c800504001952003899b43e0d82695317bff40000000000010";
constexpr char kMarkerOnly[] = "000100001fc0003179fceeeb03ff80000000000010";

struct Expected {
  double count = 0, zero_count = 0;
  std::map<int32_t, double> positive, negative;  // what is not 0
};

// Buckets 1 and 4 are there from the fourth sample on, the negative one from the sixth.
Expected At(int i, double share, bool is_gauge) {
  Expected e;
  e.positive = {{-2, 1.0 + i}, {0, 3.0 + 2 * i}};
  if (i >= 3) e.positive.insert({{1, i}, {4, i / 2}});
  if (is_gauge && i == 5) e.positive = {{-2, 1}, {0, 2}};
  if (i > 4) e.negative = {{0, i}};
  e.zero_count = i / 2;
  e.count = e.zero_count;
  for (auto* side : {&e.positive, &e.negative}) {
    for (auto& [index, count] : *side) e.count += count *= share;
  }
  return e;
}

std::map<int32_t, double> Buckets(const BucketSide& side) {
  std::map<int32_t, double> found;
  for (BucketCursor cursor(side); cursor.is_valid(); cursor.Next()) {
    if (cursor.count() != 0) found[cursor.index()] = cursor.count();
  }
  return found;
}

std::vector<HistogramSample> Decoded(std::string_view hex, bool is_float) {
  std::vector<HistogramSample> samples;
  const std::string chunk = absl::HexStringToBytes({hex.data(), hex.size()});
  const absl::Status status = is_float ? DecodeFloatHistogramChunk(chunk, samples)
                                       : DecodeHistogramChunk(chunk, samples);
  EXPECT_TRUE(status.ok()) << status;
  return samples;
}

TEST(HistogramChunkDecodeTest, ChunksOfPrometheus) {
  const struct {
    const char* chunk;
    bool is_float, is_gauge;
  } cases[] = {{kWhole, false, false}, {kFloat, true, false}, {kGauge, false, true}};
  for (const auto& one : cases) {
    const std::vector<HistogramSample> samples = Decoded(one.chunk, one.is_float);
    ASSERT_EQ(samples.size(), one.is_float || one.is_gauge ? 9u : 10u);
    for (int i = 0; i < 9; ++i) {
      SCOPED_TRACE(StrCat(one.chunk, " sample ", i));
      const Histogram& h = *samples[i].histogram;
      const Expected expected = At(i, one.is_float ? 0.5 : 1, one.is_gauge);
      EXPECT_EQ(samples[i].timestamp_ms, kStart + i * 15'000 + i % 3);
      EXPECT_EQ(h.schema, 2);
      EXPECT_EQ(h.zero_threshold, 0.001);
      EXPECT_EQ(h.count, expected.count);
      EXPECT_EQ(h.zero_count, expected.zero_count);
      EXPECT_EQ(h.sum, 0.75 * i);
      std::map<int32_t, double> positive = expected.positive;
      std::erase_if(positive, [](const auto& bucket) { return bucket.second == 0; });
      EXPECT_EQ(Buckets(h.positive), positive);
      EXPECT_EQ(Buckets(h.negative), expected.negative);
      EXPECT_EQ(h.reset_hint, one.is_gauge ? CounterResetHint::kGauge
                              : i > 0      ? CounterResetHint::kNotReset
                                           : CounterResetHint::kUnknown);
    }
  }
}

TEST(HistogramChunkDecodeTest, StalenessMarkers) {
  const std::vector<HistogramSample> whole = Decoded(kWhole, false);
  const Histogram& last = *whole.back().histogram;
  EXPECT_EQ(std::bit_cast<uint64_t>(last.sum), kStaleBits);
  EXPECT_TRUE(last.positive.empty() && last.negative.empty() && last.count == 0);
  const std::vector<HistogramSample> only = Decoded(kMarkerOnly, false);
  ASSERT_EQ(only.size(), 1u);
  EXPECT_EQ(only[0].timestamp_ms, kStart + 135'000);
  EXPECT_EQ(std::bit_cast<uint64_t>(only[0].histogram->sum), kStaleBits);
}

TEST(HistogramChunkDecodeTest, CustomBuckets) {
  const std::vector<HistogramSample> samples = Decoded(kCustom, false);
  ASSERT_EQ(samples.size(), 10u);
  for (int i = 0; i < 9; ++i) {
    const Histogram& h = *samples[i].histogram;
    EXPECT_TRUE(h.uses_custom_buckets());
    EXPECT_EQ(h.custom_values, (std::vector<double>{0.25, 0.5, 40000.5}));
    std::map<int32_t, double> expected = {{2, 1}};
    if (i > 0) expected[0] = i;
    EXPECT_EQ(Buckets(h.positive), expected) << i;
    EXPECT_EQ(h.count, i + 1);
  }
}

TEST(HistogramChunkDecodeTest, ReadsWhatTheEncoderWrites) {
  std::vector<HistogramPtr> histograms;
  std::vector<int64_t> times;
  for (int i = 0; i < 200; ++i) {
    Histogram h;
    h.schema = -1;
    h.zero_threshold = 0x1p-300;
    h.positive = {{{-5, 2}, {0, 0}, {3, 1}}, {0.1 * i, 2.5 * i, 7.0 + i}};
    h.negative = {{{40, 1}}, {3.0 * i}};
    h.count = 100 + 20.0 * i;
    h.sum = i % 7 == 0 ? -0.0 : 1.0 / i;
    histograms.push_back(std::make_shared<const Histogram>(h));
    times.push_back(i * 1000 + i % 5);
  }
  ASSERT_EQ(HistogramRun(histograms.data(), 200), 200u);
  std::vector<HistogramSample> got;
  const std::string chunk = EncodeHistogramChunk(times.data(), histograms.data(), 200);
  ASSERT_TRUE(DecodeFloatHistogramChunk(chunk, got).ok());
  ASSERT_EQ(got.size(), 200u);
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].timestamp_ms, times[i]);
    EXPECT_TRUE(*got[i].histogram == *histograms[i]) << i;
  }
}

TEST(HistogramChunkDecodeTest, EveryCutIsAnError) {
  for (const char* hex : {kWhole, kFloat, kGauge, kCustom}) {
    const std::string chunk = absl::HexStringToBytes(hex);
    const bool is_float = hex == kFloat;
    for (size_t size = 0; size + 1 < chunk.size(); ++size) {
      std::vector<HistogramSample> got;
      const std::string_view cut = std::string_view(chunk).substr(0, size);
      const absl::Status status =
          is_float ? DecodeFloatHistogramChunk(cut, got) : DecodeHistogramChunk(cut, got);
      EXPECT_FALSE(status.ok()) << size;
      EXPECT_LT(got.size(), 10u);
    }
  }
}

TEST(HistogramChunkDecodeTest, HostileLayoutsTakeNoMemory) {
  // Schema 0, one span of 2^56 - 1 buckets, of which nothing follows.
  std::string chunk("\xff\xff\x00\x00", 4);
  chunk += "\x4f\xff\xff\xff\xff\xff\xff\xff\xff\xff";
  for (const bool is_float : {false, true}) {
    std::vector<HistogramSample> got;
    const absl::Status status =
        is_float ? DecodeFloatHistogramChunk(chunk, got) : DecodeHistogramChunk(chunk, got);
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_TRUE(got.empty());
  }
}

TEST(HistogramChunkDecodeTest, HistogramsThatMakeNoSenseAreNamed) {
  // The count of the first sample is one too many.
  std::string chunk = absl::HexStringToBytes(kWhole);
  for (size_t bit = 200; bit < 260; ++bit) {
    std::string flipped = chunk;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (0x80 >> bit % 8));
    std::vector<HistogramSample> got;
    const absl::Status status = DecodeHistogramChunk(flipped, got);
    if (absl::IsInvalidArgument(status)) {
      EXPECT_THAT(std::string(status.message()), HasSubstr("histogram"));
      return;
    }
  }
  FAIL() << "no flipped bit made a histogram that makes no sense";
}

}  // namespace
}  // namespace sloburn::remote
