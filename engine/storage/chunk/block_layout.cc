// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/block_layout.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/multiversion.h"
#include "engine/storage/chunk/bytes.h"

namespace sloburn::chunk {
namespace {

constexpr size_t kBins = 256;

struct Range {
  int64_t min = 0, max = 0;
  uint64_t width() const { return static_cast<uint64_t>(max) - static_cast<uint64_t>(min); }
};

SLOBURN_MULTIVERSION Range RangeOf(const uint64_t* numbers, size_t size) {
  int64_t min = std::numeric_limits<int64_t>::max();
  int64_t max = std::numeric_limits<int64_t>::min();
  for (size_t i = 0; i < size; ++i) {
    const auto number = static_cast<int64_t>(numbers[i]);
    min = number < min ? number : min;
    max = number > max ? number : max;
  }
  return {min, max};
}

int BitsOf(uint64_t number) { return static_cast<int>(std::bit_width(number)); }

// What leaving out `exceptions` of `size` numbers costs: their positions and values.
double ExceptionBits(size_t exceptions, size_t size, int value_bits) {
  if (exceptions == 0) return 0;
  const int gap_bits = BitsOf(size / exceptions) + 1;
  return 24 + static_cast<double>(exceptions) * (gap_bits + value_bits);
}

uint64_t Distance(uint64_t a, uint64_t b) {
  return static_cast<int64_t>(a) < static_cast<int64_t>(b) ? b - a : a - b;
}

// Of numbers that are far apart: the range of those near the middle one, where what this saves
// pays for the others as exceptions.
Range NearRange(const uint64_t* numbers, size_t size) {
  std::array<int64_t, 5> some;
  for (size_t i = 0; i < some.size(); ++i) {
    some[i] = static_cast<int64_t>(numbers[i * (size - 1) / (some.size() - 1)]);
  }
  std::nth_element(some.begin(), some.begin() + 2, some.end());
  const auto middle = static_cast<uint64_t>(some[2]);
  std::array<uint32_t, 65> by_width{};
  for (size_t i = 0; i < size; ++i) ++by_width[BitsOf(Distance(numbers[i], middle))];

  int most = 64;
  while (most > 0 && by_width[most] == 0) --most;
  int best = most;
  double least = std::numeric_limits<double>::max();
  size_t exceptions = 0;
  for (int width = most; width >= 0; --width) {
    const double bits = static_cast<double>(size) * (width == 0 ? 0 : width + 1) +
                        ExceptionBits(exceptions, size, most + 1);
    if (bits < least) {
      least = bits;
      best = width;
    }
    exceptions += by_width[width];
  }
  Range range{some[2], some[2]};
  for (size_t i = 0; i < size; ++i) {
    if (BitsOf(Distance(numbers[i], middle)) > best) continue;
    range.min = std::min(range.min, static_cast<int64_t>(numbers[i]));
    range.max = std::max(range.max, static_cast<int64_t>(numbers[i]));
  }
  return range;
}

// How many numbers lie how far above a first one; those elsewhere are counted as far.
struct Histogram256 {
  std::array<uint16_t, kBins + 1> counts{};  // of first + i
  std::array<uint16_t, kBins + 1> below{};   // first <= number < first + i

  Histogram256(const uint64_t* numbers, size_t size, uint64_t first, size_t bins) {
    for (size_t i = 0; i < size; ++i) ++counts[std::min<uint64_t>(numbers[i] - first, kBins)];
    uint16_t sum = 0;
    for (size_t i = 0; i < bins; ++i) {
      below[i] = sum;
      sum = static_cast<uint16_t>(sum + counts[i]);
    }
    std::fill(below.begin() + static_cast<ptrdiff_t>(bins), below.end(), sum);
  }
};

struct Candidate {
  BlockLayout layout;
  double bits = std::numeric_limits<double>::max();
};

// The cheapest code for numbers from `near.min + start` on; `all` is the range of all numbers.
void TryBase(const Histogram256& histogram, size_t start, Range near, Range all, size_t size,
             Candidate& best) {
  const uint64_t base = static_cast<uint64_t>(near.min) + start;
  const uint64_t far = std::max(Distance(static_cast<uint64_t>(all.max), base),
                                Distance(static_cast<uint64_t>(all.min), base));
  const int value_bits = BitsOf(far) + 1;
  for (const PackingCode code : kSmallCodes) {
    const uint64_t limit = PackingLimit(code);
    const size_t end = std::min<size_t>(start + limit, kBins);
    const size_t exceptions = size - (histogram.below[end] - histogram.below[start]);
    const double packed = PackedBits(code, size);
    if (packed >= best.bits) return;
    const double bits = packed + ExceptionBits(exceptions, size, value_bits);
    if (bits < best.bits) best = {{base, code, exceptions > 0}, bits};
    if (start + limit > near.width()) return;
  }
}

}  // namespace

BlockLayout ChooseLayout(const uint64_t* numbers, size_t size) {
  const Range all = RangeOf(numbers, size);
  const auto min = static_cast<uint64_t>(all.min);
  if (all.width() == 0) return {min, 0, false};
  const Range near = all.width() < kBins ? all : NearRange(numbers, size);
  const auto base = static_cast<uint64_t>(near.min);
  if (near.width() >= kBins) {
    return {base, PackingFor(near.width()), near.width() < all.width()};
  }

  const size_t bins = near.width() + 1;
  const Histogram256 histogram(numbers, size, base, bins);
  Candidate best;
  TryBase(histogram, 0, near, all, size, best);
  const auto end = histogram.counts.begin() + static_cast<ptrdiff_t>(bins);
  const auto mode = std::max_element(histogram.counts.begin(), end) - histogram.counts.begin();
  // Where most numbers are alike, those below them are exceptions too.
  if (mode > 0 && 2u * histogram.counts[mode] > size) {
    TryBase(histogram, static_cast<size_t>(mode), near, all, size, best);
  }
  return best.layout;
}

}  // namespace sloburn::chunk
