// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include "web/api/api_handler.h"
#include "web/api/error_response.h"
#include "web/api/expr_json.h"

namespace sloburn::web {

void AddParseQuery(Router& router, const Dependencies& deps) {
  router.Add({"GET", "POST"}, "/api/v1/parse_query", Lane::kQuery,
             ApiHandler([&deps](const Request&, const Form& form,
                                std::string& out) -> absl::StatusOr<Notes> {
               const auto query = engine::Prepare(form.Get("query"), deps.query_options);
               if (!query.ok()) return InvalidParameter("query", MessageOf(query.status()));
               AppendExprJson(out, query->expr());
               return Notes();
             }));
}

}  // namespace sloburn::web
