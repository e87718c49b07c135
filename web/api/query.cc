// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include "base/status_macros.h"
#include "web/api/api_handler.h"
#include "web/api/parameters.h"
#include "web/api/query_execution.h"

namespace sloburn::web {

void AddQuery(Router& router, const Dependencies& deps) {
  router.Add({"GET", "POST"}, "/api/v1/query", Lane::kQuery,
             ApiHandler([&deps](const Request& request, const Form& form,
                                std::string& out) -> absl::StatusOr<Notes> {
               ASSIGN_OR_RETURN(const int64_t limit, LimitParameter(form));
               ASSIGN_OR_RETURN(const absl::Time time,
                                TimeParameter(form, "time", deps.clock->Now()));
               const TimeRange range = TimeRange::Instant(ToEngineMs(time));
               return RunQuery(request, form, deps, range, /*as_range=*/false, limit, out);
             }));
}

}  // namespace sloburn::web
