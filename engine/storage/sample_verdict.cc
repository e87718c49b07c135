// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/sample_verdict.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/float_text.h"
#include "base/same_bits.h"
#include "engine/model/stale.h"

namespace sloburn {
namespace {

bool SameValue(const Newest& a, double value, const HistogramPtr& histogram) {
  if (a.histogram == nullptr || histogram == nullptr) {
    return a.histogram == histogram && SameBits(a.value, value);
  }
  return *a.histogram == *histogram;
}

CounterResetHint StoredHint(const Newest& before, bool has_before, const Histogram& histogram) {
  using Hint = CounterResetHint;
  if (histogram.reset_hint == Hint::kGauge) return Hint::kGauge;
  if (!has_before || before.histogram == nullptr || histogram.reset_hint == Hint::kReset) {
    return Hint::kUnknown;
  }
  const Histogram& previous = *before.histogram;
  const bool goes_on = previous.reset_hint != Hint::kGauge && !IsStale(previous.sum) &&
                       histogram.schema == previous.schema &&
                       histogram.zero_threshold == previous.zero_threshold &&
                       histogram.custom_values == previous.custom_values;
  if (!goes_on) return Hint::kUnknown;
  if (histogram.reset_hint == Hint::kUnknown) {
    return histogram.DetectReset(previous) ? Hint::kUnknown : Hint::kNotReset;
  }
  Histogram unhinted = histogram;
  unhinted.reset_hint = Hint::kUnknown;
  return unhinted.DetectReset(previous) ? Hint::kUnknown : Hint::kNotReset;
}

}  // namespace

Verdict Judge(const Newest& newest, int64_t timestamp_ms, double value,
              const HistogramPtr& histogram) {
  if (timestamp_ms > newest.timestamp_ms) return Verdict::kAccept;
  if (timestamp_ms < newest.timestamp_ms) return Verdict::kOutOfOrder;
  return SameValue(newest, value, histogram) ? Verdict::kIgnore : Verdict::kDuplicate;
}

absl::Status Refusal(Verdict verdict, const Newest& newest, int64_t timestamp_ms, double value,
                     const HistogramPtr& histogram) {
  if (verdict == Verdict::kOutOfOrder) return absl::OutOfRangeError("out of order sample");
  if (verdict == Verdict::kTooOld) return absl::OutOfRangeError("too old sample");
  std::string text = "duplicate sample for timestamp";
  if (histogram == nullptr && timestamp_ms != 0) {
    absl::StrAppend(&text, " ", timestamp_ms, "; overrides not allowed: existing ",
                    newest.histogram != nullptr ? "is a histogram" : FormatFloatG(newest.value),
                    ", new value ", FormatFloatG(value));
  }
  return absl::AlreadyExistsError(text);
}

HistogramPtr WithStoredHint(HistogramPtr histogram, const Newest& before, bool has_before) {
  const CounterResetHint hint = StoredHint(before, has_before, *histogram);
  if (histogram->reset_hint == hint) return histogram;
  auto copy = std::make_shared<Histogram>(*histogram);
  copy->reset_hint = hint;
  return copy;
}

}  // namespace sloburn
