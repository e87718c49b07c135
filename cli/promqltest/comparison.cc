// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/comparison.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "engine/model/histogram_text.h"
#include "engine/model/stale.h"

namespace sloburn::cli {
namespace {

constexpr double kEpsilon = 1e-6;

struct Element {
  double value = 0;
  HistogramPtr histogram;
};

template <typename... Parts>
absl::Status Differs(const Parts&... parts) {
  return absl::FailedPreconditionError(absl::StrCat(parts...));
}

std::string Show(double value, const HistogramPtr& histogram) {
  return histogram == nullptr ? FormatFloatG(value) : ToTestExpression(*histogram);
}

bool SameSide(const BucketSide& a, const BucketSide& b) {
  return a.spans == b.spans &&
         std::equal(a.counts.begin(), a.counts.end(), b.counts.begin(), b.counts.end(), SameFloat);
}

bool SameHistogram(Histogram expected, Histogram actual, bool compares_hint) {
  expected.Compact();
  actual.Compact();
  return expected.schema == actual.schema && SameFloat(expected.count, actual.count) &&
         SameFloat(expected.sum, actual.sum) && expected.custom_values == actual.custom_values &&
         expected.zero_threshold == actual.zero_threshold &&
         SameFloat(expected.zero_count, actual.zero_count) &&
         SameSide(expected.negative, actual.negative) &&
         SameSide(expected.positive, actual.positive) &&
         (!compares_hint || expected.reset_hint == actual.reset_hint);
}

bool SameSample(const ScriptValue& expected, double value, const HistogramPtr& histogram) {
  if (expected.histogram == nullptr || histogram == nullptr) {
    return expected.histogram == histogram && SameFloat(expected.value, value);
  }
  return SameHistogram(*expected.histogram, *histogram, expected.has_reset_hint);
}

std::string Show(const InstantVector& vector) {
  std::string out;
  for (const SeriesSample& sample : vector) {
    absl::StrAppend(&out, "\n      ", sample.labels.ToString(), " ",
                    Show(sample.value, sample.histogram));
  }
  return out.empty() ? " nothing" : out;
}

absl::Status CompareVector(const EvalCommand& eval, const InstantVector& vector) {
  if (vector.size() != eval.series.size()) {
    return Differs("expected ", eval.series.size(), " series, got ", vector.size(), ":",
                   Show(vector));
  }
  std::map<std::string, size_t> expected;
  for (size_t i = 0; i < eval.series.size(); ++i) {
    expected[std::string(eval.series[i].labels.bytes())] = i;
  }
  for (size_t i = 0; i < vector.size(); ++i) {
    const auto found = expected.find(std::string(vector[i].labels.bytes()));
    if (found == expected.end()) {
      return Differs("unexpected series in the result:", Show(vector));
    }
    if (eval.is_ordered && found->second != i) {
      return Differs("wrong order; got:", Show(vector));
    }
    const ScriptSeries& series = eval.series[found->second];
    const std::string got = Show(vector[i].value, vector[i].histogram);
    if (series.values.empty()) {
      return Differs("expected no value for ", series.labels.ToString(), ", got ", got);
    }
    const ScriptValue& value = series.values[0];
    if (!SameSample(value, vector[i].value, vector[i].histogram)) {
      return Differs("expected ", Show(value.value, value.histogram), " for ",
                     series.labels.ToString(), ", got ", got);
    }
  }
  return absl::OkStatus();
}

// Both kinds in time order.
std::map<int64_t, Element> ByTime(const SeriesSamples& series) {
  std::map<int64_t, Element> samples;
  for (const Sample& sample : series.samples) samples[sample.timestamp_ms] = {sample.value, nullptr};
  for (const HistogramSample& sample : series.histograms) {
    samples[sample.timestamp_ms] = {0, sample.histogram};
  }
  return samples;
}

// Expected values lie on the grid of `range`.
absl::Status CompareSamples(const ScriptSeries& expected, const SeriesSamples& actual,
                            const TimeRange& range) {
  const std::string name = expected.labels.ToString();
  std::map<int64_t, Element> samples = ByTime(actual);
  for (size_t i = 0; i < expected.values.size(); ++i) {
    const ScriptValue& value = expected.values[i];
    if (value.is_omitted) continue;
    const int64_t time_ms = range.at(static_cast<int64_t>(i));
    const auto found = samples.find(time_ms);
    if (found == samples.end()) return Differs("expected a sample of ", name, " at ", time_ms);
    const Element& got = found->second;
    if (!SameSample(value, got.value, got.histogram)) {
      return Differs("expected ", Show(value.value, value.histogram), " for ", name, " at ",
                     time_ms, ", got ", Show(got.value, got.histogram));
    }
    samples.erase(found);
  }
  if (samples.empty()) return absl::OkStatus();
  const auto& [time_ms, extra] = *samples.begin();
  return Differs("unexpected sample of ", name, " at ", time_ms, ": ",
                 Show(extra.value, extra.histogram));
}

absl::Status CompareMatrix(const std::vector<ScriptSeries>& expected, const Matrix& matrix,
                           const TimeRange& range) {
  RETURN_IF_ERROR(CheckSorted(matrix));
  std::map<std::string, const SeriesSamples*> got;
  for (const SeriesSamples& series : matrix) got[std::string(series.labels.bytes())] = &series;
  for (const ScriptSeries& series : expected) {
    if (static_cast<int64_t>(series.values.size()) > range.steps()) {
      return Differs("expected ", series.values.size(), " values for ", series.labels.ToString(),
                     ", but the time range has ", range.steps(), " steps only");
    }
    const auto found = got.find(std::string(series.labels.bytes()));
    const std::string name = series.labels.ToString();
    if (found == got.end()) return Differs("expected series ", name, ", got none");
    RETURN_IF_ERROR(CompareSamples(series, *found->second, range));
  }
  if (expected.size() != matrix.size()) {
    std::string names;
    for (const SeriesSamples& series : matrix) {
      absl::StrAppend(&names, " ", series.labels.ToString());
    }
    return Differs("expected ", expected.size(), " series, got ", matrix.size(), ":", names);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckSorted(const Matrix& matrix) {
  for (size_t i = 1; i < matrix.size(); ++i) {
    if (matrix[i].labels < matrix[i - 1].labels) {
      return Differs("the result is not sorted by labels: ", matrix[i].labels.ToString(),
                     " comes after ", matrix[i - 1].labels.ToString());
    }
  }
  return absl::OkStatus();
}

bool SameFloat(double a, double b) {
  if (IsStale(a) || IsStale(b)) return IsStale(a) && IsStale(b);
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b);
  const double difference = std::fabs(a - b);
  constexpr double kMinNormal = std::numeric_limits<double>::min();
  if (a == 0 || b == 0 || sum < kMinNormal) return difference < kEpsilon * kMinNormal;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kEpsilon;
}

absl::Status CompareInstant(const EvalCommand& eval, const QueryValue& value, int64_t time_ms) {
  if (eval.string_result) {
    const auto* text = std::get_if<StringResult>(&value);
    if (text == nullptr) return Differs("expected a string");
    if (text->value == *eval.string_result) return absl::OkStatus();
    return Differs("expected string ", *eval.string_result, ", got ", text->value);
  }
  if (eval.range_vector) {
    const auto* matrix = std::get_if<Matrix>(&value);
    if (matrix == nullptr) return Differs("expected a range vector");
    return CompareMatrix(eval.series, *matrix, *eval.range_vector);
  }
  if (const auto* scalar = std::get_if<ScalarResult>(&value)) {
    if (!eval.scalar) return Differs("got an unexpected scalar ", FormatFloatG(scalar->value));
    if (SameFloat(*eval.scalar, scalar->value)) return absl::OkStatus();
    return Differs("expected ", FormatFloatG(*eval.scalar), ", got ", FormatFloatG(scalar->value));
  }
  if (eval.scalar) return Differs("expected a scalar at ", time_ms);
  const auto* vector = std::get_if<InstantVector>(&value);
  if (vector == nullptr) return Differs("expected an instant vector");
  return CompareVector(eval, *vector);
}

absl::Status CompareRange(const EvalCommand& eval, const QueryValue& value) {
  const auto* matrix = std::get_if<Matrix>(&value);
  if (matrix == nullptr) return Differs("expected a matrix");
  if (eval.scalar) return Differs("expected a scalar, got a matrix");
  return CompareMatrix(eval.series, *matrix, eval.range);
}

bool TextMatches(const ExpectedText& expected, std::string_view text) {
  switch (expected.kind) {
    case ExpectedText::Kind::kAny:
      return true;
    case ExpectedText::Kind::kExact:
      return text == expected.text;
    case ExpectedText::Kind::kRegex:
      break;
  }
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expected.text);
}

}  // namespace sloburn::cli
