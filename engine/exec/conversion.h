// SPDX-License-Identifier: Apache-2.0
// scalar(v).
#pragma once

#include "engine/exec/operator.h"

namespace sloburn::engine {

// The value of the only sample of a step; NaN where there are none or several.
OperatorPtr MakeScalar(OperatorPtr input, size_t steps);

}  // namespace sloburn::engine
