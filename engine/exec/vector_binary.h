// SPDX-License-Identifier: Apache-2.0
// Arithmetic and comparison between two instant vectors, one-to-one or with group_left/right.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "parser/ast.h"

namespace sloburn::engine {

OperatorPtr MakeVectorBinary(OperatorPtr lhs, OperatorPtr rhs, const parser::Expr& expr,
                             ExecContext& context);

}  // namespace sloburn::engine
