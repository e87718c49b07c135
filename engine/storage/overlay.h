// SPDX-License-Identifier: Apache-2.0
// A snapshot plus samples that are not committed yet: how a rule sees the results of the rules
// before it in the same tick.
//
// Threads: one thread adds; reading must not overlap with adding.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/storage/storage.h"

namespace sloburn {

class OverlaySnapshot : public Snapshot {
 public:
  explicit OverlaySnapshot(std::shared_ptr<const Snapshot> base) : base_(std::move(base)) {}

  // A sample that is not newer than all the series has is kept out of sight, as a store would
  // refuse it.
  void Add(const Labels& labels, int64_t timestamp_ms, double value,
           HistogramPtr histogram = nullptr);

  absl::StatusOr<SeriesSet> Select(const Matchers& matchers, int64_t min_ms,
                                   int64_t max_ms) const override;

 private:
  friend class JoinedReader;

  struct Added {
    int64_t timestamp_ms;
    double value;
    HistogramPtr histogram;
  };
  struct AddedSeries {
    Labels labels;
    std::vector<Added> samples;
  };

  const std::shared_ptr<const Snapshot> base_;
  std::vector<AddedSeries> added_;  // in order of first appearance
  std::unordered_map<Labels, size_t, LabelsHash> positions_;
};

}  // namespace sloburn
