// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/store_inspection.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/storage/chunk/chunk_codec.h"
#include "engine/storage/chunk_row.h"
#include "engine/storage/durable/database_loader.h"
#include "engine/storage/journal_record.h"

namespace sloburn {
namespace {

struct SeriesUse {
  Labels labels;
  bool is_selected = false;
  int64_t samples = 0, bytes = 0;
  int64_t max_ms = std::numeric_limits<int64_t>::min();
};

// The views are of label sets of SeriesUse.
using ValueUses = std::unordered_map<std::string_view, LabelUse>;

class Inspector {
 public:
  Inspector(StoreReader& reader, const InspectOptions& options,
            const std::function<void(int64_t, int64_t)>& progress)
      : reader_(reader), db_(reader.db()), options_(options), progress_(progress) {}

  absl::StatusOr<StoreInspection> Run() {
    RETURN_IF_ERROR(CountPages());
    RETURN_IF_ERROR(ReadSeries());
    RETURN_IF_ERROR(ReadChunks());
    RETURN_IF_ERROR(ReadNewest());
    RETURN_IF_ERROR(ReadJournal());
    RETURN_IF_ERROR(CountQuarantine());
    for (auto& [key, use] : parts_) found_.parts.push_back(std::move(use));
    CountLabels();
    return std::move(found_);
  }

 private:
  absl::Status CountPages();
  absl::Status ReadSeries();
  absl::Status ReadChunks();
  absl::Status ReadNewest();
  absl::Status ReadJournal();
  absl::Status CountQuarantine();
  void CountChunk(SeriesUse& series, std::string_view chunk, TableUse& table);
  void CountTimes(const SampleView& samples);
  void CountPart(const char* part, std::string_view codec, size_t samples, size_t bytes);
  void CountLabels();
  std::vector<LabelUse> Largest(const std::vector<LabelUse>& uses, int64_t LabelUse::*by) const;

  absl::StatusOr<bool> NextRow(SqliteStatement& rows) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (has_row) ++rows_;
    if (progress_ != nullptr) progress_(rows_, std::max(rows_, all_rows_));
    return has_row;
  }

  // Null where it is not there or not selected.
  SeriesUse* Find(int64_t id) {
    if (id < 0 || id >= std::ssize(series_)) return nullptr;
    return series_[id].is_selected ? &series_[id] : nullptr;
  }

  // The series of a row that begins with its id and its value. Null, and not counted, where Find
  // says so.
  SeriesUse* CountRow(const SqliteStatement& rows, TableUse& table) {
    SeriesUse* const series = Find(rows.Int(0));
    if (series == nullptr) return nullptr;
    const int64_t bytes = std::ssize(rows.Bytes(1));
    ++table.rows;
    table.bytes += bytes;
    series->bytes += bytes;
    return series;
  }

  StoreReader& reader_;
  Sqlite& db_;
  const InspectOptions& options_;
  const std::function<void(int64_t, int64_t)>& progress_;
  int64_t rows_ = 0, all_rows_ = 0;
  std::vector<SeriesUse> series_;
  std::map<std::pair<int, std::string>, PartUse> parts_;
  SampleBuffer buffer_;
  StoreInspection found_;
};

absl::Status Inspector::CountPages() {
  found_.is_selection = options_.selects != nullptr;
  ASSIGN_OR_RETURN(found_.pages, db_.QueryInt("PRAGMA page_count"));
  ASSIGN_OR_RETURN(found_.free_pages, db_.QueryInt("PRAGMA freelist_count"));
  ASSIGN_OR_RETURN(found_.page_bytes, db_.QueryInt("PRAGMA page_size"));
  return reader_.CountRows(&all_rows_);
}

absl::Status Inspector::ReadSeries() {
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT id, labels FROM series ORDER BY id"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, NextRow(rows));
    if (!has_row) return absl::OkStatus();
    if (rows.Int(0) != std::ssize(series_)) {
      return absl::DataLossError(
          StrCat(db_.path(), ": series ", series_.size(), " is missing; see sloburn store verify"));
    }
    SeriesUse& made = series_.emplace_back();
    absl::StatusOr<Labels> labels = DecodeSeriesRow(rows.Bytes(1));
    if (!labels.ok()) {
      ++found_.unreadable;
      continue;
    }
    made.labels = *std::move(labels);
    made.is_selected = options_.selects == nullptr || options_.selects(made.labels);
    if (!made.is_selected) continue;
    made.bytes = std::ssize(rows.Bytes(1));
    ++found_.series.rows;
    found_.series.bytes += made.bytes;
  }
}

void Inspector::CountPart(const char* part, std::string_view codec, size_t samples, size_t bytes) {
  // In the order in which they stand in a chunk.
  constexpr std::string_view kParts[] = {"times",      "values",  "starts",
                                         "histograms", "headers", "summaries"};
  const int at = static_cast<int>(std::find(std::begin(kParts), std::end(kParts), part) - kParts);
  PartUse& use = parts_[{at, std::string(codec)}];
  use.part = part;
  use.codec = std::string(codec);
  ++use.chunks;
  use.samples += static_cast<int64_t>(samples);
  use.bytes += static_cast<int64_t>(bytes);
}

void Inspector::CountTimes(const SampleView& samples) {
  const int64_t first = samples.timestamps[0], last = samples.timestamps[samples.size - 1];
  found_.min_ms = found_.has_samples ? std::min(found_.min_ms, first) : first;
  found_.max_ms = found_.has_samples ? std::max(found_.max_ms, last) : last;
  found_.has_samples = true;
}

void Inspector::CountChunk(SeriesUse& series, std::string_view chunk, TableUse& table) {
  ChunkParts parts;
  buffer_.Clear();
  if (!DecodeChunk(chunk, buffer_, &parts).ok()) {
    ++found_.unreadable;
    return;
  }
  const SampleView samples = buffer_.View();
  CountPart("headers", "", samples.size, parts.header);
  CountPart("times", parts.is_regular ? "regular" : "irregular", samples.size, parts.times);
  CountPart("values", parts.codec, samples.size, parts.values);
  if (parts.starts > 0) CountPart("starts", "", samples.size, parts.starts);
  if (parts.histograms > 0) CountPart("histograms", "", samples.size, parts.histograms);
  CountTimes(samples);
  table.samples += static_cast<int64_t>(samples.size);
  series.samples += static_cast<int64_t>(samples.size);
  series.max_ms = std::max(series.max_ms, samples.timestamps[samples.size - 1]);
}

absl::Status Inspector::ReadChunks() {
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT series, value FROM chunks"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, NextRow(rows));
    if (!has_row) return absl::OkStatus();
    SeriesUse* const series = CountRow(rows, found_.chunks);
    if (series == nullptr) continue;
    const std::string_view value = rows.Bytes(1);
    const auto row = DecodeChunkRow(static_cast<uint32_t>(rows.Int(0)), value);
    if (!row.ok()) {
      ++found_.unreadable;
      continue;
    }
    const StoredChunk& chunk = *row->chunk;
    CountPart("summaries", "", chunk.samples, value.size() - chunk.bytes.size());
    CountChunk(*series, chunk.bytes, found_.chunks);
  }
}

absl::Status Inspector::ReadNewest() {
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT series, value FROM newest"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, NextRow(rows));
    if (!has_row) return absl::OkStatus();
    SeriesUse* const series = CountRow(rows, found_.newest);
    if (series == nullptr) continue;
    const auto chunks = SplitNewestSamples(static_cast<uint32_t>(rows.Int(0)), rows.Bytes(1));
    if (!chunks.ok()) {
      ++found_.unreadable;
      continue;
    }
    for (const std::string_view chunk : *chunks) CountChunk(*series, chunk, found_.newest);
  }
}

absl::Status Inspector::ReadJournal() {
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT record FROM journal ORDER BY seq"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, NextRow(rows));
    if (!has_row) return absl::OkStatus();
    ++found_.journal.rows;
    found_.journal.bytes += std::ssize(rows.Bytes(0));
    const absl::Status status =
        DecodeJournalRecord(rows.Bytes(0), [this](uint32_t id, const SampleView& samples) {
          SeriesUse* const series = Find(id);
          if (series == nullptr) return;
          CountTimes(samples);
          found_.journal.samples += static_cast<int64_t>(samples.size);
          const int64_t* const end = samples.timestamps + samples.size;
          const int64_t newer = end - std::upper_bound(samples.timestamps, end, series->max_ms);
          found_.journal_newer += newer;
          series->samples += newer;
          series->max_ms = std::max(series->max_ms, end[-1]);
        });
    if (!status.ok()) ++found_.unreadable;
  }
}

absl::Status Inspector::CountQuarantine() {
  ASSIGN_OR_RETURN(found_.quarantine.rows, db_.QueryInt("SELECT count(*) FROM quarantine"));
  ASSIGN_OR_RETURN(found_.quarantine.bytes,
                   db_.QueryInt("SELECT coalesce(sum(length(value)), 0) FROM quarantine"));
  return absl::OkStatus();
}

std::vector<LabelUse> Inspector::Largest(const std::vector<LabelUse>& uses,
                                         int64_t LabelUse::*by) const {
  std::vector<LabelUse> largest(std::min(options_.top, uses.size()));
  std::partial_sort_copy(uses.begin(), uses.end(), largest.begin(), largest.end(),
                         [by](const LabelUse& a, const LabelUse& b) {
                           return a.*by != b.*by ? a.*by > b.*by : a.name < b.name;
                         });
  return largest;
}

void Inspector::CountLabels() {
  std::map<std::string_view, ValueUses> labels;
  for (const SeriesUse& series : series_) {
    if (!series.is_selected) continue;
    if (series.samples > 0) ++found_.series_with_samples;
    for (const auto [name, value] : series.labels) {
      LabelUse& use = labels[name][value];
      ++use.series;
      use.samples += series.samples;
      use.bytes += series.bytes;
    }
  }
  std::vector<LabelUse> metrics, names, pairs;
  for (const auto& [name, values] : labels) {
    LabelUse all;
    all.name = std::string(name);
    all.values = std::ssize(values);
    for (const auto& [value, use] : values) {
      all.series += use.series;
      all.samples += use.samples;
      all.bytes += use.bytes;
      LabelUse pair = use;
      pair.name = std::string(value);
      if (name == kMetricName) metrics.push_back(pair);
      pair.name = StrCat(name, "=", value);
      pairs.push_back(std::move(pair));
    }
    names.push_back(std::move(all));
  }
  found_.metrics_by_series = Largest(metrics, &LabelUse::series);
  found_.labels_by_values = Largest(names, &LabelUse::values);
  found_.pairs_by_series = Largest(pairs, &LabelUse::series);
  found_.pairs_by_samples = Largest(pairs, &LabelUse::samples);
  found_.pairs_by_bytes = Largest(pairs, &LabelUse::bytes);
}

}  // namespace

absl::StatusOr<StoreInspection> InspectStore(
    StoreReader& reader, const InspectOptions& options,
    const std::function<void(int64_t rows, int64_t all)>& progress) {
  return Inspector(reader, options, progress).Run();
}

}  // namespace sloburn
