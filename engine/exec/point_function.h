// SPDX-License-Identifier: Apache-2.0
// Functions that turn each sample into one sample: abs, round, clamp, hour, timestamp, ...
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/exec/scalar_args.h"
#include "engine/functions/function.h"
#include "engine/model/time_range.h"

namespace sloburn::engine {

struct PointCall {
  PointFunction function = nullptr;
  double default_arg = 0;           // stands in for scalar arguments that were left out
  bool is_clamp = false;            // no samples at steps where the second argument is below the first
  bool yields_eval_time = false;    // timestamp() of anything but a selector: `function` is null
};

OperatorPtr MakePointFunction(OperatorPtr input, PointCall call, ScalarArgs args,
                              const TimeRange& range, ExecContext& context);

}  // namespace sloburn::engine
