// SPDX-License-Identifier: Apache-2.0
// One finding in a rule file, with its place. A plain value.
//
// The text is Prometheus' own where Prometheus has one. Prometheus gives some errors no place, or
// the place of a neighbouring field, or 0:0; `shown_*` is what it prints (our place instead of
// 0:0), `line` and `column` are always those of the mistake itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sloburn::rules {

enum class Severity { kError, kWarning };

struct Place {
  int line = 0;  // 1-based; 0: unknown
  int column = 0;
};

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string file;
  Place place;
  std::vector<Place> shown_places;  // none, one, or two (record and alert)
  std::string message;
  std::string hint;  // "did you mean ...", or empty

  // `FILE: 3:5: group "g", rule 1, "r": MESSAGE`; the hint follows in parentheses.
  std::string ToString() const;
};

// One line each, in the order given.
std::string JoinDiagnostics(const std::vector<Diagnostic>& diagnostics);

}  // namespace sloburn::rules
