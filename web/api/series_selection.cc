// SPDX-License-Identifier: Apache-2.0
#include "web/api/series_selection.h"

#include <algorithm>

#include "base/status_macros.h"
#include "engine/analyze/vocabulary.h"
#include "parser/parser.h"
#include "web/api/error_response.h"
#include "web/api/parameters.h"

namespace sloburn::web {
namespace {

// How many series are visited between two looks at the cancel flag.
constexpr int kCancelCheckInterval = 1024;

absl::StatusOr<Matchers> ParseOne(const std::string& text, const parser::ParseOptions& options) {
  RegexCache regexes;
  engine::EngineVocabulary vocabulary(options.enable_experimental_functions, regexes);
  ASSIGN_OR_RETURN(const parser::ExprPtr expr,
                   parser::ParseMetricSelector(text, options, &vocabulary));
  const auto& selector = std::get<parser::VectorSelector>(expr->node);
  Matchers matchers;
  for (const parser::LabelMatcher& one : selector.matchers) {
    ASSIGN_OR_RETURN(Matcher matcher, Matcher::Create(one.type, one.name, one.value, &regexes));
    matchers.push_back(std::move(matcher));
  }
  if (!selector.name.empty()) {
    matchers.push_back(Matcher::Plain(parser::MatchType::kEqual, kMetricName, selector.name));
  }
  return matchers;
}

absl::Status VisitSet(const SeriesSet& set, const Request& request,
                      const std::function<bool(const Labels&)>& visit, bool* goes_on) {
  int until_check = kCancelCheckInterval;
  for (const auto& series : set) {
    if (--until_check == 0) {
      until_check = kCancelCheckInterval;
      if (request.cancelled->load(std::memory_order_relaxed)) {
        return absl::CancelledError("context canceled");
      }
    }
    *goes_on = visit(series->labels());
    if (!*goes_on) break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Matchers>> ParseMatchParameter(const std::vector<std::string>& texts,
                                                          const parser::ParseOptions& options) {
  std::vector<Matchers> sets;
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(Matchers matchers, ParseOne(text, options));
    sets.push_back(std::move(matchers));
  }
  for (const Matchers& matchers : sets) {
    const bool matches_all = std::all_of(matchers.begin(), matchers.end(),
                                         [](const Matcher& m) { return m.matches_empty(); });
    if (matches_all) {
      return absl::InvalidArgumentError("match[] must contain at least one non-empty matcher");
    }
  }
  return sets;
}

bool MatchesAny(const Labels& labels, const std::vector<Matchers>& sets) {
  if (sets.empty()) return true;
  return std::any_of(sets.begin(), sets.end(), [&](const Matchers& matchers) {
    return std::all_of(matchers.begin(), matchers.end(),
                       [&](const Matcher& m) { return m.Matches(labels.Get(m.name())); });
  });
}

absl::StatusOr<SeriesSelection> ReadSeriesSelection(const Form& form, const Dependencies& deps) {
  SeriesSelection selection;
  ASSIGN_OR_RETURN(selection.limit, LimitParameter(form));
  ASSIGN_OR_RETURN(const absl::Time start, TimeParameter(form, "start", MinApiTime()));
  ASSIGN_OR_RETURN(const absl::Time end, TimeParameter(form, "end", MaxApiTime()));
  selection.min_ms = ToEngineMs(start);
  selection.max_ms = ToEngineMs(end);
  ASSIGN_OR_RETURN(selection.sets,
                   ParseMatchParameter(form.GetAll("match[]"), deps.query_options.parse));
  return selection;
}

absl::Status VisitSeries(const SeriesSelection& selection, const Request& request,
                         const Dependencies& deps,
                         const std::function<bool(const Labels&)>& visit) {
  const std::shared_ptr<const Snapshot> snapshot = deps.storage->TakeSnapshot();
  static const std::vector<Matchers>& kEverything = *new std::vector<Matchers>(1);
  const auto& sets = selection.sets.empty() ? kEverything : selection.sets;
  bool goes_on = true;
  for (const Matchers& matchers : sets) {
    ASSIGN_OR_RETURN(const SeriesSet set,
                     snapshot->Select(matchers, selection.min_ms, selection.max_ms));
    RETURN_IF_ERROR(VisitSet(set, request, visit, &goes_on));
    if (!goes_on) break;
  }
  return absl::OkStatus();
}

}  // namespace sloburn::web
