// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "rules/slo/evaluation.h"
#include "web/api/api_handler.h"
#include "web/api/endpoints.h"

namespace sloburn::web {
namespace {

absl::StatusOr<Notes> ListSlos(const Request& request, const Dependencies& deps, std::string& out) {
  Notes notes;
  std::vector<rules::SloState> states;
  if (deps.slos) {
    engine::QueryOptions options = deps.query_options;
    options.cancelled = request.cancelled.get();
    options.timeout -= request.queue_time;
    if (options.timeout <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError("query timed out in query queue");
    }
    const rules::SloInput input = deps.slos();
    ASSIGN_OR_RETURN(
        rules::SloEvaluation result,
        rules::EvaluateSlos(input, *deps.storage->TakeSnapshot(), deps.clock->NowMs(), options));
    states = std::move(result.states);
    notes.warnings = std::move(result.warnings);
  }
  StrAppend(&out, R"({"slos":)", rules::SloJson(states, rules::JsonLayout::kCompact), "}");
  return notes;
}

}  // namespace

void AddSlos(Router& router, const Dependencies& deps) {
  router.Add({"GET"}, "/api/v1/slos", Lane::kQuery,
             ApiHandler([&deps](const Request& request, const Form&, std::string& out) {
               return ListSlos(request, deps, out);
             }));
}

}  // namespace sloburn::web
