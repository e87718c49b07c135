// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sloburn::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class RunnerTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = testing::TempDir() + "promqltest_" + name;
    std::ofstream(path) << text;
    return path;
  }

  // Runs one script and keeps the exit code.
  std::string Run(const std::string& text, bool verbose = true) {
    std::ostringstream out;
    exit_code_ = RunPromqltest({Write("one.test", text)}, {.is_verbose = verbose}, out);
    return out.str();
  }

  int exit_code_ = -1;
};

TEST_F(RunnerTest, CountsPassesAndFailures) {
  const std::string out =
      Run("load 1m\n  x{a=\"1\"} 0+10x10\n\n"
          "eval instant at 5m rate(x[2m])\n  {a=\"1\"} 0.16666666\n\n"
          "eval range from 0 to 2m step 1m x\n  x{a=\"1\"} 0 10 20\n\n"
          "eval instant at 5m x\n  x{a=\"1\"} 51\n");
  EXPECT_THAT(out, HasSubstr("one.test: 2 passed, 1 failed\n"));
  EXPECT_THAT(out, EndsWith("\n2 passed, 1 failed\n"));
  EXPECT_THAT(out, HasSubstr("one.test:10: x\n"));
  EXPECT_THAT(out, HasSubstr("expected 51 for x{a=\"1\"}, got 50"));
  EXPECT_EQ(exit_code_, 1);
}

TEST_F(RunnerTest, PlanPassesMayBeOffOrCompared) {
  const std::string script = Write("passes.test",
                                   "load 1m\n  x 0+10x10\n\n"
                                   "eval range from 0 to 2m step 1m x @ 60 + sum_over_time(x[5m] @ end())\n"
                                   "  {} 40 40 40\n");
  for (const PlanPasses passes : {PlanPasses::kOn, PlanPasses::kOff, PlanPasses::kBoth}) {
    std::ostringstream out;
    EXPECT_EQ(RunPromqltest({script}, {.is_verbose = true, .plan_passes = passes}, out), 0)
        << out.str();
  }
}

TEST_F(RunnerTest, QuietShowsOnlyTheCounts) {
  EXPECT_THAT(Run("eval instant at 0 1\n  2\n", false),
              testing::MatchesRegex("[^\n]*one.test: 0 passed, 1 failed\n0 passed, 1 failed\n"));
}

TEST_F(RunnerTest, AllPassedIsExitCodeZero) {
  Run("eval instant at 0 1 + 1\n  2\n\neval instant at 0 \"a\"\n  expect string \"a\"\n");
  EXPECT_EQ(exit_code_, 0);
}

TEST_F(RunnerTest, ExpectedFailures) {
  const std::string load = "load 1m\n  x{a=\"1\"} 1\n  x{a=\"2\"} 1\n  y 1\n\n";
  const std::string eval = load + "eval instant at 0 y * on () x\n  expect fail";
  Run(eval + "\n");
  EXPECT_EQ(exit_code_, 0);
  Run(eval + " regex: many-to-many matching not allowed\n");
  EXPECT_EQ(exit_code_, 0);
  EXPECT_THAT(Run(eval + " msg: something else\n"), HasSubstr("expected the error"));
  EXPECT_EQ(exit_code_, 1);
  EXPECT_THAT(Run(load + "eval instant at 0 y\n  expect fail\n"),
              HasSubstr("expected an error, got none"));
}

TEST_F(RunnerTest, NativeHistogramsAreCompared) {
  const std::string load = "load 1m\n  h {{sum:1 count:1 buckets:[1]}}+{{sum:2 count:1 buckets:[1]}}x3\n\n";
  Run(load + "eval instant at 1m h\n  h {{sum:3 count:2 buckets:[2]}}\n");
  EXPECT_EQ(exit_code_, 0);
  EXPECT_THAT(Run(load + "eval instant at 1m h\n  h {{sum:3 count:2 buckets:[1 1]}}\n"),
              HasSubstr("got {{count:2 sum:3 counter_reset_hint:not_reset buckets:[2]}}"));
  EXPECT_EQ(exit_code_, 1);
  EXPECT_THAT(Run(load + "eval instant at 1m h\n  h 3\n"), HasSubstr("expected 3 for h, got {{"));
}

TEST_F(RunnerTest, ClassicHistogramsBecomeNativeOnes) {
  Run("load_with_nhcb 1m\n  h_bucket{le=\"1\"} 2\n  h_bucket{le=\"+Inf\"} 5\n  h_sum 9\n"
      "  h_count 5\n\n"
      "eval instant at 0 h\n  h {{schema:-53 sum:9 count:5 custom_values:[1] buckets:[2 3]}}\n");
  EXPECT_EQ(exit_code_, 0);
}

TEST_F(RunnerTest, StartTimestampsCount) {
  Run("load 1m\n  x@st _ -10s -10s\n  x 5 5 5\n\n"
      "eval instant at 2m start_timestamp(x)\n  {} 110\n\n"
      "eval instant at 2m resets(x[5m])\n  {} 2\n");
  EXPECT_EQ(exit_code_, 0);
}

TEST_F(RunnerTest, ExpectedAnnotations) {
  const std::string eval = "load 1m\n  x 1\n\neval instant at 0 x\n";
  EXPECT_THAT(Run(eval + "  expect warn\n  x 1\n"), HasSubstr("expected warnings, got none"));
  const std::string quantile = "load 1m\n  x 1\n\neval instant at 0 quantile(2, x)\n";
  Run(quantile + "  expect warn msg: PromQL warning: quantile value should be between 0 and 1, "
                 "got 2 (1:10)\n  {} Inf\n");
  EXPECT_EQ(exit_code_, 0);
  EXPECT_THAT(Run(quantile + "  expect no_warn\n  {} Inf\n"), HasSubstr("unexpected warnings"));
  Run(eval + "  expect no_warn\n  expect no_info\n  x 1\n");
  EXPECT_EQ(exit_code_, 0);
}

TEST_F(RunnerTest, AnErrorKeepsWhatRanBefore) {
  const std::string out =
      Run("eval instant at 0 1\n  1\n\nload 1m\n  x 1 2\n\nload 1m\n  x 3\n\n"
          "eval instant at 0 1\n  1\n");
  EXPECT_THAT(out, HasSubstr("one.test:7: load: "));
  EXPECT_THAT(out, EndsWith("1 passed, 0 failed, 1 file with errors\n"));
  EXPECT_EQ(exit_code_, 1);
}

TEST_F(RunnerTest, BrokenAndMissingFiles) {
  EXPECT_THAT(Run("nonsense\n"), HasSubstr("one.test:1: unknown command"));
  EXPECT_EQ(exit_code_, 1);
  std::ostringstream out;
  EXPECT_EQ(RunPromqltest({"/nonexistent.test"}, {}, out), 1);
  EXPECT_THAT(out.str(), HasSubstr("error: open /nonexistent.test: no such file or directory"));
}

TEST_F(RunnerTest, FilesStartEmptyAndAreSummedUp) {
  const std::string first = Write("a.test", "load 1m\n  x 1\n\neval instant at 0 x\n  x 1\n");
  const std::string second = Write("b.test", "eval instant at 0 x\n");
  std::ostringstream out;
  EXPECT_EQ(RunPromqltest({first, second}, {}, out), 0);
  EXPECT_EQ(out.str(), first + ": 1 passed, 0 failed\n" + second +
                           ": 1 passed, 0 failed\n2 passed, 0 failed\n");
}

}  // namespace
}  // namespace sloburn::cli
