// SPDX-License-Identifier: Apache-2.0
// absl::Status -> Prometheus' error document. The one table of errorType and HTTP code is in the
// .cc; nothing else in the code base names an errorType.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "web/request.h"
#include "web/response.h"

namespace sloburn::web {

// {"status":"error","errorType":"bad_data","error":"..."}. REQUIRES: !status.ok().
Response ErrorResponse(const absl::Status& status);

// InvalidArgument: `invalid parameter "query": CAUSE`.
absl::Status InvalidParameter(std::string_view name, std::string_view cause);

// Logs, for debugging, why `request` got `response`. `what`: "Refused a remote write request".
void LogRefusal(std::string_view what, const Request& request, const Response& response);

// The message of `status` as a std::string_view (absl's own view type is another type here).
std::string_view MessageOf(const absl::Status& status);

}  // namespace sloburn::web
