// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/functions/function.h"

namespace sloburn::engine {
namespace {

std::string Signature(std::string_view name) {
  const FunctionRow& row = *FindFunction(name);
  std::string text = "(";
  for (int i = 0; i < row.arg_count; ++i) {
    if (i > 0) text += ", ";
    text += TypeName(row.args[i]);
  }
  if (row.variadic > 0) text += "; optional: " + std::to_string(row.variadic);
  if (row.variadic < 0) text += "...";
  return text + ") -> " + std::string(TypeName(row.result));
}

TEST(Catalog, FindsEveryRowByItsName) {
  for (const FunctionRow* row : AllFunctions()) EXPECT_EQ(FindFunction(row->name), row);
}

TEST(Catalog, HoldsEveryFunctionOnceInOrder) {
  std::string previous;
  size_t experimental = 0;
  for (const FunctionRow* row : AllFunctions()) {
    EXPECT_LT(previous, std::string(row->name));
    EXPECT_FALSE(row->description.empty()) << row->name;
    previous = std::string(row->name);
    experimental += row->is_experimental;
  }
  EXPECT_EQ(AllFunctions().size(), 90u);
  EXPECT_EQ(experimental, 17u);
}

TEST(Catalog, UnknownNamesAreAbsent) {
  for (const char* name : {"", "rates", "RATE", "rat", "zzz", "avg"}) {
    EXPECT_EQ(FindFunction(name), nullptr) << name;
  }
}

TEST(Catalog, Signatures) {
  EXPECT_EQ(Signature("rate"), "(range vector) -> instant vector");
  EXPECT_EQ(Signature("clamp"), "(instant vector, scalar, scalar) -> instant vector");
  EXPECT_EQ(Signature("round"), "(instant vector, scalar; optional: 1) -> instant vector");
  EXPECT_EQ(Signature("year"), "(instant vector; optional: 1) -> instant vector");
  EXPECT_EQ(Signature("time"), "() -> scalar");
  EXPECT_EQ(Signature("vector"), "(scalar) -> instant vector");
  EXPECT_EQ(Signature("scalar"), "(instant vector) -> scalar");
  EXPECT_EQ(Signature("quantile_over_time"), "(scalar, range vector) -> instant vector");
  EXPECT_EQ(Signature("predict_linear"), "(range vector, scalar) -> instant vector");
  EXPECT_EQ(Signature("histogram_quantile"), "(scalar, instant vector) -> instant vector");
  EXPECT_EQ(Signature("histogram_fraction"), "(scalar, scalar, instant vector) -> instant vector");
  EXPECT_EQ(Signature("label_replace"),
            "(instant vector, string, string, string, string) -> instant vector");
  EXPECT_EQ(Signature("label_join"),
            "(instant vector, string, string, string...) -> instant vector");
  EXPECT_EQ(Signature("sort_by_label"), "(instant vector, string...) -> instant vector");
  EXPECT_EQ(Signature("info"), "(instant vector, instant vector; optional: 1) -> instant vector");
}

TEST(Catalog, NameIsKeptByFunctionsThatPickOrRelabel) {
  std::vector<std::string> names;
  for (const FunctionRow* row : AllFunctions()) {
    if (row->keeps_name) names.emplace_back(row->name);
  }
  EXPECT_THAT(names, testing::ElementsAre("first_over_time", "info", "label_join", "label_replace",
                                          "last_over_time", "sort", "sort_by_label",
                                          "sort_by_label_desc", "sort_desc"));
}

}  // namespace
}  // namespace sloburn::engine
