// SPDX-License-Identifier: Apache-2.0
// scalar(v) and sort(v).
#pragma once

#include "engine/exec/operator.h"

namespace sloburn::engine {

// The value of the only sample of a step; NaN where there are none or several.
OperatorPtr MakeScalar(OperatorPtr input, size_t steps);

// Orders an instant vector by value, NaN last. REQUIRES: one step.
OperatorPtr MakeSort(OperatorPtr input, bool is_descending);

}  // namespace sloburn::engine
