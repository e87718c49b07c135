// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/histogram_chunk_encode.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "base/check.h"
#include "engine/model/histogram.h"
#include "engine/model/stale.h"
#include "engine/remote/bit_writer.h"

namespace sloburn::remote {
namespace {

// The highest bits of the flags.
enum ResetFlag : uint64_t { kUnknown = 0b00, kNotReset = 0b01, kReset = 0b10, kGauge = 0b11 };

ResetFlag FlagOf(const Histogram& first) {
  switch (first.reset_hint) {
    case CounterResetHint::kReset:
      return kReset;
    case CounterResetHint::kNotReset:
      return kNotReset;
    case CounterResetHint::kGauge:
      return kGauge;
    case CounterResetHint::kUnknown:
      break;
  }
  return kUnknown;
}

bool IsGauge(const Histogram& histogram) {
  return histogram.reset_hint == CounterResetHint::kGauge;
}

bool HaveSameLayout(const Histogram& a, const Histogram& b) {
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold &&
         a.positive.spans == b.positive.spans && a.negative.spans == b.negative.spans &&
         a.custom_values == b.custom_values;
}

bool CanFollow(const Histogram& next, const Histogram& before) {
  if (IsGauge(next) != IsGauge(before)) return false;
  if (IsStale(next.sum)) return next.reset_hint != CounterResetHint::kReset;
  if (IsStale(before.sum) || !HaveSameLayout(next, before)) return false;
  return IsGauge(next) || !next.DetectReset(before);
}

// Powers of two of usual size take one byte.
void WriteZeroThreshold(BitWriter& out, double threshold) {
  if (threshold == 0) return out.Bits(0, 8);
  int exponent = 0;
  const double fraction = std::frexp(threshold, &exponent);
  if (fraction == 0.5 && exponent >= -242 && exponent <= 11) {
    return out.Bits(static_cast<uint64_t>(exponent + 243), 8);
  }
  out.Bits(255, 8);
  out.Bits(std::bit_cast<uint64_t>(threshold), 64);
}

void WriteSpans(BitWriter& out, const std::vector<BucketSpan>& spans) {
  out.VarbitUint(spans.size());
  for (const BucketSpan& span : spans) {
    out.VarbitUint(span.length);
    out.VarbitInt(span.offset);
  }
}

// Whole thousandths are short.
void WriteCustomBound(BitWriter& out, double bound) {
  constexpr double kMostThousandths = 33'554'430;
  const double thousandths = bound * 1000;
  if (thousandths >= 0 && thousandths <= kMostThousandths &&
      std::round(thousandths) / 1000 == bound) {
    return out.VarbitUint(static_cast<uint64_t>(std::round(thousandths)) + 1);
  }
  out.Bits(0, 1);
  out.Bits(std::bit_cast<uint64_t>(bound), 64);
}

void WriteLayout(BitWriter& out, const Histogram& histogram) {
  WriteZeroThreshold(out, histogram.zero_threshold);
  out.VarbitInt(histogram.schema);
  WriteSpans(out, histogram.positive.spans);
  WriteSpans(out, histogram.negative.spans);
  if (!histogram.uses_custom_buckets()) return;
  out.VarbitUint(histogram.custom_values.size());
  for (const double bound : histogram.custom_values) WriteCustomBound(out, bound);
}

// A number of the samples, from one to the next.
class Column {
 public:
  void Write(BitWriter& out, double value, bool is_first) {
    const auto bits = std::bit_cast<uint64_t>(value);
    if (is_first) {
      out.Bits(bits, 64);
    } else {
      window_.Write(out, bits_, bits);
    }
    bits_ = bits;
  }

 private:
  uint64_t bits_ = 0;
  XorWindow window_;
};

struct Columns {
  Column count, zero_count, sum;
  std::vector<Column> positive, negative;

  void Write(BitWriter& out, const Histogram& histogram, bool is_first) {
    count.Write(out, histogram.count, is_first);
    zero_count.Write(out, histogram.zero_count, is_first);
    sum.Write(out, histogram.sum, is_first);
    WriteSide(out, histogram.positive, positive, is_first);
    WriteSide(out, histogram.negative, negative, is_first);
  }

 private:
  static void WriteSide(BitWriter& out, const BucketSide& side, std::vector<Column>& columns,
                        bool is_first) {
    if (is_first) columns.resize(side.counts.size());
    for (size_t i = 0; i < side.counts.size(); ++i) {
      columns[i].Write(out, side.counts[i], is_first);
    }
  }
};

}  // namespace

size_t HistogramRun(const HistogramPtr* histograms, size_t count) {
  size_t run = 1;
  while (run < count && CanFollow(*histograms[run], *histograms[run - 1])) ++run;
  return run;
}

std::string EncodeHistogramChunk(const int64_t* timestamps, const HistogramPtr* histograms,
                                 size_t count) {
  CHECK(count >= 1 && count <= std::numeric_limits<uint16_t>::max());
  BitWriter out;
  out.Bits(count, 16);
  out.Bits(FlagOf(*histograms[0]), 2);
  out.Bits(0, 6);
  Columns columns;
  uint64_t delta = 0;
  for (size_t i = 0; i < count; ++i) {
    // Of a staleness marker only the sum is told, and with it nothing of a layout.
    Histogram marker;
    marker.sum = histograms[i]->sum;
    const Histogram& histogram = IsStale(histograms[i]->sum) ? marker : *histograms[i];
    if (i == 0) {
      WriteLayout(out, histogram);
      out.VarbitInt(timestamps[0]);
    } else {
      const uint64_t next =
          static_cast<uint64_t>(timestamps[i]) - static_cast<uint64_t>(timestamps[i - 1]);
      out.VarbitInt(static_cast<int64_t>(next - delta));
      delta = next;
    }
    columns.Write(out, histogram, i == 0);
  }
  return out.Take();
}

}  // namespace sloburn::remote
