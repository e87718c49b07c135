// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk_check.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <string_view>

#include "base/float_text.h"
#include "base/same_bits.h"
#include "base/str_cat.h"
#include "engine/storage/chunk/chunk_codec.h"
#include "engine/storage/without_markers.h"

namespace sloburn {
namespace {

constexpr double kRounding = 1e-12;
// Some times the distance of two neighbouring doubles, relative to them.
constexpr double kUlps = 1e-15;

class Comparison {
 public:
  explicit Comparison(std::vector<ChunkFault>& faults) : faults_(faults) {}

  void Whole(std::string_view field, int64_t stored, int64_t scanned) {
    if (stored == scanned) return;
    Differ(field, StrCat(stored), StrCat(scanned));
  }
  void Bits(std::string_view field, double stored, double scanned) {
    if (SameBits(stored, scanned)) return;
    Differ(field, Text(stored), Text(scanned));
  }
  void Near(std::string_view field, double stored, double scanned, double tolerance) {
    if (std::fabs(stored - scanned) <= tolerance) return;
    // Sums that overflow on the way may be any of inf and NaN.
    if (!std::isfinite(stored) && !std::isfinite(scanned)) return;
    Differ(field, Text(stored), Text(scanned));
  }

 private:
  // NaNs differ in their bits.
  static std::string Text(double value) {
    if (!std::isnan(value)) return FormatFloatG(value);
    return StrCat("NaN 0x", absl::Hex(std::bit_cast<uint64_t>(value)));
  }
  void Differ(std::string_view field, const std::string& stored, const std::string& scanned) {
    faults_.push_back({StrCat(field, " is ", stored, ", its samples give ", scanned), false});
  }

  std::vector<ChunkFault>& faults_;
};

void CompareSums(const ChunkSummary& stored, const ChunkSummary& scanned, const SampleView& floats,
                 Comparison& compare) {
  // A scan that gave up on sums because their squares are too large has made them all the same; a
  // summary that was joined from parts does not give up there.
  const bool has_scanned = scanned.has_sums || scanned.squares != 0;
  if (!stored.has_sums || !has_scanned) {
    const bool may_differ = has_scanned && !scanned.has_sums;
    if (!may_differ)
      compare.Whole("the summary's flag for sums", stored.has_sums, scanned.has_sums);
    return;
  }
  double absolute = 0, largest = 0;
  for (size_t i = 0; i < floats.size; ++i) {
    absolute += std::fabs(floats.values[i]);
    largest = std::max(largest, std::fabs(floats.values[i]));
  }
  const double sum = scanned.sum.sum + scanned.sum.c;
  compare.Near("the summary's sum", stored.sum.sum + stored.sum.c, sum,
               kRounding * std::fabs(sum) + kUlps * kUlps * absolute);
  // Distances are from means that are rounded.
  const double count = static_cast<double>(scanned.count), squares = std::fabs(scanned.squares);
  const double rounded_mean = kUlps * largest;
  compare.Near("the summary's squared distances", stored.squares, scanned.squares,
               kRounding * squares + rounded_mean * std::sqrt(count * squares) +
                   count * rounded_mean * rounded_mean);
}

void CompareSummaries(const ChunkSummary& stored, const ChunkSummary& scanned,
                      Comparison& compare) {
  compare.Whole("the summary's count", static_cast<int64_t>(stored.count),
                static_cast<int64_t>(scanned.count));
  if (stored.count == 0 || scanned.count == 0) return;
  compare.Whole("the summary's number of changes", static_cast<int64_t>(stored.changes),
                static_cast<int64_t>(scanned.changes));
  compare.Whole("the summary's number of resets", static_cast<int64_t>(stored.resets),
                static_cast<int64_t>(scanned.resets));
  compare.Whole("the time of the summary's first value", stored.first_ms, scanned.first_ms);
  compare.Whole("the time of the summary's last value", stored.last_ms, scanned.last_ms);
  compare.Bits("the summary's first value", stored.first, scanned.first);
  compare.Bits("the summary's last value", stored.last, scanned.last);
  compare.Bits("the summary's least value", stored.min, scanned.min);
  compare.Bits("the summary's largest value", stored.max, scanned.max);
  compare.Whole("the time of the summary's least value", stored.min_ms, scanned.min_ms);
  compare.Whole("the time of the summary's largest value", stored.max_ms, scanned.max_ms);
}

std::vector<Reset> FindResets(const SampleView& floats) {
  std::vector<Reset> resets;
  for (size_t i = 1; i < floats.size; ++i) {
    if (floats.values[i] < floats.values[i - 1]) resets.push_back({i, floats.values[i - 1]});
  }
  return resets;
}

// A reset before the first float is against the chunk before, which may be gone.
bool IsInside(const Reset& reset) { return reset.position > 0; }

void CompareResets(const ChunkRow& row, const SampleView& floats, std::vector<ChunkFault>& faults) {
  if (!row.keeps_resets) return;
  std::vector<Reset> stored;
  std::copy_if(row.resets.begin(), row.resets.end(), std::back_inserter(stored), IsInside);
  const std::vector<Reset> scanned = FindResets(floats);
  const bool is_equal =
      std::equal(stored.begin(), stored.end(), scanned.begin(), scanned.end(),
                 [](const Reset& a, const Reset& b) {
                   return a.position == b.position && SameBits(a.before, b.before);
                 });
  if (is_equal) return;
  faults.push_back({StrCat("the list of ", stored.size(), " resets is not that of its samples, ",
                           scanned.size(), " resets"),
                    false});
}

}  // namespace

std::vector<ChunkFault> CheckChunk(const ChunkRow& row, SampleBuffer& buffer) {
  std::vector<ChunkFault> faults;
  const StoredChunk& stored = *row.chunk;
  buffer.Clear();
  if (const absl::Status status = DecodeChunk(stored.bytes, buffer); !status.ok()) {
    faults.push_back({std::string(status.message()), true});
    return faults;
  }
  const SampleView samples = buffer.View();
  const StoredChunk scanned = StoredChunk::Scan(samples);
  Comparison compare(faults);
  compare.Whole("the number of samples", stored.samples, scanned.samples);
  compare.Whole("the time of the first sample", stored.min_ms, scanned.min_ms);
  compare.Whole("the time of the last sample", stored.max_ms, scanned.max_ms);
  compare.Whole("the flag for staleness markers", stored.has_markers, scanned.has_markers);
  compare.Whole("the flag for floats only", stored.is_plain, scanned.is_plain);
  if (!scanned.is_plain || !stored.is_plain) return faults;
  SampleBuffer kept;
  const SampleView floats = WithoutMarkers(samples, kept);
  CompareSummaries(stored.summary, scanned.summary, compare);
  if (scanned.summary.count > 0) CompareSums(stored.summary, scanned.summary, floats, compare);
  CompareResets(row, floats, faults);
  return faults;
}

}  // namespace sloburn
