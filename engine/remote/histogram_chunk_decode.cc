// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/histogram_chunk_decode.h"

#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/histogram.h"
#include "engine/model/histogram_validation.h"
#include "engine/model/stale.h"
#include "engine/remote/bit_reader.h"

namespace sloburn::remote {
namespace {

constexpr size_t kHeaderBytes = 3;
constexpr int kGaugeFlag = 0b11;

double ReadZeroThreshold(BitReader& in) {
  const auto exponent = static_cast<int>(in.Bits(8));
  if (exponent == 0) return 0;
  if (exponent == 255) return std::bit_cast<double>(in.Bits(64));
  return std::ldexp(0.5, exponent - 243);
}

double ReadCustomBound(BitReader& in) {
  const uint64_t thousandths = ReadVarbitUint(in);
  if (thousandths == 0) return std::bit_cast<double>(in.Bits(64));
  return static_cast<double>(thousandths - 1) / 1000;
}

// The counts get their size, of which each bucket of the first sample takes `bits` at least.
bool ReadSpans(BitReader& in, int bits, BucketSide& side) {
  uint64_t buckets = 0;
  for (uint64_t spans = ReadVarbitUint(in); spans > 0 && !in.failed(); --spans) {
    const uint64_t length = ReadVarbitUint(in);
    const int64_t offset = ReadVarbitInt(in);
    buckets += length;
    if (length > std::numeric_limits<uint32_t>::max() || buckets > in.BitsLeft() / bits ||
        offset != static_cast<int32_t>(offset) || side.spans.size() >= kMaxChunkBuckets) {
      return false;
    }
    side.spans.push_back({static_cast<int32_t>(offset), static_cast<uint32_t>(length)});
  }
  if (in.failed()) return false;
  side.counts.resize(buckets);
  return true;
}

bool ReadLayout(BitReader& in, int bits, Histogram& layout) {
  layout.zero_threshold = ReadZeroThreshold(in);
  layout.schema = static_cast<int32_t>(ReadVarbitInt(in));
  if (!ReadSpans(in, bits, layout.positive) || !ReadSpans(in, bits, layout.negative)) return false;
  if (!layout.uses_custom_buckets()) return true;
  for (uint64_t bounds = ReadVarbitUint(in); bounds > 0 && !in.failed(); --bounds) {
    if (layout.custom_values.size() >= kMaxChunkBuckets) return false;
    layout.custom_values.push_back(ReadCustomBound(in));
  }
  return !in.failed();
}

// A whole number and how it grows; both wrap as Go's do.
struct WholeNumber {
  uint64_t value = 0, delta = 0;

  void Read(BitReader& in, bool is_first) {
    const auto number = static_cast<uint64_t>(ReadVarbitInt(in));
    if (is_first) {
      value = number;
      return;
    }
    delta += number;
    value += delta;
  }
};

bool ReadDouble(BitReader& in, ValueState& value, bool is_first) {
  if (!is_first) return ReadXorValue(in, value);
  value.bits = in.Bits(64);
  return true;
}

// The numbers of a chunk of whole counts.
struct WholeNumbers {
  static constexpr int kLeastBits = 1;  // of a bucket in the first sample
  static constexpr bool kIsWhole = true;

  WholeNumber count, zero_count;
  ValueState sum;
  std::vector<WholeNumber> positive, negative;

  bool ReadHead(BitReader& in, bool is_first, Histogram& to) {
    if (is_first) {
      count.value = ReadVarbitUint(in);
      zero_count.value = ReadVarbitUint(in);
    } else {
      count.Read(in, false);
      zero_count.Read(in, false);
    }
    to.count = static_cast<double>(count.value);
    to.zero_count = static_cast<double>(zero_count.value);
    if (!ReadDouble(in, sum, is_first)) return false;
    to.sum = std::bit_cast<double>(sum.bits);
    return true;
  }

  static bool ReadSide(BitReader& in, bool is_first, std::vector<WholeNumber>& numbers,
                       BucketSide& to) {
    numbers.resize(to.counts.size());
    uint64_t total = 0;
    for (size_t i = 0; i < numbers.size(); ++i) {
      numbers[i].Read(in, is_first);
      total += numbers[i].value;
      to.counts[i] = static_cast<double>(static_cast<int64_t>(total));
    }
    return !in.failed();
  }
};

// The numbers of a chunk of doubles.
struct Doubles {
  static constexpr int kLeastBits = 64;
  static constexpr bool kIsWhole = false;

  ValueState count, zero_count, sum;
  std::vector<ValueState> positive, negative;

  bool ReadHead(BitReader& in, bool is_first, Histogram& to) {
    if (!ReadDouble(in, count, is_first) || !ReadDouble(in, zero_count, is_first) ||
        !ReadDouble(in, sum, is_first)) {
      return false;
    }
    to.count = std::bit_cast<double>(count.bits);
    to.zero_count = std::bit_cast<double>(zero_count.bits);
    to.sum = std::bit_cast<double>(sum.bits);
    return true;
  }

  static bool ReadSide(BitReader& in, bool is_first, std::vector<ValueState>& numbers,
                       BucketSide& to) {
    numbers.resize(to.counts.size());
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (!ReadDouble(in, numbers[i], is_first)) return false;
      to.counts[i] = std::bit_cast<double>(numbers[i].bits);
    }
    return !in.failed();
  }
};

Histogram StaleHistogram(double sum) {
  Histogram marker;
  marker.sum = sum;
  return marker;
}

template <typename Numbers>
absl::Status Decode(std::string_view type, std::string_view chunk,
                    std::vector<HistogramSample>& samples) {
  if (chunk.size() < kHeaderBytes) return absl::DataLossError(StrCat(type, " chunk: no header"));
  const size_t count = ChunkCount(chunk);
  const bool is_gauge = static_cast<unsigned char>(chunk[2]) >> 6 == kGaugeFlag;
  BitReader in(chunk.substr(kHeaderBytes));
  const auto malformed = [&](size_t i) {
    return absl::DataLossError(
        StrCat(type, " chunk: sample ", i + 1, " of ", count, " is cut or malformed"));
  };
  Histogram layout;
  if (count > 0 && !ReadLayout(in, Numbers::kLeastBits, layout)) return malformed(0);
  const size_t parts = layout.positive.counts.size() + layout.positive.spans.size() +
                       layout.negative.counts.size() + layout.negative.spans.size() +
                       layout.custom_values.size();
  Numbers numbers;
  TimeState time;
  for (size_t i = 0; i < count; ++i) {
    if (i == 0) {
      time.time = static_cast<uint64_t>(ReadVarbitInt(in));
    } else {
      time.Advance(ReadVarbitInt(in));
    }
    if ((i + 1) * parts > kMaxChunkBuckets) {
      return absl::ResourceExhaustedError(
          StrCat(type, " chunk: more than ", kMaxChunkBuckets, " buckets"));
    }
    Histogram h = layout;
    if (!numbers.ReadHead(in, i == 0, h) || in.failed()) return malformed(i);
    const bool is_stale = IsStale(h.sum);
    // The first sample has the buckets of its layout, whatever its sum.
    if ((!is_stale || i == 0) &&
        (!Numbers::ReadSide(in, i == 0, numbers.positive, h.positive) ||
         !Numbers::ReadSide(in, i == 0, numbers.negative, h.negative))) {
      return malformed(i);
    }
    if (is_stale) {
      h = StaleHistogram(h.sum);
    } else {
      h.reset_hint = is_gauge ? CounterResetHint::kGauge
                     : i > 0  ? CounterResetHint::kNotReset
                              : CounterResetHint::kUnknown;
      if (IsFinerThanKnown(h.schema)) h.ReduceResolution(kMaxExponentialSchema);
      RETURN_IF_ERROR(ValidateHistogram(h, Numbers::kIsWhole));
    }
    samples.push_back({time.ms(), std::make_shared<const Histogram>(std::move(h))});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DecodeHistogramChunk(std::string_view chunk, std::vector<HistogramSample>& samples) {
  return Decode<WholeNumbers>("histogram", chunk, samples);
}

absl::Status DecodeFloatHistogramChunk(std::string_view chunk,
                                       std::vector<HistogramSample>& samples) {
  return Decode<Doubles>("float histogram", chunk, samples);
}

}  // namespace sloburn::remote
