// SPDX-License-Identifier: Apache-2.0
// The samples that a query looks at, as Prometheus counts them for its statistics: "queryable" are
// all samples of each step's windows, "read" only those that the windows before did not have. A
// native histogram counts as the samples that take as much memory.
//
//   SampleTallies tallies(range, /*by_step=*/true);
//   context.tallies = &tallies;           // operators count into tallies.current() as of their making
//   ... evaluate ...
//   QuerySamples samples = tallies.Take();
//
// A subquery and what is evaluated once for all steps count for themselves; what of that is part of
// the steps around them is told when such a scope begins. Threads: one.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "engine/exec/operator.h"
#include "engine/model/sample.h"
#include "engine/model/time_range.h"
#include "engine/query_samples.h"
#include "engine/storage/storage.h"

namespace sloburn::engine {

class SampleTally {
 public:
  enum class Kind {
    kQuery,
    kOnce,           // evaluated at the first step, for all steps of the parent
    kSubquery,       // of which a function makes windows: only what is read is passed on
    kWholeSubquery,  // the result itself
  };

  SampleTally(Kind kind, const TimeRange& range, SampleTally* parent, bool by_step);

  // kSubquery: how far the subquery looks back from the parent's step, and how long its windows are.
  void SetWindows(int64_t offset_ms, int64_t window_ms) {
    offset_ms_ = offset_ms;
    window_ms_ = window_ms;
  }

  void Add(size_t step, int64_t samples) {
    AddQueryable(step, samples);
    AddRead(step, samples);
  }
  void AddQueryable(size_t step, int64_t samples);
  void AddRead(size_t step, int64_t samples);
  // Every sample of a column that a selector has made. `has_bare_histograms`: only their counts and
  // sums were read.
  void AddColumn(const Column& column, bool has_bare_histograms);

  // Passes on to the parent what it did not know at once. To be called when all has been added.
  void Close();

  int64_t queryable() const { return queryable_; }
  int64_t read() const { return read_; }
  const std::vector<int64_t>& queryable_by_step() const { return queryable_by_step_; }
  const std::vector<int64_t>& read_by_step() const { return read_by_step_; }

 private:
  // The parent's step that consumes what the subquery reads at `step`; -1 where none does.
  int64_t ParentStep(size_t step) const;

  const Kind kind_;
  const TimeRange range_;
  SampleTally* const parent_;  // null for the query
  int64_t offset_ms_ = 0, window_ms_ = 0;
  int64_t queryable_ = 0, read_ = 0;
  std::vector<int64_t> queryable_by_step_, read_by_step_;  // empty where nobody asks
};

// The tallies of a query, the query's first.
class SampleTallies {
 public:
  SampleTallies(const TimeRange& range, bool by_step) : range_(range) {
    tallies_.emplace_back(SampleTally::Kind::kQuery, range, nullptr, by_step);
    current_ = &tallies_.front();
  }

  SampleTally* current() { return current_; }
  SampleTally* Begin(SampleTally::Kind kind, const TimeRange& range) {
    tallies_.emplace_back(kind, range, current_, /*by_step=*/false);
    return current_ = &tallies_.back();
  }
  void End(SampleTally* outer) { current_ = outer; }

  QuerySamples Take();

 private:
  const TimeRange range_;
  std::deque<SampleTally> tallies_;  // parents before children
  SampleTally* current_;
};

// While it lives, operators count into a tally of their own. `tallies` may be null.
class TallyScope {
 public:
  TallyScope(SampleTallies* tallies, SampleTally::Kind kind, const TimeRange& range)
      : tallies_(tallies) {
    if (tallies_ == nullptr) return;
    outer_ = tallies_->current();
    tally_ = tallies_->Begin(kind, range);
  }
  ~TallyScope() {
    if (tallies_ != nullptr) tallies_->End(outer_);
  }
  TallyScope(const TallyScope&) = delete;
  TallyScope& operator=(const TallyScope&) = delete;

  SampleTally* tally() { return tally_; }  // null where nothing is counted

 private:
  SampleTallies* const tallies_;
  SampleTally* outer_ = nullptr;
  SampleTally* tally_ = nullptr;
};

// The sizes of the windows of one series, which only move forward.
class WindowSizes {
 public:
  // `view` must outlive this. `has_bare_histograms` as above.
  WindowSizes(const SampleView& view, bool has_bare_histograms);

  struct Size {
    int64_t all = 0;  // samples of the window
    int64_t added = 0;  // those after the window before
  };
  // Of the window (start_ms, end_ms].
  Size MoveTo(int64_t start_ms, int64_t end_ms);

 private:
  int64_t SizeBetween(size_t begin, size_t end) const {
    return sizes_.empty() ? static_cast<int64_t>(end - begin) : sizes_[end] - sizes_[begin];
  }

  const SampleView& view_;
  size_t begin_ = 0, end_ = 0;  // of the last window
  std::vector<int64_t> sizes_;  // of all samples before each; empty where each counts one
};

}  // namespace sloburn::engine
