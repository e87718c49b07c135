// SPDX-License-Identifier: Apache-2.0
// Template text -> syntax trees, with the errors of Go's text/template in its words.
//
//   ASSIGN_OR_RETURN(ParsedTemplate parsed, ParseTemplate("__alert_Down", text, limits));
//
// The variables that Prometheus declares before every alert template ($labels, $value ...) are
// known. Pure; any thread.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "rules/alert_template/limits.h"
#include "rules/alert_template/tree.h"

namespace sloburn::rules {

// Prometheus declares them in the text itself, on its first line: columns in messages count it.
inline constexpr std::string_view kTemplatePreamble =
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
    "{{$externalURL := .ExternalURL}}{{$value := .Value}}";

struct ParsedTemplate {
  std::string name, text;
  std::unique_ptr<ListNode> root;
  std::map<std::string, std::unique_ptr<ListNode>, std::less<>> defined;  // {{define}}, {{block}}
  bool calls_query = false;  // somewhere in it

  // "__alert_Down:1:120": the template's name, line and column.
  std::string LocationOf(const Node& node) const;
};

// InvalidArgument: "template: __alert_Down:1: unexpected EOF"; ResourceExhausted for limits.
absl::StatusOr<ParsedTemplate> ParseTemplate(std::string_view name, std::string_view text,
                                             const TemplateLimits& limits);

}  // namespace sloburn::rules
