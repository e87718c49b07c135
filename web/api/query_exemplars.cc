// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include "base/status_macros.h"
#include "web/api/error_response.h"
#include "web/api/parameters.h"

namespace sloburn::web {

namespace {

absl::Status CheckTimes(const Form& form) {
  ASSIGN_OR_RETURN(const absl::Time start, TimeParameter(form, "start", MinApiTime()));
  ASSIGN_OR_RETURN(const absl::Time end, TimeParameter(form, "end", MaxApiTime()));
  if (end >= start) return absl::OkStatus();
  return absl::InvalidArgumentError("end timestamp must not be before start timestamp");
}

}  // namespace

// Exemplars are not stored: the answer to a query that selects something is an empty list. One
// without selectors gets no document at all.
void AddQueryExemplars(Router& router, const Dependencies& deps) {
  router.Add({"GET", "POST"}, "/api/v1/query_exemplars", Lane::kQuery, [&deps](const Request& r) {
    const Form form(r);
    if (const absl::Status status = CheckTimes(form); !status.ok()) return ErrorResponse(status);
    const auto query = engine::Prepare(form.Get("query"), deps.query_options);
    if (!query.ok()) {
      return ErrorResponse(absl::InvalidArgumentError(query.status().message()));
    }
    if (query->selectors().empty()) return Response::NoContent();
    return Response::Json(200, R"({"status":"success","data":[]})");
  });
}

}  // namespace sloburn::web
