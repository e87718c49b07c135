// SPDX-License-Identifier: Apache-2.0
// The results of one tick on their way to the store and to the sinks, all in one commit.
//
//   TickOutput output(storage, sinks);
//   size_t batch = output.Add(samples);   // shows in output.view() from now on
//   ASSIGN_OR_RETURN(std::vector<AppendReport> reports, output.Commit());
//   if (reports[batch].has_errors()) ...
//
// Threads: one tick, one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/model/sample.h"
#include "engine/storage/overlay.h"
#include "engine/storage/storage.h"

namespace sloburn::rules {

// Takes results to another place (remote write). Thread-safe; must not block for long.
class SampleSink {
 public:
  virtual ~SampleSink() = default;
  virtual void Enqueue(std::vector<SeriesSample> samples) = 0;
};

// What became of the samples of one batch.
struct AppendReport {
  int64_t accepted = 0;
  int64_t out_of_order = 0;       // or out of bounds
  int64_t duplicates = 0;         // same series and time, other value
  int64_t other_errors = 0;       // the series limit and the like
  std::string last_error;         // empty: all were accepted
  std::vector<bool> is_accepted;  // per sample, in the order of Add

  bool has_errors() const { return !last_error.empty(); }
};

class TickOutput {
 public:
  // `storage` and `sinks` must outlive the object.
  TickOutput(Storage& storage, const std::vector<SampleSink*>& sinks);

  // What rules read: the store at the start of the tick and what was added since.
  const Snapshot& view() const { return view_; }

  // Adds one batch (a rule's samples, or staleness markers). Returns its number.
  size_t Add(std::vector<SeriesSample> samples);

  // The samples of a batch, as added.
  const std::vector<SeriesSample>& batch(size_t number) const { return batches_[number]; }

  // Writes all batches in one transaction and hands the accepted samples to the sinks. One report
  // per batch. An error means that nothing was written.
  absl::StatusOr<std::vector<AppendReport>> Commit();

 private:
  absl::StatusOr<std::vector<AppendReport>> TryCommit();
  void HandToSinks(const std::vector<AppendReport>& reports);

  Storage& storage_;
  const std::vector<SampleSink*>& sinks_;
  OverlaySnapshot view_;
  std::vector<std::vector<SeriesSample>> batches_;
};

}  // namespace sloburn::rules
