// SPDX-License-Identifier: Apache-2.0
// Nothing a user writes overflows the stack or runs on without end.
#include <gtest/gtest.h>
#include <pthread.h>

#include <functional>

#include "parser/parser.h"
#include "parser/printer.h"

namespace sloburn::parser {
namespace {

constexpr size_t kSmallStackBytes = 256 << 10;

// Runs `work` on a thread with a stack on which recursion over thousands of nodes cannot survive.
void OnSmallStack(std::function<void()> work) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, kSmallStackBytes), 0);
  pthread_t thread;
  const auto entry = [](void* data) -> void* {
    (*static_cast<std::function<void()>*>(data))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, entry, &work), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&attributes);
}

std::string Repeat(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

absl::Status ParseStatus(const std::string& text) {
  return Parse(text, {.max_bytes = 10 << 20}).status();
}

class Chain : public testing::TestWithParam<const char*> {};

TEST_P(Chain, OfTenThousandOperandsNeedsNoDeepStack) {
  const std::string text = Repeat(std::string("x ") + GetParam() + " ", 9'999) + "x";
  OnSmallStack([&text] {
    auto expr = Parse(text, {});
    ASSERT_TRUE(expr.ok()) << expr.status();
    EXPECT_EQ(Print(**expr), text);
    expr->reset();
  });
}

TEST(Chain, IsPrettyPrinted) {
  // Each level is indented, so the text grows with the square of the length.
  const std::string text = Repeat("x + ", 1'999) + "x";
  OnSmallStack([&text] {
    const auto expr = Parse(text, {});
    ASSERT_TRUE(expr.ok()) << expr.status();
    const auto reparsed = Parse(*PrettyPrint(**expr, 1 << 30), {.max_bytes = 100 << 20});
    ASSERT_TRUE(reparsed.ok()) << reparsed.status();
    EXPECT_EQ(Print(**reparsed), text);
  });
}

TEST(Chain, TooLargeToBePrettyPrintedIsAnError) {
  const auto expr = Parse(Repeat("x + ", 99'999) + "x", {});
  ASSERT_TRUE(expr.ok()) << expr.status();
  const auto pretty = PrettyPrint(**expr);
  EXPECT_EQ(pretty.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(pretty.status().message(),
            "the formatted expression is larger than 16777216 bytes; print it on one line");
}

INSTANTIATE_TEST_SUITE_P(Operators, Chain,
                         testing::Values("+", "-", "*", "/", "%", "^", "atan2", "==", "and",
                                         "unless", "or", "</", ">/"));

TEST(Chain, OfMixedOperatorsAndSigns) {
  const std::string text = Repeat("x ^ -y + -z * ", 3'000) + "x";
  OnSmallStack([&text] {
    const auto expr = Parse(text, {});
    ASSERT_TRUE(expr.ok()) << expr.status();
    EXPECT_EQ(Print(**expr), text);
  });
}

TEST(Nesting, UpToTheLimitIsFine) {
  for (const auto& [open, close] : {std::pair("(", ")"), std::pair("abs(", ")"),
                                    std::pair("sum by (a) (", ")"), std::pair("-", "")}) {
    const std::string text = Repeat(open, 499) + "x" + Repeat(close, 499);
    const auto expr = Parse(text, {});
    ASSERT_TRUE(expr.ok()) << open << expr.status();
    EXPECT_EQ(Print(**expr), text);
  }
}

TEST(Nesting, BeyondTheLimitIsRefused) {
  for (const char* opening : {"(", "abs(", "sum by (a) (", "-", "+", "- (", "x offset ("}) {
    SCOPED_TRACE(opening);
    const std::string text = Repeat(opening, 100'000);
    OnSmallStack([&text] {
      const absl::Status status = ParseStatus(text);
      EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
      EXPECT_NE(status.message().find("nesting exceeds the limit of 500"),
                absl::string_view::npos);
    });
  }
}

TEST(Nesting, CountsSignsInsideBrackets) {
  // 100 brackets with ten signs before each.
  const std::string text = Repeat("----------(", 100) + "x" + Repeat(")", 100);
  EXPECT_EQ(ParseStatus(text).code(), absl::StatusCode::kResourceExhausted);
  // What is closed no longer counts.
  EXPECT_TRUE(ParseStatus(Repeat("(----------x) + ", 1'000) + "x").ok());
}

TEST(Nesting, LimitIsAnOption) {
  ParseOptions options;
  options.max_nesting = 3;
  EXPECT_TRUE(Parse("(((x)))", options).ok());
  const absl::Status status = Parse("((((x))))", options).status();
  EXPECT_EQ(status.message(),
            "1:4: parse error: nesting exceeds the limit of 3 levels");
}

TEST(Nesting, OfDurationsIsBounded) {
  EXPECT_TRUE(ParseStatus("x[" + Repeat("1m + ", 400) + "1m]").ok());
  const std::string brackets = "x[" + Repeat("(", 100'000);
  EXPECT_EQ(ParseStatus(brackets).code(), absl::StatusCode::kResourceExhausted);
  for (const char* op : {"+ ", "^ ", "* "}) {
    const std::string text = "x[" + Repeat(std::string("1m ") + op, 10'000) + "1m]";
    OnSmallStack([&text] {
      const absl::Status status = ParseStatus(text);
      EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
      EXPECT_NE(status.message().find("nesting exceeds the limit of 500"),
                absl::string_view::npos);
    });
  }
}

TEST(Size, IsBounded) {
  ParseOptions options;
  options.max_bytes = 10;
  EXPECT_TRUE(Parse("1234567890", options).ok());
  const absl::Status status = Parse("12345678901", options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "the expression has 11 bytes; the limit is 10");
}

TEST(Size, OfArgumentsAndMatchersIsNoProblem) {
  const std::string text =
      "f(" + Repeat("x, ", 20'000) + "x{" + Repeat("a=\"b\",", 20'000) + "})";
  EXPECT_TRUE(ParseStatus(text).ok());
}

}  // namespace
}  // namespace sloburn::parser
