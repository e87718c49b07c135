// SPDX-License-Identifier: Apache-2.0
#include "web/api/query_execution.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "web/api/error_response.h"
#include "web/api/explain_json.h"
#include "web/api/json_values.h"
#include "web/api/parameters.h"
#include "web/api/result_json.h"
#include "web/api/stats_json.h"

namespace sloburn::web {
namespace {

absl::StatusOr<engine::QueryOptions> ReadOptions(const Request& request, const Form& form,
                                                 const Dependencies& deps) {
  engine::QueryOptions options = deps.query_options;
  options.cancelled = request.cancelled.get();
  const std::string_view explain = form.Get("explain");
  if (!explain.empty() && explain != "true" && explain != "false") {
    return InvalidParameter(
        "explain", StrCat("unknown value ", GoQuote(explain), "; use \"true\" or \"false\""));
  }
  options.explain = explain == "true";
  if (const std::string_view text = form.Get("timeout"); !text.empty()) {
    const absl::StatusOr<absl::Duration> timeout = ParseApiDuration(text);
    if (!timeout.ok()) return InvalidParameter("timeout", MessageOf(timeout.status()));
    options.timeout = std::min(options.timeout, *timeout);
  }
  if (const std::string_view text = form.Get("lookback_delta"); !text.empty()) {
    const absl::StatusOr<absl::Duration> lookback = ParseApiDuration(text);
    if (!lookback.ok()) {
      return absl::InvalidArgumentError(
          StrCat("error parsing lookback delta duration: ", lookback.status().message()));
    }
    if (*lookback > absl::ZeroDuration()) options.lookback_delta = *lookback;
  }
  return options;
}

absl::StatusOr<engine::PreparedQuery> PrepareQuery(const Form& form, bool as_range,
                                                   const engine::QueryOptions& options) {
  absl::StatusOr<engine::PreparedQuery> query = engine::Prepare(form.Get("query"), options);
  if (absl::IsDeadlineExceeded(query.status()) || absl::IsCancelled(query.status())) {
    return query.status();
  }
  if (!query.ok()) return InvalidParameter("query", MessageOf(query.status()));
  const engine::ValueType type = query->type();
  if (as_range && type != engine::ValueType::kScalar && type != engine::ValueType::kInstantVector) {
    return InvalidParameter("query",
                            StrCat("invalid expression type ", GoQuote(engine::TypeName(type)),
                                   " for range query, must be Scalar or instant Vector"));
  }
  return query;
}

std::string StatsWarning(std::string_view stats) {
  return StrCat("value ", GoQuote(stats),
                " for parameter \"stats\" is deprecated and will be rejected in the next "
                "major release, use \"true\" or \"all\"");
}

}  // namespace

absl::StatusOr<Notes> RunQuery(const Request& request, const Form& form, const Dependencies& deps,
                               const TimeRange& range, bool as_range, int64_t limit,
                               std::string& out) {
  ASSIGN_OR_RETURN(engine::QueryOptions options, ReadOptions(request, form, deps));
  const std::string_view stats = form.Get("stats");
  options.count_samples = !stats.empty();
  options.count_samples_by_step = options.count_samples_by_step && stats == "all";
  const absl::Time start = absl::Now();
  options.timeout -= request.queue_time;
  ASSIGN_OR_RETURN(const engine::PreparedQuery query, PrepareQuery(form, as_range, options));
  const absl::Time prepared = absl::Now();
  options.timeout -= prepared - start;
  if (options.timeout <= absl::ZeroDuration()) {
    return absl::DeadlineExceededError("query timed out in query queue");
  }
  const std::shared_ptr<const Snapshot> snapshot = deps.storage->TakeSnapshot();
  ASSIGN_OR_RETURN(engine::QueryResult result,
                   engine::Execute(query, *snapshot, range, options, as_range));
  const QueryTimings timings{request.queue_time, prepared - start, absl::Now() - prepared};

  Notes notes{std::move(result.warnings), std::move(result.infos)};
  if (TruncateResult(result.value, limit)) {
    // First, so that it is among the ten that are shown.
    notes.warnings.insert(notes.warnings.begin(), kTruncatedWarning);
  }
  if (!stats.empty() && stats != "true" && stats != "all") {
    notes.warnings.push_back(StatsWarning(stats));
  }
  StrAppend(&out, R"({"resultType":")", ResultTypeText(result.value), R"(","result":)");
  RETURN_IF_ERROR(AppendResultJson(out, result.value, deps.max_response_bytes));
  if (options.explain) {
    out += R"(,"explanation":)";
    AppendExplanationJson(out, result.explanation);
  }
  if (!stats.empty()) {
    out += R"(,"stats":)";
    AppendStatsJson(out, timings, result.samples);
  }
  out += '}';
  return notes;
}

}  // namespace sloburn::web
