// SPDX-License-Identifier: Apache-2.0
// count_values("label", v): per group one series for each distinct value.
#pragma once

#include <string>

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "parser/ast.h"

namespace sloburn::engine {

OperatorPtr MakeCountValues(OperatorPtr input, std::string label,
                            const parser::AggregateExpr& expr, size_t steps, ExecContext& context);

}  // namespace sloburn::engine
