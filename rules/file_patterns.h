// SPDX-License-Identifier: Apache-2.0
// Patterns of the configuration (`rule_files`, `slo_files`) -> paths of files. Thread-safe.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sloburn::rules {

// The files that match, sorted, each once. * ? and [] are wild; a pattern without a match is no
// error. `what` names the files in messages: "rule files".
// Errors: InvalidArgument for a bad pattern, in Prometheus' words; ResourceExhausted for more than `max_files`, Unavailable where a folder cannot be read.
absl::StatusOr<std::set<std::string>> ExpandFilePatterns(const std::vector<std::string>& patterns,
                                                         size_t max_files, std::string_view what);

}  // namespace sloburn::rules
