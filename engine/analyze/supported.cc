// SPDX-License-Identifier: Apache-2.0
#include "engine/analyze/supported.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "engine/functions/function.h"

namespace sloburn::engine {
namespace {

// What of this node alone is not supported; empty where all is.
std::string UnsupportedPart(const parser::Expr& expr) {
  if (const auto* call = std::get_if<parser::Call>(&expr.node)) {
    const FunctionRow& row = *FindFunction(call->function);
    const auto* const vector = std::get_if<VectorFunction>(&row.implementation);
    const bool is_refused = vector != nullptr && *vector == VectorFunction::kUnsupported;
    return is_refused ? absl::StrCat("function ", GoQuote(call->function)) : "";
  }
  return "";
}

}  // namespace

absl::Status CheckSupported(std::string_view text, const parser::Expr& root) {
  std::vector<const parser::Expr*> pending = {&root};
  while (!pending.empty()) {
    const parser::Expr& expr = *pending.back();
    pending.pop_back();
    const std::string part = UnsupportedPart(expr);
    if (!part.empty()) {
      const auto place = parser::LocateOffset(text, expr.range.begin);
      return absl::UnimplementedError(absl::StrCat(place->line, ":", place->column, ": ", part,
                                                   " is not supported in this version"));
    }
    for (const parser::Expr* child : parser::Children(expr)) pending.push_back(child);
  }
  return absl::OkStatus();
}

}  // namespace sloburn::engine
