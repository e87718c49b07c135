// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/scaled_integers.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/same_bits.h"
#include "engine/storage/chunk/block_layout.h"

namespace sloburn::chunk {
namespace {

constexpr double kMaxInteger = 0x1p62;  // as a double; sums of two stay in 64 bits
constexpr double kMaxScaled = 0x1p52;   // below, adding a half is exact

struct Scaled {
  int64_t integer = 0;
  bool is_exact = false;
};

struct ToInteger {
  Scaled operator()(double value) const {
    // NaN, too, compares as false.
    const bool is_small = std::fabs(value) < kMaxInteger;
    const auto integer = static_cast<int64_t>(is_small ? value : 0);
    return {integer, SameBits(static_cast<double>(integer), value)};
  }
};

struct ToDecimal {
  double power;

  Scaled operator()(double value) const {
    const double product = value * power;
    if (!(std::fabs(product) < kMaxScaled)) return {};
    const auto integer = static_cast<int64_t>(product + (product < 0 ? -0.5 : 0.5));
    return {integer, SameBits(static_cast<double>(integer) / power, value)};
  }
};

// More patterns of their own and the codec for any bits is shorter.
size_t MostPatterns(size_t size) { return std::max<size_t>(2, size / 16); }

// The fewest digits from `digits` on that express the value; kMaxDecimals + 1 where none do.
int DigitsOf(double value) {
  int digits = 0;
  while (digits <= kMaxDecimals && !ToDecimal{kPowersOf10[digits]}(value).is_exact) {
    if (std::fabs(value) * kPowersOf10[digits] >= kMaxScaled) return kMaxDecimals + 1;
    ++digits;
  }
  return digits;
}

// Scales the values up to the first block in which one has no such form; how many there are.
template <typename Scale>
size_t ScaleExact(const double* values, size_t size, Scale scale, uint64_t* integers) {
  size_t done = 0;
  while (done < size) {
    const size_t end = std::min(size, done + kBlockSize);
    bool is_exact = true;
    for (size_t i = done; i < end; ++i) {
      const Scaled scaled = scale(values[i]);
      integers[i] = static_cast<uint64_t>(scaled.integer);
      is_exact &= scaled.is_exact;
    }
    if (!is_exact) break;
    done = end;
  }
  return done;
}

template <typename Scale>
std::optional<ScaledIntegers> ScaleAll(const double* values, size_t size, Scale scale) {
  ScaledIntegers result;
  result.integers.resize(size);
  const size_t most = MostPatterns(size);
  const size_t done = ScaleExact(values, size, scale, result.integers.data());
  size_t leading = 0;  // special values before the first integer
  uint64_t last = done > 0 ? result.integers[done - 1] : 0;
  bool has_integer = done > 0;
  for (size_t i = done; i < size; ++i) {
    const Scaled scaled = scale(values[i]);
    if (scaled.is_exact) [[likely]] {
      last = static_cast<uint64_t>(scaled.integer);
      has_integer = true;
    } else {
      result.specials.Add(i, values[i]);
      if (result.specials.patterns() > most) return std::nullopt;
      if (!has_integer) leading = i + 1;
    }
    result.integers[i] = last;
  }
  if (!has_integer) return std::nullopt;
  if (leading > 0) std::fill_n(result.integers.begin(), leading, result.integers[leading]);
  return result;
}

}  // namespace

std::optional<ScaledIntegers> ScaleBy(const double* values, size_t size, int digits) {
  if (digits == 0) return ScaleAll(values, size, ToInteger());
  auto result = ScaleAll(values, size, ToDecimal{kPowersOf10[digits]});
  if (result) result->digits = digits;
  return result;
}

std::optional<int> CommonDigits(const double* values, size_t size) {
  constexpr size_t kSome = 24, kMostOthers = 2;
  std::array<int, kSome> digits{};
  size_t some = 0, unknown = 0;
  for (size_t i = 0; i < std::min(size, kSome); ++i) {
    const double value = values[size <= kSome ? i : i * (size - 1) / (kSome - 1)];
    if (!std::isfinite(value)) continue;
    digits[some] = DigitsOf(value);
    if (digits[some] > kMaxDecimals && ++unknown > kMostOthers) return std::nullopt;
    ++some;
  }
  if (some == 0) return std::nullopt;
  // Few with more digits than the others are left to be special values.
  std::sort(digits.begin(), digits.begin() + static_cast<ptrdiff_t>(some));
  const int common = digits[some - 1 - std::min(kMostOthers, some / 8)];
  if (common > kMaxDecimals) return std::nullopt;
  return common;
}

}  // namespace sloburn::chunk
