// SPDX-License-Identifier: Apache-2.0
// The plan of a query that was executed, as rows for people: what each operator is, what the
// planner found out about it, and what it did.
//
//   options.explain = true;
//   ASSIGN_OR_RETURN(QueryResult result, Execute(query, snapshot, range, options));
//   for (const ExplainRow& row : result.explanation) ...
//
// Rows are plain values. They are in the order of the tree, an operator before its inputs, with
// depths instead of nesting: trees may be as deep as generated rules make them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace sloburn::engine {

struct ExplainRow {
  int depth = 0;
  std::string operation;           // `sum by (service)`, `rate()`, `http_requests_total[5m]`
  std::vector<std::string> notes;  // passes that were applied to it
  bool is_selector = false;
  int64_t series = 0;    // that it yields
  int64_t samples = 0;   // that it read from the store; selectors only
  int threads = 1;       // that worked on it
  // Wall time, with its inputs and without. A range vector's time is in the function around it.
  absl::Duration total, self;
};

class QueryProfile;
struct PlanNode;

// `source`: the query's text, which the plan's places are in.
std::vector<ExplainRow> Explain(const PlanNode& plan, QueryProfile& profile,
                                const std::string& source);

}  // namespace sloburn::engine
