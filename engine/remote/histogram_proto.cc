// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/histogram_proto.h"

#include "base/status_macros.h"
#include "engine/model/histogram.h"
#include "engine/model/histogram_merge.h"
#include "engine/model/histogram_validation.h"
#include "engine/model/stale.h"

namespace sloburn::remote {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr int32_t kFinestOnTheWire = 52;

// prometheus.Histogram's fields.
enum Field : uint32_t {
  kCountInt = 1, kCountFloat = 2, kSum = 3, kSchema = 4, kZeroThreshold = 5,
  kZeroCountInt = 6, kZeroCountFloat = 7,
  kNegativeSpans = 8, kNegativeDeltas = 9, kNegativeCounts = 10,
  kPositiveSpans = 11, kPositiveDeltas = 12, kPositiveCounts = 13,
  kResetHint = 14, kTimestamp = 15, kCustomValues = 16,
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
    if (wire.wire_type() == pbf_wire_type::varint && wire.tag() == 1) {
      span.offset = wire.get_sint32();
    } else if (wire.wire_type() == pbf_wire_type::varint && wire.tag() == 2) {
      span.length = wire.get_uint32();
    } else {
      wire.skip();
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
  for (const double value : wire.get_packed_double()) values.push_back(value);
}

void ReadDeltas(pbf_reader& wire, std::vector<double>& counts, int64_t& last) {
  const auto take = [&](int64_t delta) {
    last = static_cast<int64_t>(static_cast<uint64_t>(last) + static_cast<uint64_t>(delta));
    counts.push_back(static_cast<double>(last));
  };
  if (wire.wire_type() == pbf_wire_type::varint) return take(wire.get_sint64());
  for (const int64_t delta : wire.get_packed_sint64()) take(delta);
}

struct Reading {
  Histogram histogram;
  int64_t timestamp_ms = 0;
  bool has_integer_counts = false;
  int64_t last_positive = 0, last_negative = 0;  // of the deltas
};

void Expect(const pbf_reader& wire, pbf_wire_type type) {
  if (wire.wire_type() != type) throw protozero::unknown_pbf_wire_type_exception{};
}

void ReadCount(pbf_reader& wire, bool is_integer, double& count) {
  Expect(wire, is_integer ? pbf_wire_type::varint : pbf_wire_type::fixed64);
  count = is_integer ? static_cast<double>(wire.get_uint64()) : wire.get_double();
}

void ReadField(pbf_reader& wire, Reading& reading) {
  Histogram& h = reading.histogram;
  switch (wire.tag()) {
    case kCountInt:
    case kCountFloat:
      reading.has_integer_counts = wire.tag() == kCountInt;
      return ReadCount(wire, reading.has_integer_counts, h.count);
    case kZeroCountInt: return ReadCount(wire, true, h.zero_count);
    case kZeroCountFloat: return ReadCount(wire, false, h.zero_count);
    case kSum: return ReadCount(wire, false, h.sum);
    case kZeroThreshold: return ReadCount(wire, false, h.zero_threshold);
    case kSchema:
      Expect(wire, pbf_wire_type::varint);
      h.schema = wire.get_sint32();
      return;
    case kNegativeSpans:
    case kPositiveSpans: {
      Expect(wire, pbf_wire_type::length_delimited);
      BucketSide& side = wire.tag() == kNegativeSpans ? h.negative : h.positive;
      side.spans.push_back(ReadSpan(wire.get_message()));
      return;
    }
    case kNegativeDeltas: return ReadDeltas(wire, h.negative.counts, reading.last_negative);
    case kPositiveDeltas: return ReadDeltas(wire, h.positive.counts, reading.last_positive);
    case kNegativeCounts: return ReadDoubles(wire, h.negative.counts);
    case kPositiveCounts: return ReadDoubles(wire, h.positive.counts);
    case kCustomValues: return ReadDoubles(wire, h.custom_values);
    case kResetHint: {
      Expect(wire, pbf_wire_type::varint);
      const int32_t hint = wire.get_enum();
      if (hint >= 0 && hint <= 3) h.reset_hint = static_cast<CounterResetHint>(hint);
      return;
    }
    case kTimestamp:
      Expect(wire, pbf_wire_type::varint);
      reading.timestamp_ms = wire.get_int64();
      return;
    default: wire.skip();
  }
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

absl::StatusOr<HistogramSample> ReadHistogram(protozero::pbf_reader message) {
  Reading reading;
  while (message.next()) ReadField(message, reading);
  Histogram& h = reading.histogram;
  if (h.schema > kMaxExponentialSchema && h.schema <= kFinestOnTheWire) {
    h.positive = ReducedSide(h.positive, h.schema, kMaxExponentialSchema);
    h.negative = ReducedSide(h.negative, h.schema, kMaxExponentialSchema);
    h.schema = kMaxExponentialSchema;
  }
  // A staleness marker has a sum and nothing else.
  if (!IsStale(h.sum)) RETURN_IF_ERROR(ValidateHistogram(h, reading.has_integer_counts));
  return HistogramSample{reading.timestamp_ms,
                         std::make_shared<const Histogram>(std::move(h))};
}

}  // namespace sloburn::remote
