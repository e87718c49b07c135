// SPDX-License-Identifier: Apache-2.0
// What each part of a plan did while a query ran: for explain.
//
//   QueryProfile profile(*plan);
//   context.profile = &profile;  // operators count into it
//
// Threads: the counters may be added to from any; read them when the query is done.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <unordered_map>

#include "engine/exec/operator.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

// Of one plan node. A selector in a subquery or pinned by @ is opened once, like any other.
struct OperatorProfile {
  std::chrono::nanoseconds time{0};  // with that of its inputs
  int64_t series = 0;                // it yields, those without a sample included
  std::atomic<int64_t> samples = 0;  // read from the store
  std::atomic<int64_t> summarized = 0;  // series whose windows were told by summaries
  int threads = 1;
};

class QueryProfile {
 public:
  explicit QueryProfile(const PlanNode& root);

  // REQUIRES: a node of the plan.
  OperatorProfile& Of(const PlanNode& node) { return operators_.at(&node); }

 private:
  std::unordered_map<const PlanNode*, OperatorProfile> operators_;
};

// Passes everything through and adds time and series to `profile`.
OperatorPtr MakeTimed(OperatorPtr input, OperatorProfile& profile);

}  // namespace sloburn::engine
