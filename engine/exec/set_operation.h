// SPDX-License-Identifier: Apache-2.0
// and, or, unless.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "parser/ast.h"

namespace sloburn::engine {

OperatorPtr MakeSetOperation(OperatorPtr lhs, OperatorPtr rhs, const parser::BinaryExpr& expr,
                             ExecContext& context);

}  // namespace sloburn::engine
