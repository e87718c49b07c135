// SPDX-License-Identifier: Apache-2.0
// What the tables of the database hold. The first byte chooses the table and whether the checksum
// is made right first: damage must be found by it, and what has a good one must still be safe to
// read.
//
// 0 journal records, 1 rows of full chunks, 2 newest samples, 3 label sets.
// What was decoded is the same after encoding and decoding again.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/same_bits.h"
#include "engine/storage/chunk_check.h"
#include "engine/storage/chunk_row.h"
#include "engine/storage/durable/database_loader.h"
#include "engine/storage/journal_record.h"

namespace sloburn {
namespace {

constexpr uint32_t kSeries = 7;

// The checksum at `at` becomes that of `prefix` and of what follows it.
std::string WithChecksum(std::string value, size_t at, std::string prefix) {
  if (value.size() < at + sizeof(uint32_t)) return value;
  const uint32_t crc = Crc32c(prefix + value.substr(at + sizeof(uint32_t)));
  std::memcpy(value.data() + at, &crc, sizeof crc);
  return value;
}

std::string SeriesPrefix() {
  const uint64_t id = kSeries;
  return std::string(reinterpret_cast<const char*>(&id), sizeof id);
}

struct Visited {
  uint32_t id;
  SampleBuffer samples;
};

absl::Status Visit(std::string_view record, std::vector<Visited>& visited) {
  return DecodeJournalRecord(record, [&](uint32_t id, const SampleView& samples) {
    CHECK(samples.size > 0);
    for (size_t i = 1; i < samples.size; ++i) {
      CHECK(samples.timestamps[i - 1] < samples.timestamps[i]);
    }
    visited.push_back({id, {}});
    visited.back().samples.Append(samples);
  });
}

void FuzzJournal(std::string_view record) {
  std::vector<Visited> visited, again;
  const absl::Status status = Visit(record, visited);
  if (!status.ok()) {
    CHECK(absl::IsDataLoss(status));
    return;
  }
  std::vector<CommittedSeries> commit;
  for (const Visited& one : visited) commit.push_back({one.id, nullptr, one.samples.View(), {}});
  CHECK(Visit(EncodeJournalRecord(commit), again).ok());
  CHECK(again.size() == visited.size());
  for (size_t i = 0; i < visited.size(); ++i) {
    CHECK(again[i].id == visited[i].id);
    CHECK(again[i].samples.timestamps == visited[i].samples.timestamps);
    CHECK(SameBits(again[i].samples.values, visited[i].samples.values));
    CHECK(again[i].samples.histograms.size() == visited[i].samples.histograms.size());
  }
}

void FuzzChunkRow(std::string_view value) {
  const auto row = DecodeChunkRow(kSeries, value);
  if (!row.ok()) {
    CHECK(absl::IsDataLoss(row.status()));
    return;
  }
  SampleBuffer buffer;
  CheckChunk(*row, buffer);
  const std::string encoded = EncodeChunkRow(kSeries, *row);
  const auto again = DecodeChunkRow(kSeries, encoded);
  CHECK(again.ok());
  CHECK(again->chunk->bytes == row->chunk->bytes);
  CHECK(again->chunk->min_ms == row->chunk->min_ms && again->chunk->max_ms == row->chunk->max_ms);
  CHECK(again->resets.size() == row->resets.size());
  CHECK(EncodeChunkRow(kSeries, *again) == encoded);
  CHECK(!DecodeChunkRow(kSeries + 1, encoded).ok());
  // A row that was made of the samples has nothing wrong with it.
  if (buffer.timestamps.empty()) return;
  const ChunkRow made{StoredChunk::Make(buffer.View()), {}, false};
  const auto stored = DecodeChunkRow(kSeries, EncodeChunkRow(kSeries, made));
  CHECK(stored.ok() && CheckChunk(*stored, buffer).empty());
}

void FuzzNewest(std::string_view value) {
  SampleBuffer samples;
  const absl::Status status = DecodeNewestSamples(kSeries, value, samples);
  if (!status.ok()) {
    CHECK(absl::IsDataLoss(status));
    return;
  }
  for (size_t i = 1; i < samples.timestamps.size(); ++i) {
    CHECK(samples.timestamps[i - 1] < samples.timestamps[i]);
  }
  const auto views = SplitNewestSamples(kSeries, value);
  CHECK(views.ok());
  std::vector<std::string> chunks(views->begin(), views->end());
  const std::string again = EncodeNewestSamples(kSeries, chunks);
  SampleBuffer same;
  CHECK(DecodeNewestSamples(kSeries, again, same).ok());
  CHECK(same.timestamps == samples.timestamps && SameBits(same.values, samples.values));
}

void FuzzLabels(std::string_view value) {
  const auto labels = DecodeSeriesRow(value);
  if (!labels.ok()) {
    CHECK(absl::IsDataLoss(labels.status()));
    return;
  }
  CHECK(Labels::FromPairs(labels->ToPairs()).size() == labels->size());
  CHECK(labels->ToString() == Labels::FromPairs(labels->ToPairs()).ToString());
  CHECK(DecodeSeriesRow(EncodeSeriesRow(*labels)).ok());
}

}  // namespace
}  // namespace sloburn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const int table = data[0] % 4;
  const bool has_good_checksum = data[0] < 128;
  std::string value(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (has_good_checksum) {
    const bool has_version = table < 3, has_series = table == 1 || table == 2;
    value = sloburn::WithChecksum(std::move(value), has_version ? 1 : 0,
                                  has_series ? sloburn::SeriesPrefix() : "");
  }
  if (table == 0) sloburn::FuzzJournal(value);
  if (table == 1) sloburn::FuzzChunkRow(value);
  if (table == 2) sloburn::FuzzNewest(value);
  if (table == 3) sloburn::FuzzLabels(value);
  return 0;
}
