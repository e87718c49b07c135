// SPDX-License-Identifier: Apache-2.0
// What the process returns to its caller.
#pragma once

namespace sloburn::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitProblems = 1;  // findings, failed tests, a failed query
inline constexpr int kExitUsage = 2;     // wrong flags or unusable configuration

}  // namespace sloburn::cli
