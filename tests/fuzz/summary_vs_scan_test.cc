// SPDX-License-Identifier: Apache-2.0
// Random cases of summary_vs_scan_case.h; $SLOBURN_CASES of them, and $SLOBURN_SEED to choose
// others.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>

#include "tests/fuzz/summary_vs_scan_case.h"

namespace sloburn {
namespace {

long NumberFrom(const char* variable, long otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atol(text);
}

TEST(SummaryVsScan, RandomCases) {
  const long wanted = NumberFrom("SLOBURN_CASES", 20'000);
  std::mt19937 random(static_cast<uint32_t>(NumberFrom("SLOBURN_SEED", 1)));
  long cases = 0;
  while (cases < wanted) {
    std::string bytes(16, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 256);
    const SummaryVsScan result = CompareSummariesWithScan(bytes);
    ASSERT_EQ(result.difference, "") << "case " << cases;
    cases += result.cases;
  }
  RecordProperty("cases", static_cast<int>(cases));
}

}  // namespace
}  // namespace sloburn
