// SPDX-License-Identifier: Apache-2.0
// The results of one tick on their way to the store and to the outbox, all in one commit.
//
//   TickOutput output(storage);
//   output.Show(samples);                 // for the rules after it, by output.view()
//   size_t batch = output.Add(samples);
//   ASSIGN_OR_RETURN(std::vector<AppendReport> reports, output.Commit(values_of));
//   if (reports[batch].has_errors()) ...
//
// Threads: one tick, one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/model/sample.h"
#include "engine/storage/overlay.h"
#include "engine/storage/storage.h"

namespace sloburn::rules {

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

// InvalidArgument for a histogram that makes no sense, as with a negative count: it is refused.
absl::Status CheckHistogram(const SeriesSample& sample);

class TickOutput {
 public:
  // What else is to be written, once it is known what becomes of the samples. May be called more
  // than once.
  using ValuesOf = std::function<std::vector<NamedValue>(const std::vector<AppendReport>&)>;

  // `storage` must outlive the object.
  explicit TickOutput(Storage& storage);

  // What rules read: the store at the start of the tick and what was shown since.
  const Snapshot& view() const { return view_; }

  // Samples (a rule's, or staleness markers) show in view() from now on; those that nobody reads
  // before the commit need not.
  void Show(const std::vector<SeriesSample>& samples);

  // Adds one batch of samples for the commit. Returns its number.
  size_t Add(std::vector<SeriesSample> samples);

  // The samples of a batch, as added.
  const std::vector<SeriesSample>& batch(size_t number) const { return batches_[number]; }

  // Writes all batches and the values in one transaction, the samples also to the outbox. One report
  // per batch. An error means that nothing was written. Refused are samples older than the newest of
  // their series, whatever window the store has, and what CheckHistogram refuses.
  absl::StatusOr<std::vector<AppendReport>> Commit(const ValuesOf& values_of);

 private:
  absl::StatusOr<std::vector<AppendReport>> TryCommit(const ValuesOf& values_of);

  Storage& storage_;
  OverlaySnapshot view_;
  std::vector<std::vector<SeriesSample>> batches_;
};

}  // namespace sloburn::rules
