// SPDX-License-Identifier: Apache-2.0
// Whole files as text, bounded. Thread-safe.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace sloburn {

// Errors in the words Go programs print: NotFound "open x: no such file or directory",
// PermissionDenied, Unavailable for other input errors, ResourceExhausted over `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes);

}  // namespace sloburn
