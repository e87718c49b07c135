// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include <set>
#include <string>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "web/api/api_handler.h"
#include "web/api/error_response.h"
#include "web/api/json_values.h"
#include "web/api/parameters.h"
#include "web/api/series_selection.h"

namespace sloburn::web {
namespace {

absl::StatusOr<SeriesSelection> ReadSelection(const Form& form, const Dependencies& deps) {
  if (!form.error().empty()) {
    return absl::InvalidArgumentError(StrCat("error parsing form values: ", form.error()));
  }
  const std::vector<std::string> texts = form.GetAll("match[]");
  if (texts.empty()) return absl::InvalidArgumentError("no match[] parameter provided");
  SeriesSelection selection;
  ASSIGN_OR_RETURN(selection.limit, LimitParameter(form));
  ASSIGN_OR_RETURN(const absl::Time start, TimeParameter(form, "start", MinApiTime()));
  ASSIGN_OR_RETURN(const absl::Time end, TimeParameter(form, "end", MaxApiTime()));
  selection.min_ms = ToEngineMs(start);
  selection.max_ms = ToEngineMs(end);
  auto sets = ParseMatchParameter(texts, deps.query_options.parse);
  if (!sets.ok()) return InvalidParameter("match[]", MessageOf(sets.status()));
  selection.sets = *std::move(sets);
  return selection;
}

absl::StatusOr<Notes> ListSeries(const Request& request, const Form& form, const Dependencies& deps,
                                 std::string& out) {
  ASSIGN_OR_RETURN(const SeriesSelection selection, ReadSelection(form, deps));
  std::set<Labels> found;  // in label order, without duplicates
  RETURN_IF_ERROR(VisitSeries(selection, request, deps, [&](const Labels& labels) {
    found.insert(labels);
    return true;
  }));
  Notes notes;
  int64_t written = 0;
  out += '[';
  for (const Labels& labels : found) {
    if (selection.limit > 0 && written == selection.limit) {
      notes.warnings.push_back(kTruncatedWarning);
      break;
    }
    if (written++ > 0) out += ',';
    AppendLabelsJson(out, labels);
  }
  out += ']';
  return notes;
}

}  // namespace

void AddSeries(Router& router, const Dependencies& deps) {
  router.Add({"GET", "POST"}, "/api/v1/series", Lane::kQuery,
             ApiHandler([&deps](const Request& request, const Form& form, std::string& out) {
               return ListSeries(request, form, deps, out);
             }));
}

}  // namespace sloburn::web
