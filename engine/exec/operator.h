// SPDX-License-Identifier: Apache-2.0
// The operators of a running query: each first tells the labels of all its output series, then
// yields one series at a time with all its steps.
//
//   RETURN_IF_ERROR(op.Open());
//   Column column;
//   for (size_t i = 0; i < op.series().size(); ++i) RETURN_IF_ERROR(op.Next(column));
//
// Labels known up front let matching and grouping be planned once per query instead of once per
// step; a series at a time keeps memory at O(groups x steps). A series may turn out to have no
// sample at any step. A scalar is one series without labels with a sample at every step.
// Ownership: an operator owns its inputs. Threads: one thread per tree.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/model/histogram.h"
#include "engine/model/labels.h"
#include "engine/model/sample.h"

namespace sloburn::engine {

// One series over all steps. A step has a float (present[i] is 1; otherwise values[i] is of no
// meaning), a histogram (histograms[i] is set), or no sample: what looks at `present` only sees the
// floats. `histograms` is empty where the series has none, the usual case.
struct Column {
  std::vector<double> values;
  std::vector<uint8_t> present;
  std::vector<HistogramPtr> histograms = {};

  // `steps` absent samples.
  void Reset(size_t steps) {
    values.resize(steps);
    present.assign(steps, 0);
    histograms.clear();
  }
  size_t steps() const { return values.size(); }
  void Set(size_t step, double value) {
    values[step] = value;
    present[step] = 1;
  }
  void Set(size_t step, HistogramPtr histogram) {
    if (histograms.empty()) histograms.resize(steps());
    histograms[step] = std::move(histogram);
  }
  bool has_histogram(size_t step) const {
    return !histograms.empty() && histograms[step] != nullptr;
  }
  bool has_sample(size_t step) const { return present[step] || has_histogram(step); }
  void Erase(size_t step) {
    present[step] = 0;
    if (!histograms.empty()) histograms[step] = nullptr;
  }
};

// What holding the column counts for against --query.max-samples.
inline int64_t HeldSamples(const Column& column) {
  int64_t samples = static_cast<int64_t>(column.steps());
  for (const HistogramPtr& histogram : column.histograms) {
    if (histogram != nullptr) samples += histogram->SizeInSamples() - 1;
  }
  return samples;
}

struct OutputSeries {
  Labels labels;
  // With delayed name removal: the metric name is to be dropped at the end.
  bool drops_name = false;
};

class Operator {
 public:
  virtual ~Operator() = default;

  // Called once, before anything else.
  virtual absl::Status Open() = 0;
  const std::vector<OutputSeries>& series() const { return series_; }
  // The next series, in the order of series(). Called exactly series().size() times at most.
  virtual absl::Status Next(Column& column) = 0;

 protected:
  std::vector<OutputSeries> series_;
};

using OperatorPtr = std::unique_ptr<Operator>;

// Reads all series of an opened operator for the sake of what they have to complain of: Prometheus
// evaluates both sides of an operation that turns out to have nothing to do.
inline absl::Status Drain(Operator& op) {
  Column column;
  for (size_t i = 0; i < op.series().size(); ++i) {
    if (absl::Status status = op.Next(column); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace sloburn::engine
