// SPDX-License-Identifier: Apache-2.0
// Bytes -> a series and queries over windows of it, each asked twice: from summaries of chunks,
// and by looking at the samples. The bytes choose shapes and seeds; what is random beyond them
// follows from the seeds, so that equal bytes are an equal case.
#pragma once

#include <string>
#include <string_view>

namespace sloburn {

struct SummaryVsScan {
  int cases = 0;           // (series, window or windows, function)
  std::string difference;  // empty: none was more than docs/exactness.md allows
};

SummaryVsScan CompareSummariesWithScan(std::string_view bytes);

}  // namespace sloburn
