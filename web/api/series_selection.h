// SPDX-License-Identifier: Apache-2.0
// What /series, /labels and /label/<name>/values have in common: match[] selectors, start and end,
// and the series that they choose.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/model/labels.h"
#include "engine/model/matcher.h"
#include "web/dependencies.h"
#include "web/form.h"

namespace sloburn::web {

// match[] texts -> matchers, one set per text. Errors: InvalidArgument with the parser's text, and
// where a selector would match everything.
absl::StatusOr<std::vector<Matchers>> ParseMatchParameter(const std::vector<std::string>& texts,
                                                          const parser::ParseOptions& options);

// Whether all matchers of any set accept `labels`; true without sets.
bool MatchesAny(const Labels& labels, const std::vector<Matchers>& sets);

struct SeriesSelection {
  std::vector<Matchers> sets;  // empty: every series
  int64_t min_ms = 0, max_ms = 0;
  int64_t limit = 0;  // 0: none
};

// Reads limit, start, end and match[], in Prometheus' order of complaints.
absl::StatusOr<SeriesSelection> ReadSeriesSelection(const Form& form, const Dependencies& deps);

// Calls `visit` with the labels of each chosen series; a series that several sets choose may come
// several times. Stops with Cancelled when the request was cancelled, and early when `visit`
// returns false.
absl::Status VisitSeries(const SeriesSelection& selection, const Request& request,
                         const Dependencies& deps, const std::function<bool(const Labels&)>& visit);

}  // namespace sloburn::web
