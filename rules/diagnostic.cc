// SPDX-License-Identifier: Apache-2.0
#include "rules/diagnostic.h"

#include "base/str_cat.h"

namespace sloburn::rules {

std::string Diagnostic::ToString() const {
  std::string text = StrCat(file, ": ");
  for (const Place& shown : shown_places) StrAppend(&text, shown.line, ":", shown.column, ": ");
  text += message;
  if (!hint.empty()) StrAppend(&text, " (", hint, ")");
  return text;
}

std::string JoinDiagnostics(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& one : diagnostics) {
    if (!text.empty()) text += '\n';
    text += one.ToString();
  }
  return text;
}

}  // namespace sloburn::rules
