// SPDX-License-Identifier: Apache-2.0
// Negation.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"

namespace sloburn::engine {

OperatorPtr MakeNegation(OperatorPtr input, ExecContext& context);

}  // namespace sloburn::engine
