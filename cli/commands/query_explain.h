// SPDX-License-Identifier: Apache-2.0
// `sloburn query --explain`: how the server evaluated a query, as a table.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "engine/remote/http_client.h"

namespace sloburn::cli {

// Evaluates `query` at `time_ms` on the server and prints the plan. Errors: the server's words;
// FailedPrecondition where it evaluates but does not explain.
absl::Status ExplainQuery(remote::HttpClient& client, const std::string& query, int64_t time_ms,
                          std::ostream& out);

// The table of an answer of /api/v1/query. Exposed for tests.
absl::Status PrintExplanation(std::string_view answer, std::ostream& out);

}  // namespace sloburn::cli
