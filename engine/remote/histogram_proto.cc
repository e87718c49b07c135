// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/histogram_proto.h"

#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/histogram.h"
#include "engine/model/histogram_validation.h"
#include "engine/remote/proto_fields.h"

namespace sloburn::remote {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

// prometheus.Histogram's fields.
enum Field : uint32_t {
  kCountInt = 1, kCountFloat = 2, kSum = 3, kSchema = 4, kZeroThreshold = 5,
  kZeroCountInt = 6, kZeroCountFloat = 7,
  kNegativeSpans = 8, kNegativeDeltas = 9, kNegativeCounts = 10,
  kPositiveSpans = 11, kPositiveDeltas = 12, kPositiveCounts = 13,
  kResetHint = 14, kTimestamp = 15, kCustomValues = 16, kStartTimestamp = 17,
};

void WriteSpans(protozero::pbf_writer& message, uint32_t field, const BucketSide& side) {
  for (const BucketSpan& span : side.spans) {
    protozero::pbf_writer wire(message, field);
    wire.add_sint32(1, span.offset);
    wire.add_uint32(2, span.length);
  }
}

BucketSpan ReadSpan(pbf_reader wire) {
  BucketSpan span;
  while (wire.next()) {
    switch (wire.tag()) {
      case 1:
        Expect(wire, pbf_wire_type::varint);
        span.offset = wire.get_sint32();
        break;
      case 2: span.length = ReadUint32(wire); break;
      default: wire.skip();
    }
  }
  return span;
}

// Packed, or one by one.
void ReadDoubles(pbf_reader& wire, std::vector<double>& values) {
  if (wire.wire_type() == pbf_wire_type::fixed64) {
    values.push_back(wire.get_double());
    return;
  }
  Expect(wire, pbf_wire_type::length_delimited);
  for (const double value : wire.get_packed_double()) values.push_back(value);
}

// Counts that came as differences, for which there is no room in a Histogram.
struct Deltas {
  std::vector<double> counts;
  int64_t last = 0;
};

void ReadDeltas(pbf_reader& wire, Deltas& deltas) {
  const auto take = [&](int64_t delta) {
    deltas.last =
        static_cast<int64_t>(static_cast<uint64_t>(deltas.last) + static_cast<uint64_t>(delta));
    deltas.counts.push_back(static_cast<double>(deltas.last));
  };
  if (wire.wire_type() == pbf_wire_type::varint) return take(wire.get_sint64());
  Expect(wire, pbf_wire_type::length_delimited);
  for (const int64_t delta : wire.get_packed_sint64()) take(delta);
}

struct Reading {
  Histogram histogram;
  int64_t timestamp_ms = 0, start_ms = 0;
  // Of several counts the last says what it is, as with every `oneof`.
  bool is_float = false, is_zero_float = false;
  Deltas positive, negative;
};

double ReadCount(pbf_reader& wire, bool is_float) {
  if (is_float) return ReadDouble(wire);
  Expect(wire, pbf_wire_type::varint);
  return static_cast<double>(wire.get_uint64());
}

void ReadSpans(pbf_reader& wire, BucketSide& side) {
  side.spans.push_back(ReadSpan(ReadMessage(wire)));
}

void ReadField(pbf_reader& wire, Reading& reading) {
  Histogram& h = reading.histogram;
  switch (wire.tag()) {
    case kCountInt:
    case kCountFloat:
      reading.is_float = wire.tag() == kCountFloat;
      h.count = ReadCount(wire, reading.is_float);
      return;
    case kZeroCountInt:
    case kZeroCountFloat:
      reading.is_zero_float = wire.tag() == kZeroCountFloat;
      h.zero_count = ReadCount(wire, reading.is_zero_float);
      return;
    case kSum: h.sum = ReadDouble(wire); return;
    case kZeroThreshold: h.zero_threshold = ReadDouble(wire); return;
    case kSchema:
      Expect(wire, pbf_wire_type::varint);
      h.schema = wire.get_sint32();
      return;
    case kNegativeSpans: return ReadSpans(wire, h.negative);
    case kPositiveSpans: return ReadSpans(wire, h.positive);
    case kNegativeDeltas: return ReadDeltas(wire, reading.negative);
    case kPositiveDeltas: return ReadDeltas(wire, reading.positive);
    case kNegativeCounts: return ReadDoubles(wire, h.negative.counts);
    case kPositiveCounts: return ReadDoubles(wire, h.positive.counts);
    case kCustomValues: return ReadDoubles(wire, h.custom_values);
    case kResetHint: {
      const int32_t hint = ReadEnum(wire);
      if (hint >= 0 && hint <= 3) h.reset_hint = static_cast<CounterResetHint>(hint);
      return;
    }
    case kTimestamp: reading.timestamp_ms = ReadInt64(wire); return;
    case kStartTimestamp: reading.start_ms = ReadInt64(wire); return;
    default: wire.skip();
  }
}

// Of a kind of histogram, what belongs to the other kind has no meaning.
void ChooseCounts(Reading& reading) {
  Histogram& h = reading.histogram;
  if (reading.is_float != reading.is_zero_float) h.zero_count = 0;
  if (reading.is_float) return;
  h.positive.counts = std::move(reading.positive.counts);
  h.negative.counts = std::move(reading.negative.counts);
}

absl::Status CheckReducible(const BucketSide& side) {
  constexpr std::string_view kMismatch =
      ": histogram spans specify different number of buckets than provided";
  uint64_t needed = 0;
  for (size_t i = 0; i < side.spans.size(); ++i) {
    if (i > 0 && side.spans[i].offset < 0) {
      return absl::InvalidArgumentError(StrCat("span number ", i + 1, " with offset ",
                                               side.spans[i].offset,
                                               ": histogram has a span whose offset is negative"));
    }
    needed += side.spans[i].length;
    if (needed > side.counts.size()) {
      return absl::InvalidArgumentError(StrCat("have ", side.counts.size(),
                                               " buckets but spans need more", kMismatch));
    }
  }
  if (needed == side.counts.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("spans need ", needed, " buckets, have ",
                                           side.counts.size(), " buckets", kMismatch));
}

absl::Status CheckAndReduce(Histogram& h) {
  if (!IsFinerThanKnown(h.schema)) return absl::OkStatus();
  RETURN_IF_ERROR(CheckReducible(h.positive));
  RETURN_IF_ERROR(CheckReducible(h.negative));
  h.ReduceResolution(kMaxExponentialSchema);
  return absl::OkStatus();
}

}  // namespace

void WriteHistogram(protozero::pbf_writer& message, const HistogramSample& sample) {
  const Histogram& h = *sample.histogram;
  message.add_double(kCountFloat, h.count);
  message.add_double(kSum, h.sum);
  message.add_sint32(kSchema, h.schema);
  message.add_double(kZeroThreshold, h.zero_threshold);
  message.add_double(kZeroCountFloat, h.zero_count);
  WriteSpans(message, kNegativeSpans, h.negative);
  message.add_packed_double(kNegativeCounts, h.negative.counts.begin(), h.negative.counts.end());
  WriteSpans(message, kPositiveSpans, h.positive);
  message.add_packed_double(kPositiveCounts, h.positive.counts.begin(), h.positive.counts.end());
  message.add_enum(kResetHint, static_cast<int32_t>(h.reset_hint));
  message.add_int64(kTimestamp, sample.timestamp_ms);
  message.add_packed_double(kCustomValues, h.custom_values.begin(), h.custom_values.end());
}

WrittenHistogram ReadHistogram(protozero::pbf_reader message) {
  Reading reading;
  while (message.next()) ReadField(message, reading);
  ChooseCounts(reading);
  Histogram& h = reading.histogram;
  absl::Status verdict = CheckAndReduce(h);
  if (verdict.ok()) verdict = ValidateHistogram(h, !reading.is_float);
  HistogramPtr histogram =
      verdict.ok() ? std::make_shared<const Histogram>(std::move(h)) : nullptr;
  return {{reading.timestamp_ms, std::move(histogram)}, reading.start_ms, std::move(verdict)};
}

}  // namespace sloburn::remote
