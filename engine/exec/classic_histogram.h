// SPDX-License-Identifier: Apache-2.0
// histogram_quantile and histogram_fraction over classic histograms: series with the label `le`
// grouped by all their other labels.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/exec/scalar_args.h"
#include "engine/functions/histogram.h"

namespace sloburn::engine {

// Scalar arguments of the step and the buckets -> the result.
using BucketFunction = double (*)(const double* args, std::vector<Bucket>& buckets);

OperatorPtr MakeClassicHistogram(OperatorPtr input, ScalarArgs args, BucketFunction function,
                                 size_t steps, ExecContext& context);

}  // namespace sloburn::engine
