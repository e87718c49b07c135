// SPDX-License-Identifier: Apache-2.0
// Evaluates its input at one step and repeats the result at all.
#pragma once

#include "engine/exec/operator.h"

namespace sloburn::engine {

// `input` has one step.
OperatorPtr MakeStepInvariant(OperatorPtr input, size_t steps);

}  // namespace sloburn::engine
