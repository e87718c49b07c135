// SPDX-License-Identifier: Apache-2.0
// Chunks: the first byte chooses between decoding the other bytes as a chunk, and making samples of
// them that must come back from a chunk bit by bit.
//
// What was decoded keeps the rules of samples, and is the same after encoding and decoding again.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "base/same_bits.h"
#include "engine/model/histogram.h"
#include "engine/model/stale.h"
#include "engine/storage/chunk/chunk_codec.h"

namespace sloburn {
namespace {

bool SameSide(const BucketSide& a, const BucketSide& b) {
  return a.spans == b.spans && SameBits(a.counts, b.counts);
}

bool SameHistogram(const HistogramPtr& a, const HistogramPtr& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->reset_hint == b->reset_hint && a->schema == b->schema &&
         SameBits(a->zero_threshold, b->zero_threshold) && SameBits(a->zero_count, b->zero_count) &&
         SameBits(a->count, b->count) && SameBits(a->sum, b->sum) &&
         SameSide(a->positive, b->positive) && SameSide(a->negative, b->negative) &&
         SameBits(a->custom_values, b->custom_values);
}

void CheckRoundTrip(const SampleBuffer& samples) {
  SampleBuffer got;
  CHECK(DecodeChunk(EncodeChunk(samples.View()), got).ok());
  CHECK(got.timestamps == samples.timestamps && got.starts == samples.starts);
  CHECK(SameBits(got.values, samples.values));
  CHECK(got.histograms.size() == samples.histograms.size());
  for (size_t i = 0; i < got.histograms.size(); ++i) {
    CHECK(SameHistogram(got.histograms[i], samples.histograms[i]));
  }
}

void FuzzDecode(std::string_view bytes) {
  SampleBuffer samples;
  const absl::Status status = DecodeChunk(bytes, samples);
  const auto info = InspectChunk(bytes);
  if (!status.ok()) {
    CHECK(absl::IsDataLoss(status) && samples.timestamps.empty());
    return;
  }
  CHECK(info.ok() && info->samples == samples.timestamps.size());
  for (size_t i = 1; i < samples.timestamps.size(); ++i) {
    CHECK(samples.timestamps[i - 1] < samples.timestamps[i]);
  }
  CheckRoundTrip(samples);
}

// Numbers from bytes; zeros after the end.
class Source {
 public:
  explicit Source(std::string_view bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }

  uint64_t Number(size_t size) {
    uint64_t number = 0;
    size = std::min(size, bytes_.size());
    std::memcpy(&number, bytes_.data(), size);
    bytes_.remove_prefix(size);
    return number;
  }

  uint8_t Byte() { return static_cast<uint8_t>(Number(1)); }

 private:
  std::string_view bytes_;
};

// By the lower bits of `how`: near the last one, or any double.
double NextValue(Source& source, uint8_t how, double last) {
  switch (how % 8) {
    case 0:
      return last;
    case 1:
    case 2:
      return last + source.Byte();
    case 3:
      return static_cast<double>(static_cast<int16_t>(source.Number(2)));
    case 4:
      return static_cast<double>(source.Number(2)) / 100;
    case 5:
      return std::bit_cast<double>(source.Number(8));
    case 6:
      return StaleMarker();
    default:
      return -last;
  }
}

void AddSide(Source& source, BucketSide& side) {
  const size_t counts = source.Byte() % 6;
  side.spans.push_back({static_cast<int8_t>(source.Byte()), static_cast<uint32_t>(counts)});
  for (size_t i = 0; i < counts; ++i) side.counts.push_back(source.Byte());
}

HistogramPtr NextHistogram(Source& source, const HistogramPtr& last) {
  const uint8_t how = source.Byte();
  if (how % 4 == 0) return last;
  auto histogram = std::make_shared<Histogram>();
  if (how % 4 == 1 && last != nullptr) {
    *histogram = *last;
    for (double& count : histogram->positive.counts) count += source.Byte();
  } else {
    histogram->schema = how % 8 == 2 ? kCustomBucketsSchema : static_cast<int8_t>(how) / 16;
    if (histogram->uses_custom_buckets()) histogram->custom_values = {0.5, 1, source.Byte() * 1.0};
    AddSide(source, histogram->positive);
    AddSide(source, histogram->negative);
  }
  histogram->reset_hint = CounterResetHint{static_cast<uint8_t>(how >> 3 & 3)};
  histogram->count += source.Byte();
  histogram->sum = how >= 128 ? std::bit_cast<double>(source.Number(8)) : histogram->sum + 1;
  return histogram;
}

void FuzzEncode(std::string_view bytes) {
  Source source(bytes);
  const uint8_t parts = source.Byte();
  int64_t time = static_cast<int64_t>(source.Number((parts & 4) != 0 ? 8 : 5));
  SampleBuffer samples;
  double value = 0;
  HistogramPtr histogram = nullptr;
  while (!source.empty() && samples.timestamps.size() < kMaxChunkSamples) {
    const uint8_t how = source.Byte();
    // Up to 16 samples alike.
    for (int repeated = how >> 4; repeated >= 0; --repeated) {
      int64_t delta = (how & 8) != 0 ? static_cast<int64_t>(source.Number(2)) + 1 : 15'000;
      if (__builtin_add_overflow(time, delta, &time)) return;
      value = NextValue(source, how, value);
      samples.timestamps.push_back(time);
      samples.values.push_back(value);
      if ((parts & 1) != 0) samples.starts.push_back((how & 16) != 0 ? time - 1 : source.Byte());
      if ((parts & 2) == 0) continue;
      histogram = (how & 32) != 0 ? nullptr : NextHistogram(source, histogram);
      samples.histograms.push_back(histogram);
      if (samples.timestamps.size() == kMaxChunkSamples) break;
    }
  }
  if (!samples.timestamps.empty()) CheckRoundTrip(samples);
}

}  // namespace
}  // namespace sloburn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    sloburn::FuzzDecode(bytes);
  } else {
    sloburn::FuzzEncode(bytes);
  }
  return 0;
}
