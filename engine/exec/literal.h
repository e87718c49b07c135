// SPDX-License-Identifier: Apache-2.0
// Scalars that need no input: numbers and time().
#pragma once

#include "engine/exec/operator.h"
#include "engine/model/time_range.h"

namespace sloburn::engine {

OperatorPtr MakeNumber(double value, size_t steps);
// The evaluation time in seconds. As a scalar and as vector(time()) it has the same form.
// No series.
OperatorPtr MakeNothing();

OperatorPtr MakeTime(const TimeRange& range);

}  // namespace sloburn::engine
