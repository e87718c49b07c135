// SPDX-License-Identifier: Apache-2.0
// What a database holds and what that takes: tables, the parts of chunks by codec, label sets.
//
//   ASSIGN_OR_RETURN(const auto reader, StoreReader::Open("data/sloburn.db"));
//   ASSIGN_OR_RETURN(const StoreInspection found, InspectStore(*reader, options, {}));
//
// Every value is read and every chunk decoded: bytes are those of the values as they are stored.
// Takes the memory of all label sets. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/model/labels.h"
#include "engine/storage/durable/store_reader.h"

namespace sloburn {

struct InspectOptions {
  size_t top = 10;  // entries of each list
  // Which series are looked at; null: all.
  std::function<bool(const Labels&)> selects;
};

struct TableUse {
  int64_t rows = 0, samples = 0, bytes = 0;
};

// A part of chunks, among full chunks and the newest samples.
struct PartUse {
  std::string part;   // "times", "values", "starts", "histograms", "headers", "summaries"
  std::string codec;  // "regular", "integer", ...; may be empty
  int64_t chunks = 0, samples = 0, bytes = 0;
};

struct LabelUse {
  std::string name;  // of a metric, of a label, or "label=value"
  int64_t series = 0, samples = 0;
  int64_t bytes = 0;   // of label sets, chunks and newest samples
  int64_t values = 0;  // of a label: how many distinct ones
};

struct StoreInspection {
  bool is_selection = false;  // not all series were looked at
  int64_t page_bytes = 0, pages = 0, free_pages = 0;
  TableUse series, chunks, newest;  // of the selected series
  TableUse journal;                 // rows and bytes are of all series
  TableUse quarantine;              // of all series
  int64_t series_with_samples = 0;
  // Samples of the journal that are newer than those of their series in the other tables. The rest
  // of them came late, or a checkpoint has written them already.
  int64_t journal_newer = 0;
  int64_t unreadable = 0;  // values; none of their samples is counted
  bool has_samples = false;
  int64_t min_ms = 0, max_ms = 0;  // where has_samples

  std::vector<PartUse> parts;
  std::vector<LabelUse> metrics_by_series, labels_by_values;
  std::vector<LabelUse> pairs_by_series, pairs_by_samples, pairs_by_bytes;

  // In memory these are the samples that a server would have, but for late ones in the journal.
  int64_t samples() const { return chunks.samples + newest.samples + journal_newer; }
};

// `progress` gets rows read and rows in all. Errors are SQLite's own; damaged values are counted.
absl::StatusOr<StoreInspection> InspectStore(
    StoreReader& reader, const InspectOptions& options,
    const std::function<void(int64_t rows, int64_t all)>& progress);

}  // namespace sloburn
