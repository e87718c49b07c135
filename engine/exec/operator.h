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
#include "engine/model/labels.h"

namespace sloburn::engine {

// One series over all steps. values[i] is of no meaning where present[i] is 0.
struct Column {
  std::vector<double> values;
  std::vector<uint8_t> present;

  // `steps` absent samples.
  void Reset(size_t steps) {
    values.resize(steps);
    present.assign(steps, 0);
  }
  size_t steps() const { return values.size(); }
  void Set(size_t step, double value) {
    values[step] = value;
    present[step] = 1;
  }
};

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

}  // namespace sloburn::engine
