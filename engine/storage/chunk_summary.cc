// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk_summary.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/multiversion.h"

namespace sloburn {
namespace {

// Sums of values up to here cannot overflow, however many there are and however they are ordered.
constexpr double kLargestSummed = 1e290;

void AppendExtremes(ChunkSummary& to, const ChunkSummary& next) {
  // NaN loses against everything; equal ones leave the value as it is and move the time on.
  if (next.min <= to.min || std::isnan(to.min)) to.min_ms = next.min_ms;
  if (next.min < to.min || std::isnan(to.min)) to.min = next.min;
  if (next.max >= to.max || std::isnan(to.max)) to.max_ms = next.max_ms;
  if (next.max > to.max || std::isnan(to.max)) to.max = next.max;
}

// The mean of `a` less that of `b`. Both sums are pairs, so that close means of large values lose
// nothing.
double MeanDifference(const ChunkSummary& a, const ChunkSummary& b) {
  const double a_count = static_cast<double>(a.count), b_count = static_cast<double>(b.count);
  const double a_mean = a.sum.sum / a_count, b_mean = b.sum.sum / b_count;
  // What the divisions have left over.
  const double a_rest = std::fma(-a_mean, a_count, a.sum.sum) + a.sum.c;
  const double b_rest = std::fma(-b_mean, b_count, b.sum.sum) + b.sum.c;
  return (a_mean - b_mean) + (a_rest / a_count - b_rest / b_count);
}

void AppendSums(ChunkSummary& to, const ChunkSummary& next) {
  to.has_sums = to.has_sums && next.has_sums;
  if (!to.has_sums) return;
  const double difference = MeanDifference(next, to);
  const double a = static_cast<double>(to.count), b = static_cast<double>(next.count);
  to.squares += next.squares + difference * difference * (a * b / (a + b));
  to.sum.Add(next.sum.sum);
  to.sum.c += next.sum.c;
}

// One after the other, for sums are to be those of Prometheus.
void SummarizeSums(const double* values, size_t size, ChunkSummary& summary) {
  for (size_t i = 0; i < size; ++i) {
    if (!(std::fabs(values[i]) <= kLargestSummed)) {
      summary.has_sums = false;
      return;
    }
    summary.sum.Add(values[i]);
  }
  const double count = static_cast<double>(size);
  const double mean = (summary.sum.sum + summary.sum.c) / count;
  // The second sum takes out what the rounded mean is off.
  double squares = 0, rest = 0;
  for (size_t i = 0; i < size; ++i) {
    const double distance = values[i] - mean;
    squares += distance * distance;
    rest += distance;
  }
  summary.squares = squares - rest * rest / count;
  summary.has_sums = summary.squares <= kLargestSummed;
}

SLOBURN_MULTIVERSION void CountSteps(const double* values, size_t size, ChunkSummary& summary) {
  uint64_t changes = 0, resets = 0;
  for (size_t i = 1; i < size; ++i) {
    const double before = values[i - 1], value = values[i];
    const bool are_nan = (value != value) & (before != before);
    changes += static_cast<uint64_t>((value != before) & !are_nan);
    resets += static_cast<uint64_t>(value < before);
  }
  summary.changes = changes;
  summary.resets = resets;
}

constexpr size_t kLanes = 16;

// The least and the largest of the numbers among `values`; infinities the wrong way round where
// there are none.
SLOBURN_MULTIVERSION void FindRange(const double* values, size_t size, double* least,
                                    double* largest) {
  double low[kLanes], high[kLanes];
  std::fill_n(low, kLanes, std::numeric_limits<double>::infinity());
  std::fill_n(high, kLanes, -std::numeric_limits<double>::infinity());
  size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const double value = values[i + lane];
      low[lane] = value < low[lane] ? value : low[lane];
      high[lane] = value > high[lane] ? value : high[lane];
    }
  }
  for (; i < size; ++i) {
    low[0] = values[i] < low[0] ? values[i] : low[0];
    high[0] = values[i] > high[0] ? values[i] : high[0];
  }
  *least = *std::min_element(low, low + kLanes);
  *largest = *std::max_element(high, high + kLanes);
}

// Of the values that are equal to the extreme one, the oldest, and the time of the newest.
void TakeExtreme(const FloatColumn& floats, double extreme, double* value, int64_t* time_ms) {
  const double* const end = floats.values + floats.size;
  const double* const oldest = std::find(floats.values, end, extreme);
  if (oldest == end) {
    // There are no numbers.
    *value = floats.values[0];
    *time_ms = floats.TimeAt(floats.size - 1);
    return;
  }
  size_t newest = floats.size - 1;
  while (floats.values[newest] != extreme) --newest;
  *value = *oldest;
  *time_ms = floats.TimeAt(newest);
}

}  // namespace

bool IsChange(double before, double value) {
  return value != before && !(std::isnan(value) && std::isnan(before));
}

void ChunkSummary::Append(const ChunkSummary& next, uint32_t kinds) {
  if (next.count == 0) return;
  if (count == 0) {
    *this = next;
    return;
  }
  if ((kinds & kFactExtremes) != 0) AppendExtremes(*this, next);
  if ((kinds & (kFactSum | kFactVariance)) != 0) AppendSums(*this, next);
  changes += next.changes + (IsChange(last, next.first) ? 1 : 0);
  resets += next.resets + (next.first < last ? 1 : 0);
  count += next.count;
  last_ms = next.last_ms;
  last = next.last;
}

ChunkSummary Summarize(const FloatColumn& floats, uint32_t kinds) {
  ChunkSummary summary;
  const size_t size = floats.size;
  if (size == 0) return summary;
  summary.count = size;
  summary.first_ms = floats.TimeAt(0);
  summary.last_ms = floats.TimeAt(size - 1);
  summary.first = floats.values[0];
  summary.last = floats.values[size - 1];
  if ((kinds & (kFactResets | kFactChanges)) != 0) CountSteps(floats.values, size, summary);
  if ((kinds & kFactExtremes) != 0) {
    double least, largest;
    FindRange(floats.values, size, &least, &largest);
    TakeExtreme(floats, least, &summary.min, &summary.min_ms);
    TakeExtreme(floats, largest, &summary.max, &summary.max_ms);
  }
  if ((kinds & (kFactSum | kFactVariance)) != 0) SummarizeSums(floats.values, size, summary);
  return summary;
}

}  // namespace sloburn
