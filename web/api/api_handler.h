// SPDX-License-Identifier: Apache-2.0
// The envelope of every answer under /api/v1: {"status":"success","data":...,"warnings":[...]}.
//
// An endpoint is an ApiFunction that appends its data, as JSON, to a string that already holds the
// beginning of the envelope: large results are written once and never copied.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "web/form.h"
#include "web/request.h"
#include "web/router.h"

namespace sloburn::web {

struct Notes {
  std::vector<std::string> warnings, infos;
};

using ApiFunction = std::function<absl::StatusOr<Notes>(const Request& request, const Form& form,
                                                        std::string& out)>;

// Errors of `function` become ErrorResponse; what it had appended is dropped.
Handler ApiHandler(ApiFunction function);

inline constexpr const char* kTruncatedWarning = "results truncated due to limit";

}  // namespace sloburn::web
