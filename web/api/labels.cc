// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include <string>
#include <unordered_set>

#include "base/status_macros.h"
#include "web/api/api_handler.h"
#include "web/api/series_selection.h"
#include "web/api/string_list.h"

namespace sloburn::web {

void AddLabels(Router& router, const Dependencies& deps) {
  router.Add({"GET", "POST"}, "/api/v1/labels", Lane::kQuery,
             ApiHandler([&deps](const Request& request, const Form& form,
                                std::string& out) -> absl::StatusOr<Notes> {
               ASSIGN_OR_RETURN(const SeriesSelection selection, ReadSeriesSelection(form, deps));
               std::unordered_set<std::string> names;
               RETURN_IF_ERROR(VisitSeries(selection, request, deps, [&](const Labels& labels) {
                 for (const auto [name, value] : labels) names.emplace(name);
                 return true;
               }));
               return AppendSortedTexts(out, names, selection.limit);
             }));
}

}  // namespace sloburn::web
