// SPDX-License-Identifier: Apache-2.0
// The text of a web configuration file -> web::WebConfig.
//
// The format is that of Prometheus' exporter toolkit; unknown keys are errors. All problems are
// reported at once, one per line: `FILE:LINE:COL: MESSAGE`; none of them tells a key or a hash.
// Relative paths start at the folder of the file. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "web/web_config.h"

namespace sloburn::cli {

// The files that the text names are not read. Errors: InvalidArgument, ResourceExhausted.
absl::StatusOr<web::WebConfig> ParseWebConfig(const std::string& path, std::string_view text);

}  // namespace sloburn::cli
