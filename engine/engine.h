// SPDX-License-Identifier: Apache-2.0
// PromQL over a snapshot: analyze -> plan -> execute.
//
//   ASSIGN_OR_RETURN(PreparedQuery query, Prepare("sum(rate(x[5m]))", options));
//   ASSIGN_OR_RETURN(QueryResult result, Execute(query, *snapshot, TimeRange::Instant(now), options));
//
// A PreparedQuery is immutable: rules prepare once and execute at every tick, from any thread.
// Errors: InvalidArgument for the user's text (parse and type errors in Prometheus' words, with
// the range as payload), ResourceExhausted for limits, DeadlineExceeded for the timeout, Cancelled,
// FailedPrecondition for errors of the evaluation itself ("found duplicate series for ..."),
// Unimplemented for constructs that are refused.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/explain.h"
#include "engine/functions/function.h"
#include "engine/model/matcher.h"
#include "engine/model/sample.h"
#include "engine/model/time_range.h"
#include "engine/plan/plan_options.h"
#include "engine/query_samples.h"
#include "engine/storage/storage.h"
#include "parser/ast.h"
#include "parser/parser.h"

namespace sloburn::engine {

struct QueryOptions {
  parser::ParseOptions parse;
  PlanOptions plan;
  absl::Duration lookback_delta = absl::Minutes(5);
  absl::Duration default_subquery_step = absl::Minutes(1);
  absl::Duration timeout = absl::Minutes(2);
  int64_t max_samples = 50'000'000;
  // What the samples held may take, at 16 bytes each; 0: only max_samples bounds them.
  int64_t max_memory_bytes = 0;
  bool delayed_name_removal = false;
  // Of one query. Results are the same for any number.
  int threads = 1;
  // Below so many series times steps, a selector is read by one thread.
  int64_t min_parallel_samples = 65'536;
  // rate, increase, irate and resets look at when samples began to count.
  bool use_start_timestamps = false;
  // Whether a metric is a counter is told by its label __type__, not by its name.
  bool type_and_unit_labels = false;
  // Fill QueryResult::explanation.
  bool explain = false;
  // Fill QueryResult::samples; each step's only where both are set.
  bool count_samples = false;
  bool count_samples_by_step = false;
  // Checked while the query runs; may be null.
  const std::atomic<bool>* cancelled = nullptr;
};

namespace internal {
struct PreparedState;
}

class PreparedQuery {
 public:
  const parser::Expr& expr() const;
  ValueType type() const;
  // The canonical text.
  const std::string& text() const;

  // What the query reads: one entry per selector. A sample at t is read for evaluation times in
  // [t + newest, t + oldest] ms, so a query at T needs (T - oldest_ms, T - newest_ms].
  struct Selector {
    Matchers matchers;
    int64_t oldest_ms;  // range + offset + lookback, subqueries included
    int64_t newest_ms;  // usually 0; negative with a negative offset
    bool has_at = false;         // pinned by @ <timestamp>: min_ms/max_ms are absolute then
    int64_t at_min_ms = 0, at_max_ms = 0;
    std::string text;   // printed, for messages
  };
  const std::vector<Selector>& selectors() const;

  std::shared_ptr<const internal::PreparedState> state;
};

struct QueryResult {
  QueryValue value;
  // In Prometheus' words, with places in the query's text.
  std::vector<std::string> warnings, infos;
  std::vector<ExplainRow> explanation;  // where it was asked for
  QuerySamples samples;                 // likewise
};

// `regexes` may be null; queries prepared with the same one share their regular expressions. Without
// one, compiling them ends with options.timeout and options.cancelled.
absl::StatusOr<PreparedQuery> Prepare(std::string_view text, const QueryOptions& options,
                                      RegexCache* regexes = nullptr);

// What Prepare would find wrong, for much less than preparing costs. Returns the query's type.
absl::StatusOr<ValueType> Check(std::string_view text, const QueryOptions& options,
                                RegexCache* regexes = nullptr);

// Instant when range.is_instant() and `as_range` is false: the result is a scalar, string,
// instant vector, or matrix. Otherwise a matrix sorted by labels.
absl::StatusOr<QueryResult> Execute(const PreparedQuery& query, const Snapshot& snapshot,
                                    const TimeRange& range, const QueryOptions& options,
                                    bool as_range = false);

}  // namespace sloburn::engine
