// SPDX-License-Identifier: Apache-2.0
// Samples of many kinds to be put into chunks: counters with resets, gauges, decimals, any doubles,
// special values, irregular times, starts, histograms. The same seed gives the same samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "engine/storage/storage.h"

namespace sloburn {

using Random = std::mt19937_64;

// -0, markers and other NaNs, infinities, the largest and least doubles.
std::vector<double> SpecialDoubles();

// Regular times and no values.
SampleBuffer Times(size_t size, int64_t begin = 1'700'000'000'000, int64_t interval = 15'000);

SampleBuffer Values(size_t size, const std::function<double(size_t)>& value);

// The next value of a series of one of kValueKinds kinds.
inline constexpr int kValueKinds = 10;
double RandomValue(Random& random, int kind, double last);

SampleBuffer RandomFloats(Random& random, size_t size);
void AddStarts(Random& random, SampleBuffer& samples);
// Layouts that stay for a while, among floats and staleness markers.
void AddHistograms(Random& random, SampleBuffer& samples);

SampleBuffer RandomSamples(uint64_t seed);

}  // namespace sloburn
