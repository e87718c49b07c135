// SPDX-License-Identifier: Apache-2.0
// The plan of a query: the syntax tree without parentheses, each node joined with what analysis
// found out about it (type, function, compiled matchers, whether it depends on the step).
//
// A plan knows no time: `@ end()`, step() and the like are resolved when it is executed.
// Ownership: nodes point into the syntax tree, which must outlive the plan. Immutable once built.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/functions/function.h"
#include "engine/model/matcher.h"
#include "engine/plan/plan_options.h"
#include "parser/ast.h"

namespace sloburn::engine {

struct PlanNode;
using PlanNodePtr = std::unique_ptr<PlanNode>;

struct PlanNode {
  const parser::Expr* expr = nullptr;  // never a ParenExpr
  ValueType type = ValueType::kInstantVector;
  // Evaluated at the first step only; the result holds for all steps.
  bool is_step_invariant = false;
  // Of a selector with @ in the parameter of an aggregation: Prometheus moves its time along with the
  // steps, over the samples that it would have read at the first one.
  bool at_moves = false;
  // Of a selector: only counts and sums of native histograms are looked at (by histogram_count and
  // the like), so resets are told from sample to sample.
  bool reads_statistics = false;
  // Of a call of a function over windows: its SeriesFunction is used.
  bool slides = false;
  // Likewise, its FactsFunction, where the store keeps summaries of what a long window covers.
  PlanOptions::ChunkSummaries reads_summaries = PlanOptions::ChunkSummaries::kNever;
  Matchers matchers;                      // VectorSelector, MatrixSelector
  const FunctionRow* function = nullptr;  // Call
  // Unary: operand. Binary: left, right. Aggregate: expr[, param]. Call: arguments.
  // Subquery: expr.
  std::vector<PlanNodePtr> children;

  ~PlanNode();  // with an explicit stack
};

}  // namespace sloburn::engine
