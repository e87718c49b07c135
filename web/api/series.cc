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

// Writes one label set after the other; false once there is one more than the limit.
class SeriesWriter {
 public:
  SeriesWriter(int64_t limit, std::string& out, Notes& notes)
      : limit_(limit), out_(out), notes_(notes) {}

  bool Write(const Labels& labels) {
    if (limit_ > 0 && written_ == limit_) {
      notes_.warnings.push_back(kTruncatedWarning);
      return false;
    }
    if (written_++ > 0) out_ += ',';
    AppendLabelsJson(out_, labels);
    return true;
  }

 private:
  const int64_t limit_;
  std::string& out_;
  Notes& notes_;
  int64_t written_ = 0;
};

// Several selectors may choose the same series: those are merged and come sorted. Those of one
// selector come as the store has them, as in Prometheus.
absl::StatusOr<Notes> ListSeries(const Request& request, const Form& form, const Dependencies& deps,
                                 std::string& out) {
  ASSIGN_OR_RETURN(const SeriesSelection selection, ReadSelection(form, deps));
  Notes notes;
  SeriesWriter writer(selection.limit, out, notes);
  out += '[';
  if (selection.sets.size() == 1) {
    RETURN_IF_ERROR(VisitSeries(selection, request, deps,
                                [&](const Labels& labels) { return writer.Write(labels); }));
  } else {
    std::set<Labels> found;
    RETURN_IF_ERROR(VisitSeries(selection, request, deps, [&](const Labels& labels) {
      found.insert(labels);
      return true;
    }));
    for (const Labels& labels : found) {
      if (!writer.Write(labels)) break;
    }
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
