// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include "engine/engine.h"
#include "engine/plan/planner.h"
#include "engine/result_difference.h"
#include "gtest/gtest.h"

namespace sloburn::engine {
namespace {

TEST(PlanPasses, EachHasASwitch) {
  const auto expr = parser::Parse("rate(x[5m] @ 60)", {});
  ASSERT_TRUE(expr.ok());
  RegexCache regexes;
  EXPECT_TRUE((*MakePlan(**expr, {}, regexes))->is_step_invariant);
  EXPECT_FALSE((*MakePlan(**expr, PlanOptions::NoPasses(), regexes))->is_step_invariant);
  EXPECT_TRUE((*MakePlan(**expr, {}, regexes))->slides);
  EXPECT_FALSE((*MakePlan(**expr, PlanOptions::NoPasses(), regexes))->slides);
}

TEST(PlanPasses, StepInvarianceStaysWhereMeaningDependsOnIt) {
  for (const auto& [text, stays] : {std::pair("sort(x @ 60)", true),
                                    std::pair("-limitk(1, topk(2, x @ 60))", true),
                                    std::pair("quantile(time(), x @ 60)", true),
                                    std::pair("quantile(scalar(y @ 60), x @ 60)", true),
                                    std::pair("quantile(0.5, x @ 60)", false),
                                    std::pair("sum_over_time(sort(x)[5m:] @ 60)", false),
                                    std::pair("sum(x @ 60) + 1", false)}) {
    SCOPED_TRACE(text);
    parser::ParseOptions options;
    options.enable_experimental_functions = true;
    const auto expr = parser::Parse(text, options);
    ASSERT_TRUE(expr.ok()) << expr.status();
    RegexCache regexes;
    EXPECT_TRUE((*MakePlan(**expr, {}, regexes))->is_step_invariant);
    EXPECT_EQ((*MakePlan(**expr, PlanOptions::NoPasses(), regexes))->is_step_invariant, stays);
  }
}

QueryResult Vector(double value) {
  QueryResult result;
  result.value = InstantVector{{Labels::FromPairs({{"a", "b"}}), 5, value}};
  return result;
}

TEST(ResultDifference, SeesEveryBit) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(DescribeDifference(Vector(1), Vector(1)), "");
  EXPECT_EQ(DescribeDifference(Vector(nan), Vector(nan)), "");
  EXPECT_NE(DescribeDifference(Vector(nan), Vector(-nan)), "");
  EXPECT_NE(DescribeDifference(Vector(0.0), Vector(-0.0)), "");
  EXPECT_NE(DescribeDifference(Vector(1), Vector(std::nextafter(1, 2))), "");
}

TEST(ResultDifference, SeesKindsSeriesTimesAndErrors) {
  QueryResult scalar;
  scalar.value = ScalarResult{5, 1};
  EXPECT_EQ(DescribeDifference(Vector(1), scalar), "results of two kinds");
  QueryResult later = scalar;
  std::get<ScalarResult>(later.value).timestamp_ms = 6;
  EXPECT_NE(DescribeDifference(scalar, later), "");

  QueryResult other = Vector(1);
  std::get<InstantVector>(other.value)[0].labels = Labels::FromPairs({{"a", "c"}});
  EXPECT_EQ(DescribeDifference(Vector(1), other), "series 0: {a=\"b\"} and {a=\"c\"}");
  std::get<InstantVector>(other.value).clear();
  EXPECT_EQ(DescribeDifference(Vector(1), other), "1 and 0 series");

  const absl::Status error = absl::InvalidArgumentError("x");
  EXPECT_EQ(DescribeDifference(error, error), "");
  EXPECT_NE(DescribeDifference(error, absl::InvalidArgumentError("y")), "");
  EXPECT_NE(DescribeDifference(error, Vector(1)), "");
}

TEST(ResultDifference, LeavesAnnotationsOut) {
  QueryResult noted = Vector(1);
  noted.warnings = {"a warning"};
  EXPECT_EQ(DescribeDifference(Vector(1), noted), "");
}

}  // namespace
}  // namespace sloburn::engine
