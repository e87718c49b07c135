// SPDX-License-Identifier: Apache-2.0
// The texts that both printers are made of. Private.
#pragma once

#include <string>

#include "parser/ast.h"

namespace sloburn::parser {

// `sum by (a, b) `, `sum`, `sum without () `: what stands before the parenthesis.
std::string AggregateHead(const AggregateExpr& aggregate);
// `+ bool on (a) group_left (b)`: the operator with its modifiers.
std::string OperatorText(const BinaryExpr& binary);
// `[5m:1m] @ 1.000 offset 5m`.
std::string SubquerySuffix(const SubqueryExpr& subquery);
// An expression without children.
std::string LeafText(const Expr& expr);

}  // namespace sloburn::parser
