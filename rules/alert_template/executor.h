// SPDX-License-Identifier: Apache-2.0
// Executes a parsed template. One call, one thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "rules/alert_template/environment.h"
#include "rules/alert_template/parser.h"
#include "rules/alert_template/value.h"

namespace sloburn::rules {

// InvalidArgument with Go's text: `template: __alert_Down:1:120: executing "__alert_Down" at <...>:
// ...`; ResourceExhausted for limits, in the same form; Cancelled as the query gave it.
absl::StatusOr<std::string> ExecuteTemplate(const ParsedTemplate& parsed, const TemplateData& data,
                                            const TemplateEnvironment& environment);

}  // namespace sloburn::rules
