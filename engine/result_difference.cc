// SPDX-License-Identifier: Apache-2.0
#include "engine/result_difference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/float_text.h"
#include "base/same_bits.h"
#include "engine/model/histogram.h"

namespace sloburn::engine {
namespace {

// What two floats may differ by, relative to the larger one.
using Tolerance = double;

bool IsSame(double a, double b, Tolerance relative) {
  if (SameBits(a, b)) return true;
  return relative > 0 && std::fabs(a - b) <= relative * std::max(std::fabs(a), std::fabs(b));
}

bool IsSame(const HistogramPtr& a, const HistogramPtr& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return *a == *b && a->reset_hint == b->reset_hint;
}

bool IsSame(const Sample& a, const Sample& b, Tolerance relative) {
  return a.timestamp_ms == b.timestamp_ms && IsSame(a.value, b.value, relative);
}

bool IsSame(const HistogramSample& a, const HistogramSample& b, Tolerance) {
  return a.timestamp_ms == b.timestamp_ms && IsSame(a.histogram, b.histogram);
}

std::string ShowFloats(double a, double b) {
  return absl::StrCat(FormatFloatG(a), " (", absl::Hex(std::bit_cast<uint64_t>(a)), ") and ",
                      FormatFloatG(b), " (", absl::Hex(std::bit_cast<uint64_t>(b)), ")");
}

std::string Difference(const ScalarResult& a, const ScalarResult& b, Tolerance relative) {
  const bool is_same = a.timestamp_ms == b.timestamp_ms && IsSame(a.value, b.value, relative);
  return is_same ? "" : ShowFloats(a.value, b.value);
}

std::string Difference(const StringResult& a, const StringResult& b, Tolerance) {
  const bool is_same = a.timestamp_ms == b.timestamp_ms && a.value == b.value;
  return is_same ? "" : absl::StrCat(a.value, " and ", b.value);
}

std::string Difference(const SeriesSample& a, const SeriesSample& b, Tolerance relative) {
  const bool is_same_value = a.histogram == nullptr ? IsSame(a.value, b.value, relative) : true;
  if (a.timestamp_ms == b.timestamp_ms && IsSame(a.histogram, b.histogram) && is_same_value) {
    return "";
  }
  return absl::StrCat("at ", a.timestamp_ms, ": ", ShowFloats(a.value, b.value));
}

std::string Show(const Sample& a, const Sample& b) { return ShowFloats(a.value, b.value); }
std::string Show(const HistogramSample&, const HistogramSample&) { return "histograms"; }

template <typename OneSample>
std::string Difference(const std::vector<OneSample>& a, const std::vector<OneSample>& b,
                       Tolerance relative) {
  if (a.size() != b.size()) return absl::StrCat(a.size(), " and ", b.size(), " samples");
  for (size_t i = 0; i < a.size(); ++i) {
    if (!IsSame(a[i], b[i], relative))
      return absl::StrCat("sample ", i, " at ", a[i].timestamp_ms, ": ", Show(a[i], b[i]));
  }
  return "";
}

std::string Difference(const SeriesSamples& a, const SeriesSamples& b, Tolerance relative) {
  const std::string floats = Difference(a.samples, b.samples, relative);
  return floats.empty() ? Difference(a.histograms, b.histograms, relative) : floats;
}

template <typename Series>
std::string SeriesDifference(const std::vector<Series>& a, const std::vector<Series>& b,
                             Tolerance relative) {
  if (a.size() != b.size()) return absl::StrCat(a.size(), " and ", b.size(), " series");
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(a[i].labels == b[i].labels)) {
      return absl::StrCat("series ", i, ": ", a[i].labels.ToString(), " and ",
                          b[i].labels.ToString());
    }
    const std::string difference = Difference(a[i], b[i], relative);
    if (!difference.empty()) return absl::StrCat(a[i].labels.ToString(), ": ", difference);
  }
  return "";
}

std::string Difference(const InstantVector& a, const InstantVector& b, Tolerance relative) {
  return SeriesDifference(a, b, relative);
}

std::string Difference(const Matrix& a, const Matrix& b, Tolerance relative) {
  return SeriesDifference(a, b, relative);
}

}  // namespace

std::string DescribeDifference(const absl::StatusOr<QueryResult>& a,
                               const absl::StatusOr<QueryResult>& b, double relative) {
  if (!a.ok() || !b.ok()) {
    if (a.status() == b.status()) return "";
    return absl::StrCat(a.status().ToString(), " and ", b.status().ToString());
  }
  if (a->value.index() != b->value.index()) return "results of two kinds";
  return std::visit(
      [&](const auto& value) {
        return Difference(value, std::get<std::decay_t<decltype(value)>>(b->value), relative);
      },
      a->value);
}

}  // namespace sloburn::engine
