// SPDX-License-Identifier: Apache-2.0
// Dropping of metric names, and what follows from it: series whose labels became equal.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/model/label_builder.h"

namespace sloburn::engine {

// Now, or with delayed name removal by a mark.
inline OutputSeries DropName(const OutputSeries& series, const ExecContext& context) {
  if (context.options.delayed_name_removal) return {series.labels, true};
  return {DropMetricName(series.labels), false};
}

inline constexpr char kSameLabelset[] = "vector cannot contain metrics with the same labelset";

// What makes equal labels an error: samples at the same step, or samples at any steps (functions
// over range vectors).
enum class MergeRule { kSameStep, kAnyStep };

// Passes through while all labels differ (the usual case, at no cost); otherwise joins series with
// equal labels.
OperatorPtr MergeSameLabels(OperatorPtr input, MergeRule rule, ExecContext& context);

// The end of a query with delayed name removal: drops marked names.
OperatorPtr DropMarkedNames(OperatorPtr input, ExecContext& context);

}  // namespace sloburn::engine
