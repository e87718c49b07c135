// SPDX-License-Identifier: Apache-2.0
// Binary operators with a scalar on at least one side.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "parser/ast.h"

namespace sloburn::engine {

enum class ScalarSide { kLeft, kRight, kBoth };

OperatorPtr MakeScalarBinary(OperatorPtr lhs, OperatorPtr rhs, ScalarSide scalars,
                             const parser::Expr& expr, ExecContext& context);

}  // namespace sloburn::engine
