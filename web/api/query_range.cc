// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/thousands.h"
#include "web/api/api_handler.h"
#include "web/api/error_response.h"
#include "web/api/parameters.h"
#include "web/api/query_execution.h"

namespace sloburn::web {
namespace {

absl::StatusOr<absl::Time> RequiredTime(const Form& form, std::string_view name) {
  absl::StatusOr<absl::Time> time = ParseApiTime(form.Get(name));
  if (!time.ok()) return InvalidParameter(name, MessageOf(time.status()));
  return time;
}

absl::Status StepTooSmall() {
  return InvalidParameter("step",
                          "zero or negative query resolution step widths are not accepted. "
                          "Try a positive integer");
}

absl::StatusOr<TimeRange> ReadRange(const Form& form, int64_t max_points) {
  ASSIGN_OR_RETURN(const absl::Time start, RequiredTime(form, "start"));
  ASSIGN_OR_RETURN(const absl::Time end, RequiredTime(form, "end"));
  if (end < start) return InvalidParameter("end", "end timestamp must not be before start time");
  const absl::StatusOr<absl::Duration> step = ParseApiDuration(form.Get("step"));
  if (!step.ok()) return InvalidParameter("step", MessageOf(step.status()));
  if (*step <= absl::ZeroDuration()) return StepTooSmall();
  absl::Duration rest;
  if (absl::IDivDuration(end - start, *step, &rest) > max_points) {
    return absl::InvalidArgumentError(
        StrCat("exceeded maximum resolution of ", WithThousandsCommas(max_points),
               " points per timeseries. Try decreasing the query resolution (?step=XX)"));
  }
  // Steps are whole milliseconds; a smaller one would be none at all.
  if (*step < absl::Milliseconds(1)) return StepTooSmall();
  return TimeRange{ToEngineMs(start), ToEngineMs(end), absl::ToInt64Milliseconds(*step)};
}

}  // namespace

void AddQueryRange(Router& router, const Dependencies& deps) {
  router.Add({"GET", "POST"}, "/api/v1/query_range", Lane::kQuery,
             ApiHandler([&deps](const Request& request, const Form& form,
                                std::string& out) -> absl::StatusOr<Notes> {
               ASSIGN_OR_RETURN(const int64_t limit, LimitParameter(form));
               ASSIGN_OR_RETURN(const TimeRange range, ReadRange(form, deps.max_points_per_series));
               return RunQuery(request, form, deps, range, /*as_range=*/true, limit, out);
             }));
}

}  // namespace sloburn::web
