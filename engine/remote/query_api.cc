// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/query_api.h"

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "base/form_escape.h"
#include "base/status_macros.h"
#include "base/str_cat.h"

namespace sloburn::remote {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

// Prometheus' own annotations speak about the query, not about missing data.
bool IsAnnotation(std::string_view warning) {
  return warning.starts_with("PromQL warning:") || warning.starts_with("PromQL info:");
}

absl::Status RefuseHistograms(const QueryAnswer& answer, bool skips) {
  if (skips || answer.histogram_series.empty()) return absl::OkStatus();
  return absl::UnimplementedError(
      StrCat("the answer holds native histograms, which cannot be read: ",
             answer.histogram_series.front().ToString()));
}

void AppendParameter(std::string& form, std::string_view name, std::string_view value) {
  StrAppend(&form, form.empty() ? "" : "&", name, "=", FormEscape(value));
}

absl::Status WithPlace(const HttpClient& client, std::string_view path,
                       const absl::Status& status) {
  return absl::Status(status.code(),
                      StrCat(client.url().Redacted(), path, ": ",
                             std::string_view(status.message().data(), status.message().size())));
}

}  // namespace

std::string FormatSeconds(int64_t time_ms) {
  const int64_t absolute = time_ms < 0 ? -time_ms : time_ms;
  return absl::StrFormat("%s%d.%03d", time_ms < 0 ? "-" : "", absolute / 1000, absolute % 1000);
}

QueryApi::QueryApi(HttpClient* client, QueryApiOptions options)
    : client_(client), options_(options) {}

absl::StatusOr<QueryAnswer> QueryApi::Ask(std::string_view path, std::string form) {
  if (options_.timeout > absl::ZeroDuration()) {
    AppendParameter(form, "timeout", StrCat(absl::ToInt64Milliseconds(options_.timeout), "ms"));
  }
  ASSIGN_OR_RETURN(const HttpResponse response, client_->Post(path, std::move(form), kFormType));
  absl::StatusOr<QueryAnswer> answer = ParseQueryAnswer(response.body, response.status);
  if (response.status / 100 != 2) {
    // An error of this API says more than its status; anything else is a proxy's.
    const absl::Status plain = client_->ToStatus(response, path);
    if (answer.ok() || absl::IsDataLoss(answer.status())) return plain;
  }
  if (!answer.ok()) return WithPlace(*client_, path, answer.status());
  if (!options_.accept_partial) {
    for (const std::string& warning : answer->warnings) {
      if (IsAnnotation(warning)) continue;
      return WithPlace(*client_, path, absl::AbortedError(StrCat("partial answer: ", warning)));
    }
  }
  return answer;
}

absl::StatusOr<QueryAnswer> QueryApi::RangeSelector(std::string_view selector, int64_t range_ms,
                                                    int64_t time_ms) {
  std::string form;
  AppendParameter(form, "query", StrCat(selector, "[", range_ms, "ms]"));
  AppendParameter(form, "time", FormatSeconds(time_ms));
  ASSIGN_OR_RETURN(QueryAnswer answer, Ask("/api/v1/query", std::move(form)));
  if (!std::holds_alternative<Matrix>(answer.value)) {
    return WithPlace(*client_, "/api/v1/query",
                     absl::DataLossError("a range selector was not answered with a matrix"));
  }
  return answer;
}

absl::StatusOr<QueryAnswer> QueryApi::Instant(std::string_view query, int64_t time_ms) {
  std::string form;
  AppendParameter(form, "query", query);
  AppendParameter(form, "time", FormatSeconds(time_ms));
  ASSIGN_OR_RETURN(QueryAnswer answer, Ask("/api/v1/query", std::move(form)));
  RETURN_IF_ERROR(RefuseHistograms(answer, options_.skip_histograms));
  return answer;
}

absl::StatusOr<QueryAnswer> QueryApi::Range(std::string_view query, const TimeRange& range) {
  std::string form;
  AppendParameter(form, "query", query);
  AppendParameter(form, "start", FormatSeconds(range.start_ms));
  AppendParameter(form, "end", FormatSeconds(range.end_ms));
  AppendParameter(form, "step", FormatSeconds(range.step_ms));
  ASSIGN_OR_RETURN(QueryAnswer answer, Ask("/api/v1/query_range", std::move(form)));
  RETURN_IF_ERROR(RefuseHistograms(answer, options_.skip_histograms));
  return answer;
}

}  // namespace sloburn::remote
