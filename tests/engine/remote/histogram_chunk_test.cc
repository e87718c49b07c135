// SPDX-License-Identifier: Apache-2.0
// The reader here is written from Prometheus' description of the format, apart from the writer. A
// real Prometheus reads these chunks in tests/peers/remote_read_test.py.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <memory>
#include <vector>

#include "engine/model/histogram.h"
#include "engine/model/stale.h"
#include "engine/remote/histogram_chunk_encode.h"

namespace sloburn::remote {
namespace {

class Bits {
 public:
  explicit Bits(std::string_view bytes) : bytes_(bytes) {}
  uint64_t Take(int count) {
    uint64_t value = 0;
    for (; count > 0; --count, ++at_) {
      const auto byte = at_ / 8 < bytes_.size() ? static_cast<unsigned char>(bytes_[at_ / 8]) : 0;
      value = value << 1 | (byte >> (7 - at_ % 8) & 1);
    }
    return value;
  }
  uint64_t Varbit() {
    static constexpr int kWidths[] = {0, 3, 6, 9, 12, 18, 25, 56, 64};
    int ones = 0;
    while (ones < 8 && Take(1) == 1) ++ones;
    width_ = kWidths[ones];
    return width_ == 0 ? 0 : Take(width_);
  }
  int64_t SignedVarbit() {
    const uint64_t bits = Varbit();
    if (width_ > 0 && width_ < 64 && bits > uint64_t{1} << (width_ - 1)) {
      return static_cast<int64_t>(bits - (uint64_t{1} << width_));
    }
    return static_cast<int64_t>(bits);
  }
  double Double() { return std::bit_cast<double>(Take(64)); }
  bool at_end() const { return (at_ + 7) / 8 == bytes_.size(); }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  int width_ = 0;
};

struct Number {
  double value = 0;
  int leading = 0, trailing = 0;
  void Read(Bits& in, bool is_first) {
    if (is_first) {
      value = in.Double();
      return;
    }
    if (in.Take(1) == 0) return;
    if (in.Take(1) == 1) {
      leading = static_cast<int>(in.Take(5));
      const int size = static_cast<int>(in.Take(6));
      trailing = 64 - leading - (size == 0 ? 64 : size);
    }
    const uint64_t bits = in.Take(64 - leading - trailing) << trailing;
    value = std::bit_cast<double>(std::bit_cast<uint64_t>(value) ^ bits);
  }
};

struct Decoded {
  int flag = 0;
  std::vector<int64_t> times;
  std::vector<Histogram> histograms;
};

void ReadSpans(Bits& in, BucketSide& side, std::vector<Number>& numbers) {
  size_t buckets = 0;
  for (uint64_t spans = in.Varbit(); spans > 0; --spans) {
    const auto length = static_cast<uint32_t>(in.Varbit());
    side.spans.push_back({static_cast<int32_t>(in.SignedVarbit()), length});
    buckets += length;
  }
  numbers.resize(buckets);
}

Decoded Decode(std::string_view chunk) {
  Decoded decoded;
  Bits in(chunk);
  const uint64_t count = in.Take(16);
  decoded.flag = static_cast<int>(in.Take(8) >> 6);
  Histogram layout;
  const auto threshold = static_cast<int>(in.Take(8));
  if (threshold == 255) layout.zero_threshold = in.Double();
  if (threshold > 0 && threshold < 255) layout.zero_threshold = std::ldexp(0.5, threshold - 243);
  layout.schema = static_cast<int32_t>(in.SignedVarbit());
  Number total, zero, sum;
  std::vector<Number> positive, negative;
  ReadSpans(in, layout.positive, positive);
  ReadSpans(in, layout.negative, negative);
  for (uint64_t i = layout.uses_custom_buckets() ? in.Varbit() : 0; i > 0; --i) {
    const uint64_t bound = in.Varbit();
    layout.custom_values.push_back(bound == 0 ? in.Double()
                                              : static_cast<double>(bound - 1) / 1000);
  }
  int64_t time = 0, delta = 0;
  for (uint64_t i = 0; i < count; ++i) {
    if (i == 0) {
      time = in.SignedVarbit();
    } else {
      delta += in.SignedVarbit();
      time += delta;
    }
    for (Number* number : {&total, &zero, &sum}) number->Read(in, i == 0);
    Histogram one = layout;
    one.count = total.value;
    one.zero_count = zero.value;
    one.sum = sum.value;
    if (IsStale(one.sum) && i > 0) {
      one = Histogram();
      one.sum = sum.value;
    } else {
      for (Number& number : positive) number.Read(in, i == 0);
      for (Number& number : negative) number.Read(in, i == 0);
      for (const Number& number : positive) one.positive.counts.push_back(number.value);
      for (const Number& number : negative) one.negative.counts.push_back(number.value);
    }
    decoded.times.push_back(time);
    decoded.histograms.push_back(std::move(one));
  }
  EXPECT_TRUE(in.at_end());
  return decoded;
}

Histogram Growing(int i) {
  Histogram h;
  h.schema = 3;
  h.zero_threshold = 0x1p-128;
  h.zero_count = i / 2;
  h.positive = {{{-5, 2}, {3, 1}}, {1.0 * i, 2.5 * i, 7.0 + i}};
  h.negative = {{{40, 1}}, {3.0 * i}};
  h.count = h.zero_count + 1.0 * i + 2.5 * i + 7.0 + i + 3.0 * i;
  h.sum = 0.1 * i;
  return h;
}

HistogramPtr Share(Histogram h) { return std::make_shared<const Histogram>(std::move(h)); }

HistogramPtr Stale() {
  Histogram h;
  h.sum = StaleMarker();
  return Share(std::move(h));
}

TEST(HistogramChunkTest, RoundTripsToTheBit) {
  std::vector<HistogramPtr> histograms;
  std::vector<int64_t> times;
  for (int i = 0; i < 100; ++i) {
    histograms.push_back(Share(Growing(i)));
    times.push_back(1'700'000'000'000 + i * 15'000 + i % 3);
  }
  histograms.push_back(Stale());
  times.push_back(times.back() + 15'000);
  ASSERT_EQ(HistogramRun(histograms.data(), histograms.size()), histograms.size());
  const Decoded got =
      Decode(EncodeHistogramChunk(times.data(), histograms.data(), histograms.size()));
  EXPECT_EQ(got.flag, 0);
  EXPECT_EQ(got.times, times);
  ASSERT_EQ(got.histograms.size(), histograms.size());
  for (size_t i = 0; i < histograms.size(); ++i) {
    EXPECT_TRUE(got.histograms[i] == *histograms[i]) << i;
  }
}

TEST(HistogramChunkTest, CustomBucketsAndOddThresholds) {
  Histogram custom;
  custom.schema = kCustomBucketsSchema;
  custom.custom_values = {-1, 0, 0.005, 0.1, 33554.430, 33554.431, 1e9};
  custom.positive = {{{0, 8}}, {1, 2, 3, 4, 5, 6, 7, 8}};
  custom.count = 36;
  custom.sum = 1;
  for (const double threshold : {0.0, 0.001, 1024.0, 2048.0, 0x1p-243, 0x1p-300, 0.75}) {
    Histogram plain = Growing(4);
    plain.zero_threshold = threshold;
    for (const Histogram& h : {custom, plain}) {
      const HistogramPtr shared = Share(h);
      const int64_t time = -7;
      const Decoded got = Decode(EncodeHistogramChunk(&time, &shared, 1));
      EXPECT_EQ(got.times[0], -7);
      EXPECT_TRUE(got.histograms[0] == h) << threshold;
      EXPECT_EQ(got.histograms[0].custom_values, h.custom_values);
    }
  }
}

TEST(HistogramChunkTest, AChunkHoldsOneLayoutAndNoReset) {
  const auto run = [](std::vector<Histogram> all) {
    std::vector<HistogramPtr> shared;
    for (Histogram& h : all) shared.push_back(Share(std::move(h)));
    return HistogramRun(shared.data(), shared.size());
  };
  const auto hinted = [](Histogram h, CounterResetHint hint) {
    h.reset_hint = hint;
    return h;
  };
  Histogram wider = Growing(2);
  wider.positive.spans[1].length = 2;
  wider.positive.counts.push_back(0);
  EXPECT_EQ(run({Growing(1), Growing(2), Growing(3)}), 3u);
  EXPECT_EQ(run({Growing(1), wider}), 1u);
  EXPECT_EQ(run({Growing(2), Growing(1)}), 1u);  // a reset
  EXPECT_EQ(run({Growing(2), hinted(Growing(1), CounterResetHint::kNotReset)}), 2u);
  EXPECT_EQ(run({Growing(1), hinted(Growing(2), CounterResetHint::kReset)}), 1u);
  EXPECT_EQ(run({Growing(1), hinted(Growing(2), CounterResetHint::kGauge)}), 1u);
  EXPECT_EQ(run({hinted(Growing(2), CounterResetHint::kGauge),
                 hinted(Growing(1), CounterResetHint::kGauge)}),
            2u);
  EXPECT_EQ(run({Growing(1), *Stale(), *Stale(), Growing(2)}), 3u);
}

TEST(HistogramChunkTest, TheFirstSamplesHintIsTold) {
  const std::pair<CounterResetHint, int> cases[] = {{CounterResetHint::kUnknown, 0},
                                                    {CounterResetHint::kNotReset, 1},
                                                    {CounterResetHint::kReset, 2},
                                                    {CounterResetHint::kGauge, 3}};
  for (const auto& [hint, flag] : cases) {
    Histogram h = Growing(1);
    h.reset_hint = hint;
    const HistogramPtr shared = Share(std::move(h));
    const int64_t time = 5;
    EXPECT_EQ(Decode(EncodeHistogramChunk(&time, &shared, 1)).flag, flag);
  }
}

}  // namespace
}  // namespace sloburn::remote
