// SPDX-License-Identifier: Apache-2.0
// The store as the engine and the rules see it.
//
//   std::shared_ptr<const Snapshot> snapshot = storage.TakeSnapshot();
//   ASSIGN_OR_RETURN(SeriesSet series, snapshot->Select(matchers, min_ms, max_ms));
//   SampleBuffer buffer;
//   for (const auto& one : series) SampleView view = one->Read(min_ms, max_ms, buffer);
//
// A Snapshot is a fixed view: nothing appended after it was taken shows. It keeps the data it
// needs alive. Threads: Storage may be used from any thread, a Snapshot read from several; an
// Appender belongs to one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/model/labels.h"
#include "engine/model/matcher.h"
#include "engine/model/sample.h"
#include "engine/model/window_facts.h"

namespace sloburn {

// Samples in time order, as two columns. Points into the series or into the buffer that was given
// to Read, and is valid until that buffer is used again or the series goes.
struct SampleView {
  const int64_t* timestamps = nullptr;
  const double* values = nullptr;
  size_t size = 0;
  // Null where all samples are floats; otherwise histograms[i] is null where sample i is a float.
  const HistogramPtr* histograms = nullptr;
  // When each sample began to count, 0 where that is not known; null where it never is.
  const int64_t* starts = nullptr;
  // What the store happens to know, so that nobody need look at every sample.
  int64_t interval_ms = 0;        // > 0: any two neighbours are that far apart
  bool may_have_markers = true;   // staleness markers
  bool may_have_resets = true;    // floats below the one before

  // Samples [begin, begin + size).
  SampleView Part(size_t begin, size_t part_size) const {
    SampleView part = *this;
    part.timestamps += begin;
    part.values += begin;
    part.size = part_size;
    if (histograms != nullptr) part.histograms += begin;
    if (starts != nullptr) part.starts += begin;
    return part;
  }
};

// Room for samples that must be decoded or joined; reused from series to series.
struct SampleBuffer {
  std::vector<int64_t> timestamps;
  std::vector<double> values;
  std::vector<HistogramPtr> histograms;  // these two empty, or as long as the others
  std::vector<int64_t> starts;

  void Append(int64_t timestamp_ms, double value, HistogramPtr histogram, int64_t start_ms) {
    timestamps.push_back(timestamp_ms);
    values.push_back(value);
    if (histogram != nullptr || !histograms.empty()) {
      histograms.resize(timestamps.size());
      histograms.back() = std::move(histogram);
    }
    if (start_ms != 0 || !starts.empty()) {
      starts.resize(timestamps.size());
      starts.back() = start_ms;
    }
  }
  void Append(const SampleView& samples) {
    const size_t before = timestamps.size(), size = before + samples.size;
    timestamps.insert(timestamps.end(), samples.timestamps, samples.timestamps + samples.size);
    values.insert(values.end(), samples.values, samples.values + samples.size);
    if (samples.histograms != nullptr || !histograms.empty()) histograms.resize(size);
    if (samples.histograms != nullptr) {
      std::copy_n(samples.histograms, samples.size, histograms.begin() + before);
    }
    if (samples.starts != nullptr || !starts.empty()) starts.resize(size);
    if (samples.starts != nullptr) {
      std::copy_n(samples.starts, samples.size, starts.begin() + before);
    }
  }
  void Clear() {
    timestamps.clear();
    values.clear();
    histograms.clear();
    starts.clear();
  }
  SampleView View() const {
    return {timestamps.data(), values.data(), timestamps.size(),
            histograms.empty() ? nullptr : histograms.data(),
            starts.empty() ? nullptr : starts.data()};
  }
};

// Tells what is known about windows of a series without looking at all their samples.
class FactsReader {
 public:
  virtual ~FactsReader() = default;
  // Of the window (start_ms, end_ms]; cheapest where windows come in order of time. False where the
  // samples of the window have to be looked at after all.
  virtual absl::StatusOr<bool> Facts(int64_t start_ms, int64_t end_ms, WindowFacts& facts) = 0;
};

// Which windows are asked for.
struct FactsQuery {
  uint32_t kinds = 0;    // FactKind
  int64_t range_ms = 0;  // of each window
  int64_t min_ms = 0, max_ms = 0;  // of the samples in any of them
  int64_t windows = 0;
  // Whether all windows are found in one pass over the samples, instead of one for each.
  bool slides = false;
  bool at_any_cost = false;  // also where looking at the samples costs less
};

// What there is of a series, whatever the times it was selected for.
struct SeriesExtent {
  int64_t min_ms = 0, max_ms = 0;
  size_t chunks = 0;  // the newest samples, which are not compressed yet, count as one
};

class SeriesReader {
 public:
  virtual ~SeriesReader() = default;
  virtual const Labels& labels() const = 0;
  // Without looking at samples.
  virtual SeriesExtent Extent() const = 0;
  // All samples with min_ms <= t <= max_ms, staleness markers included.
  virtual absl::StatusOr<SampleView> Read(int64_t min_ms, int64_t max_ms,
                                          SampleBuffer& buffer) const = 0;
  // Null where there are no facts, or where reading the samples costs less. Must not outlive the
  // reader.
  virtual std::unique_ptr<FactsReader> Facts(const FactsQuery& /*query*/) const { return nullptr; }
};

using SeriesSet = std::vector<std::unique_ptr<SeriesReader>>;

class Snapshot {
 public:
  virtual ~Snapshot() = default;

  // The series that satisfy all matchers and may have samples in [min_ms, max_ms], in order of
  // their creation.
  virtual absl::StatusOr<SeriesSet> Select(const Matchers& matchers, int64_t min_ms,
                                           int64_t max_ms) const = 0;
};

// A value of the program's own; it outlives the process where the samples do. An empty value is
// forgotten.
struct NamedValue {
  std::string name;
  std::string value;
};

// What is committed together with samples.
struct CommitExtras {
  std::vector<NamedValue> values;
  bool is_sent = false;  // the samples also go to the outbox (outbox.h)
};

// Collects samples and commits them together.
class Appender {
 public:
  virtual ~Appender() = default;

  // Errors name what is wrong in Prometheus' words and leave the appender usable:
  //   OutOfRange         "out of order sample", "out of bounds"
  //   AlreadyExists      "duplicate sample for timestamp 5; overrides not allowed: existing 1, new
  //                      value 2"; without what follows "timestamp" for a histogram
  //   ResourceExhausted  the series limit
  // A sample equal to the newest one of its series is accepted and ignored.
  virtual absl::Status Append(const Labels& labels, int64_t timestamp_ms, double value) = 0;
  virtual absl::Status AppendHistogram(const Labels& labels, int64_t timestamp_ms,
                                       HistogramPtr histogram) = 0;

  // A sample that tells when it began to count (`start_ms`, 0: unknown): a float, or a histogram
  // where that is not null.
  virtual absl::Status AppendStarted(const Labels& labels, int64_t timestamp_ms, int64_t start_ms,
                                     double value, HistogramPtr histogram) = 0;

  // From now on samples older than the newest of their series are out of order, whatever window the
  // store has.
  virtual void RefuseLateSamples() = 0;

  // After a commit every snapshot taken later shows the samples; on an error none of them.
  // An appender that is destroyed without Commit changes nothing.
  virtual absl::Status CommitWith(CommitExtras extras) = 0;
  absl::Status Commit() { return CommitWith({}); }
};

class Storage {
 public:
  virtual ~Storage() = default;
  virtual std::shared_ptr<const Snapshot> TakeSnapshot() const = 0;
  virtual std::unique_ptr<Appender> NewAppender() = 0;

  // The time of the newest sample of a series; nullopt where it has none.
  virtual std::optional<int64_t> NewestOf(const Labels& /*labels*/) const { return std::nullopt; }
  // Of what was committed, all samples from this time on are still there.
  virtual int64_t ForgottenBefore() const { return std::numeric_limits<int64_t>::min(); }
};

}  // namespace sloburn
