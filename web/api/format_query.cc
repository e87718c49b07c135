// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include "base/json_writer.h"
#include "parser/printer.h"
#include "web/api/api_handler.h"
#include "web/api/error_response.h"

namespace sloburn::web {

void AddFormatQuery(Router& router, const Dependencies& deps) {
  router.Add({"GET", "POST"}, "/api/v1/format_query", Lane::kQuery,
             ApiHandler([&deps](const Request&, const Form& form,
                                std::string& out) -> absl::StatusOr<Notes> {
               const auto query = engine::Prepare(form.Get("query"), deps.query_options);
               if (!query.ok()) return InvalidParameter("query", MessageOf(query.status()));
               const auto text = parser::PrettyPrint(query->expr());
               if (!text.ok()) return InvalidParameter("query", MessageOf(text.status()));
               AppendJsonString(out, *text, /*html_escape=*/true);
               return Notes();
             }));
}

}  // namespace sloburn::web
