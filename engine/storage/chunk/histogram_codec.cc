// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/histogram_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "base/same_bits.h"
#include "engine/storage/chunk/runs.h"

namespace sloburn::chunk {
namespace {

constexpr uint8_t kHintMask = 3, kHasLayout = 4, kHasDoubles = 8, kIsEqual = 16;
constexpr uint8_t kHeadMask = kHintMask | kHasLayout | kHasDoubles | kIsEqual;

bool SameLayout(const BucketSide& a, const BucketSide& b) {
  return a.spans == b.spans && a.counts.size() == b.counts.size();
}
bool SameLayout(const Histogram& a, const Histogram& b) {
  return a.schema == b.schema && SameBits(a.zero_threshold, b.zero_threshold) &&
         SameBits(a.custom_values, b.custom_values) && SameLayout(a.positive, b.positive) &&
         SameLayout(a.negative, b.negative);
}

bool IsEqual(const Histogram& a, const Histogram& b) {
  return a.reset_hint == b.reset_hint && SameLayout(a, b) && SameBits(a.sum, b.sum) &&
         SameBits(a.count, b.count) && SameBits(a.zero_count, b.zero_count) &&
         SameBits(a.positive.counts, b.positive.counts) &&
         SameBits(a.negative.counts, b.negative.counts);
}

// What an unwritten layout takes beside the counts.
size_t RepeatedSize(const Histogram& histogram) {
  return histogram.custom_values.size() + histogram.positive.spans.size() +
         histogram.negative.spans.size();
}

// Every count of a histogram, in the order of the format.
template <typename AnyHistogram, typename Function>
void ForEachCount(AnyHistogram& histogram, Function function) {
  function(histogram.zero_count);
  function(histogram.count);
  for (auto& count : histogram.positive.counts) function(count);
  for (auto& count : histogram.negative.counts) function(count);
}

size_t CountsOf(const Histogram& histogram) {
  return 2 + histogram.positive.counts.size() + histogram.negative.counts.size();
}

bool IsIntegral(double count) {
  return std::fabs(count) < 0x1p53 &&
         SameBits(count, static_cast<double>(static_cast<int64_t>(count)));
}

bool HasIntegralCounts(const Histogram& histogram) {
  bool is_integral = true;
  ForEachCount(histogram, [&](double count) { is_integral = is_integral && IsIntegral(count); });
  return is_integral;
}

void WriteSideLayout(const BucketSide& side, ByteWriter& writer) {
  writer.Varint(side.spans.size());
  for (const BucketSpan& span : side.spans) {
    writer.Signed(span.offset);
    writer.Varint(span.length);
  }
  writer.Varint(side.counts.size());
}

void WriteLayout(const Histogram& histogram, ByteWriter& writer) {
  writer.Signed(histogram.schema);
  writer.Word(std::bit_cast<uint64_t>(histogram.zero_threshold));
  writer.Varint(histogram.custom_values.size());
  for (const double bound : histogram.custom_values) writer.Word(std::bit_cast<uint64_t>(bound));
  WriteSideLayout(histogram.positive, writer);
  WriteSideLayout(histogram.negative, writer);
}

// Numbers of the format as int32 or uint32; others are malformed.
template <typename Number>
Number Narrow(ByteReader& in, auto number) {
  const auto narrow = static_cast<Number>(number);
  if (narrow != number) in.Fail();
  return narrow;
}

void ReadSideLayout(ByteReader& in, BucketSide& side) {
  const uint64_t spans = in.Varint();
  if (spans > in.left() / 2) return in.Fail();
  side.spans.resize(spans);
  for (BucketSpan& span : side.spans) {
    span.offset = Narrow<int32_t>(in, in.Signed());
    span.length = Narrow<uint32_t>(in, in.Varint());
  }
  const uint64_t counts = in.Varint();
  if (counts > in.left()) return in.Fail();  // each takes a byte
  side.counts.resize(counts);
}

void ReadLayout(ByteReader& in, Histogram& histogram) {
  histogram.schema = Narrow<int32_t>(in, in.Signed());
  histogram.zero_threshold = std::bit_cast<double>(in.Word());
  const uint64_t bounds = in.Varint();
  if (bounds > in.left() / sizeof(uint64_t)) return in.Fail();
  histogram.custom_values.resize(bounds);
  for (double& bound : histogram.custom_values) bound = std::bit_cast<double>(in.Word());
  ReadSideLayout(in, histogram.positive);
  ReadSideLayout(in, histogram.negative);
}

// What reader and writer know of the histogram before.
struct Previous {
  HistogramPtr histogram = nullptr;
  std::vector<int64_t> counts;  // zeros where they were doubles
  size_t repeated = 0;          // spans and custom values of all unwritten layouts
};

void WriteOne(const HistogramPtr& histogram, Previous& previous, std::string& out) {
  ByteWriter writer(out);
  const auto hint = static_cast<uint8_t>(histogram->reset_hint);
  const HistogramPtr before = std::exchange(previous.histogram, histogram);
  if (before != nullptr && IsEqual(*histogram, *before)) return writer.Byte(hint | kIsEqual);
  const size_t repeated = previous.repeated + RepeatedSize(*histogram);
  const bool has_layout =
      before == nullptr || repeated > kMaxRepeated || !SameLayout(*histogram, *before);
  const bool has_doubles = !HasIntegralCounts(*histogram);
  writer.Byte(
      static_cast<uint8_t>(hint | (has_layout ? kHasLayout : 0) | (has_doubles ? kHasDoubles : 0)));
  if (has_layout) {
    WriteLayout(*histogram, writer);
  } else {
    previous.repeated = repeated;
  }
  writer.Word(std::bit_cast<uint64_t>(histogram->sum));
  if (has_layout || has_doubles) previous.counts.assign(CountsOf(*histogram), 0);
  size_t i = 0;
  ForEachCount(*histogram, [&](double count) {
    if (has_doubles) return writer.Word(std::bit_cast<uint64_t>(count));
    const auto integer = static_cast<int64_t>(count);
    writer.Signed(integer - std::exchange(previous.counts[i++], integer));
  });
}

void ReadCounts(ByteReader& in, bool has_doubles, Previous& previous, Histogram& histogram) {
  size_t i = 0;
  ForEachCount(histogram, [&](double& count) {
    if (has_doubles) {
      count = std::bit_cast<double>(in.Word());
      return;
    }
    const auto before = static_cast<uint64_t>(previous.counts[i]);
    previous.counts[i] = static_cast<int64_t>(before + static_cast<uint64_t>(in.Signed()));
    count = static_cast<double>(previous.counts[i++]);
  });
}

// The layout of the histogram before, whose counts are to be read.
void RepeatLayout(ByteReader& in, Previous& previous, Histogram& histogram) {
  const Histogram& before = *previous.histogram;
  previous.repeated += RepeatedSize(before);
  if (previous.repeated > kMaxRepeated || CountsOf(before) > in.left()) return in.Fail();
  histogram = before;
}

// Null where `in` fails.
HistogramPtr ReadOne(ByteReader& in, Previous& previous) {
  const uint8_t head = in.Byte();
  const bool has_layout = (head & kHasLayout) != 0, has_doubles = (head & kHasDoubles) != 0;
  const bool is_equal = (head & kIsEqual) != 0;
  const bool is_known = (head & ~kHeadMask) == 0 && !(is_equal && (has_layout || has_doubles));
  if (!is_known || (previous.histogram == nullptr && !has_layout)) in.Fail();
  if (in.failed()) return nullptr;
  const CounterResetHint hint{static_cast<uint8_t>(head & kHintMask)};
  if (is_equal) {
    if (hint != previous.histogram->reset_hint) in.Fail();
    return in.failed() ? nullptr : previous.histogram;
  }
  auto histogram = std::make_shared<Histogram>();
  if (has_layout) {
    ReadLayout(in, *histogram);
  } else {
    RepeatLayout(in, previous, *histogram);
  }
  if (in.failed()) return nullptr;
  histogram->reset_hint = hint;
  histogram->sum = std::bit_cast<double>(in.Word());
  if (has_layout || has_doubles) previous.counts.assign(CountsOf(*histogram), 0);
  ReadCounts(in, has_doubles, previous, *histogram);
  return in.failed() ? nullptr : histogram;
}

}  // namespace

void WriteHistograms(const HistogramPtr* histograms, size_t size, std::string& out) {
  std::vector<uint64_t> presence(size);
  for (size_t i = 0; i < size; ++i) presence[i] = histograms[i] != nullptr;
  ByteWriter(out).Byte(static_cast<uint8_t>(presence[0]));
  WriteRuns(RunStarts(presence.data(), size), size, out);
  Previous previous;
  for (size_t i = 0; i < size; ++i) {
    if (histograms[i] != nullptr) WriteOne(histograms[i], previous, out);
  }
}

void ReadHistograms(ByteReader& in, size_t size, HistogramPtr* histograms) {
  const uint8_t first = in.Byte();
  if (first > 1) in.Fail();
  const std::vector<size_t> runs = ReadRuns(in, size);
  Previous previous;
  for (size_t run = 0; run < runs.size(); ++run) {
    if ((first + run) % 2 == 0) continue;
    const size_t end = run + 1 < runs.size() ? runs[run + 1] : size;
    for (size_t i = runs[run]; i < end; ++i) {
      histograms[i] = ReadOne(in, previous);
      if (in.failed()) return;
      previous.histogram = histograms[i];
    }
  }
}

}  // namespace sloburn::chunk
