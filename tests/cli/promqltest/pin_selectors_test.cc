// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/pin_selectors.h"

#include <gtest/gtest.h>

#include "parser/parser.h"
#include "parser/printer.h"

namespace sloburn::cli {
namespace {

std::string Pinned(std::string_view text) {
  auto expr = parser::Parse(text, {});
  if (!expr.ok()) return std::string(expr.status().message());
  return PinSelectors(**expr, 60'000) ? parser::Print(**expr) : "refused";
}

TEST(PinSelectors, EverySelectorWithoutAt) {
  EXPECT_EQ(Pinned("x + rate(y[5m])"), "x @ 60.000 + rate(y[5m] @ 60.000)");
  EXPECT_EQ(Pinned("x @ 10 + x offset 1m"), "x @ 10.000 + x @ 60.000 offset 1m");
}

TEST(PinSelectors, WhatStandsInASubqueryFollowsIt) {
  EXPECT_EQ(Pinned("sum_over_time(x[5m:1m])"), "sum_over_time(x[5m:1m] @ 60.000)");
  EXPECT_EQ(Pinned("sum_over_time(x[5m:1m] @ 10)"), "sum_over_time(x[5m:1m] @ 10.000)");
}

TEST(PinSelectors, RefusesFunctionsOfTheEvaluationTime) {
  EXPECT_EQ(Pinned("x + time()"), "refused");
  EXPECT_EQ(Pinned("predict_linear(x[5m], 10)"), "refused");
  EXPECT_EQ(Pinned("timestamp(x)"), "refused");
  EXPECT_EQ(Pinned("abs(x)"), "abs(x @ 60.000)");
}

}  // namespace
}  // namespace sloburn::cli
