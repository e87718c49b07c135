// SPDX-License-Identifier: Apache-2.0
// Functions over windows give the same from summaries of chunks as from samples.
#include <cstdint>
#include <cstdio>

#include "base/check.h"
#include "tests/fuzz/summary_vs_scan_case.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto result = sloburn::CompareSummariesWithScan(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (!result.difference.empty()) std::fprintf(stderr, "%s\n", result.difference.c_str());
  CHECK(result.difference.empty());
  return 0;
}
