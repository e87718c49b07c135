// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/storage/chunk_samples.h"

#include <bit>
#include <limits>
#include <memory>

#include "engine/model/histogram.h"
#include "engine/model/stale.h"

namespace sloburn {
namespace {

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

}  // namespace

std::vector<double> SpecialDoubles() {
  return {-0.0,
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
}

SampleBuffer Times(size_t size, int64_t begin, int64_t interval) {
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

SampleBuffer RandomFloats(Random& random, size_t size) {
  const std::vector<double> special_values = SpecialDoubles();
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
    samples.values.push_back(is_special ? special_values[random() % special_values.size()] : last);
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

}  // namespace sloburn
