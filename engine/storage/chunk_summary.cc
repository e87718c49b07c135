// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk_summary.h"

#include <cmath>

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

}  // namespace

bool IsChange(double before, double value) {
  return value != before && !(std::isnan(value) && std::isnan(before));
}

void ChunkSummary::Append(const ChunkSummary& next) {
  if (next.count == 0) return;
  if (count == 0) {
    *this = next;
    return;
  }
  AppendExtremes(*this, next);
  AppendSums(*this, next);
  changes += next.changes + (IsChange(last, next.first) ? 1 : 0);
  resets += next.resets + (next.first < last ? 1 : 0);
  count += next.count;
  last_ms = next.last_ms;
  last = next.last;
}

ChunkSummary Summarize(const int64_t* timestamps, const double* values, size_t size) {
  ChunkSummary summary;
  if (size == 0) return summary;
  summary.count = size;
  summary.first_ms = summary.min_ms = summary.max_ms = timestamps[0];
  summary.last_ms = timestamps[size - 1];
  summary.first = summary.min = summary.max = values[0];
  summary.last = values[size - 1];
  for (size_t i = 1; i < size; ++i) {
    const double before = values[i - 1], value = values[i];
    summary.changes += IsChange(before, value) ? 1 : 0;
    summary.resets += value < before ? 1 : 0;
    if (value <= summary.min || std::isnan(summary.min)) summary.min_ms = timestamps[i];
    if (value < summary.min || std::isnan(summary.min)) summary.min = value;
    if (value >= summary.max || std::isnan(summary.max)) summary.max_ms = timestamps[i];
    if (value > summary.max || std::isnan(summary.max)) summary.max = value;
  }
  SummarizeSums(values, size, summary);
  return summary;
}

}  // namespace sloburn
