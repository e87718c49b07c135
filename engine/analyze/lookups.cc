// SPDX-License-Identifier: Apache-2.0
#include "engine/analyze/lookups.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "engine/functions/function.h"
#include "engine/model/matcher.h"

namespace sloburn::engine {
namespace {

using parser::SourceRange;

class Reader {
 public:
  explicit Reader(const AnalyzeOptions& options) : options_(options) {}

  void Read(const parser::Expr& expr) {
    if (const auto* call = std::get_if<parser::Call>(&expr.node)) {
      ReadFunction(*call, expr.range.end);
    } else if (const auto* selector = SelectorOf(expr)) {
      ReadSelector(*selector);
    }
  }

  absl::StatusOr<Lookups> Finish(std::string_view text) {
    if (!problem_) return std::move(lookups_);
    return parser::ParseErrorAt(text, problem_->range, problem_->message);
  }

 private:
  struct Problem {
    int position;  // where Prometheus has read enough to notice
    SourceRange range;
    std::string message;
  };

  void Report(Problem problem) {
    if (!problem_ || problem.position < problem_->position) problem_ = std::move(problem);
  }

  void ReadFunction(const parser::Call& call, int end) {
    const FunctionRow* const row = FindFunction(call.function);
    if (row == nullptr) {
      Report({end, call.function_range,
              absl::StrCat("unknown function with name ", GoQuote(call.function))});
    } else if (row->is_experimental && !options_.enable_experimental_functions) {
      Report({end, call.function_range,
              absl::StrCat("function ", GoQuote(call.function), " is not enabled")});
    }
  }

  void ReadSelector(const parser::VectorSelector& selector) {
    bool has_non_empty = !selector.name.empty();
    for (const parser::LabelMatcher& written : selector.matchers) {
      const auto matcher = Matcher::Create(written.type, written.name, written.value);
      if (matcher.ok()) {
        has_non_empty |= !matcher->matches_empty();
      } else {
        Report({written.range.end, written.range, std::string(matcher.status().message())});
      }
    }
    if (!has_non_empty) lookups_.without_non_empty_matcher.insert(&selector);
  }

  const AnalyzeOptions& options_;
  Lookups lookups_;
  std::optional<Problem> problem_;
};

}  // namespace

const parser::VectorSelector* SelectorOf(const parser::Expr& expr) {
  if (const auto* vector = std::get_if<parser::VectorSelector>(&expr.node)) return vector;
  const auto* const matrix = std::get_if<parser::MatrixSelector>(&expr.node);
  return matrix != nullptr ? &matrix->selector : nullptr;
}

absl::StatusOr<Lookups> LookUp(std::string_view text, const parser::Expr& root,
                               const AnalyzeOptions& options) {
  Reader reader(options);
  std::vector<const parser::Expr*> pending = {&root};
  while (!pending.empty()) {
    const parser::Expr& expr = *pending.back();
    pending.pop_back();
    reader.Read(expr);
    for (const parser::Expr* child : parser::Children(expr)) pending.push_back(child);
  }
  return reader.Finish(text);
}

}  // namespace sloburn::engine
