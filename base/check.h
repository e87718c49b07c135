// SPDX-License-Identifier: Apache-2.0
// CHECK(condition): for our own mistakes only. No input, however bad, may reach one.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace sloburn {

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace sloburn

#define CHECK(condition)                                                \
  do {                                                                  \
    if (!(condition)) ::sloburn::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)
