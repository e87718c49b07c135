// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include "base/status_macros.h"
#include "web/api/api_handler.h"
#include "web/api/error_response.h"
#include "web/api/parameters.h"

namespace sloburn::web {

// Exemplars are not stored: the answer to a valid request is an empty list.
void AddQueryExemplars(Router& router, const Dependencies& deps) {
  router.Add(
      {"GET", "POST"}, "/api/v1/query_exemplars", Lane::kQuery,
      ApiHandler(
          [&deps](const Request&, const Form& form, std::string& out) -> absl::StatusOr<Notes> {
            ASSIGN_OR_RETURN(const absl::Time start, TimeParameter(form, "start", MinApiTime()));
            ASSIGN_OR_RETURN(const absl::Time end, TimeParameter(form, "end", MaxApiTime()));
            if (end < start) {
              return absl::InvalidArgumentError("end timestamp must not be before start timestamp");
            }
            const auto query = engine::Prepare(form.Get("query"), deps.query_options);
            if (!query.ok()) return absl::InvalidArgumentError(query.status().message());
            out += "[]";
            return Notes();
          }));
}

}  // namespace sloburn::web
