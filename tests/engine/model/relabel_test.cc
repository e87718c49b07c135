// SPDX-License-Identifier: Apache-2.0
#include "engine/model/relabel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sloburn {
namespace {

using enum RelabelAction;
using testing::HasSubstr;

std::string ErrorOf(const RelabelConfig& config) {
  return std::string(RelabelRule::Create(config).status().message());
}

// The labels after the rules, as text; "dropped".
std::string Result(const Labels& labels, const std::vector<RelabelConfig>& configs) {
  std::vector<RelabelRule> rules;
  for (const RelabelConfig& config : configs) {
    auto rule = RelabelRule::Create(config);
    if (!rule.ok()) return std::string(rule.status().message());
    rules.push_back(*rule);
  }
  const std::optional<Labels> result = Relabel(labels, rules);
  return result ? result->ToString() : "dropped";
}

const Labels& Base() {
  static const auto* const kLabels =
      new Labels(Labels::FromPairs({{"host", "db-7.eu"}, {"job", "db"}, {"team", "core"}}));
  return *kLabels;
}

TEST(Relabel, NoRulesChangeNothing) {
  EXPECT_EQ(Result(Base(), {}), R"({host="db-7.eu", job="db", team="core"})");
  EXPECT_EQ(Relabel(Labels(), {}), Labels());
}

TEST(Relabel, ReplaceSetsAndDeletes) {
  EXPECT_EQ(Result(Base(), {{.source_labels = {"host"},
                             .regex = R"((\w+)-(?P<number>\d+)\.(.*))",
                             .target_label = "${1}_number",
                             .replacement = "${number}/$3/$9"}}),
            R"({db_number="7/eu/", host="db-7.eu", job="db", team="core"})");
  // The expression must match all of the value.
  EXPECT_EQ(Result(Base(), {{.source_labels = {"host"}, .regex = "db", .target_label = "x"}}),
            R"({host="db-7.eu", job="db", team="core"})");
  EXPECT_EQ(Result(Base(), {{.source_labels = {"host"}, .target_label = "job", .replacement = ""},
                            {.source_labels = {"nothing"}, .target_label = "team"}}),
            R"({host="db-7.eu"})");
  EXPECT_EQ(Result(Base(), {{.target_label = "fixed", .replacement = "yes"}}),
            R"({fixed="yes", host="db-7.eu", job="db", team="core"})");
}

TEST(Relabel, SourcesAreJoined) {
  EXPECT_EQ(
      Result(Base(), {{.source_labels = {"job", "nothing", "team"}, .target_label = "a"},
                      {.source_labels = {"job", "team"}, .separator = "", .target_label = "b"}}),
      R"({a="db;;core", b="dbcore", host="db-7.eu", job="db", team="core"})");
}

TEST(Relabel, AGroupThatIsNoNameReplacesNothing) {
  EXPECT_EQ(Result(Base(), {{.source_labels = {"none"}, .target_label = "$1", .replacement = "x"}}),
            R"({host="db-7.eu", job="db", team="core"})");
}

TEST(Relabel, AnyUtf8IsAName) {
  EXPECT_EQ(
      Result(Base(),
             {{.source_labels = {"job"}, .target_label = "größe in cm"},
              {.source_labels = {"größe in cm"}, .target_label = "job", .replacement = "$1$1"},
              {.regex = "gr.*|host|team", .action = kLabelDrop}}),
      R"({job="dbdb"})");
}

TEST(Relabel, DotMatchesLineBreaks) {
  EXPECT_EQ(
      Result(Labels::FromPairs({{"a", "x\ny"}}),
             {{.source_labels = {"a"}, .regex = "x.y", .target_label = "a", .replacement = "one"}}),
      R"({a="one"})");
}

TEST(Relabel, KeepAndDrop) {
  EXPECT_EQ(Result(Base(), {{.source_labels = {"job"}, .regex = "web|db", .action = kKeep}}),
            Base().ToString());
  EXPECT_EQ(Result(Base(), {{.source_labels = {"job"}, .regex = "web", .action = kKeep}}),
            "dropped");
  EXPECT_EQ(Result(Base(), {{.source_labels = {"job"}, .regex = "web|db", .action = kDrop}}),
            "dropped");
  EXPECT_EQ(Result(Base(), {{.source_labels = {"job"}, .regex = "d", .action = kDrop}}),
            Base().ToString());
  // Without sources the value is empty.
  EXPECT_EQ(Result(Base(), {{.regex = "", .action = kDrop}}), "dropped");
}

TEST(Relabel, KeepEqualAndDropEqual) {
  const Labels same = Labels::FromPairs({{"a", "x"}, {"b", "x"}, {"c", "y"}});
  const auto rule = [](RelabelAction action, std::string_view target) {
    RelabelConfig config;
    config.source_labels = {"a"};
    config.target_label = target;
    config.action = action;
    return config;
  };
  EXPECT_EQ(Result(same, {rule(kKeepEqual, "b")}), same.ToString());
  EXPECT_EQ(Result(same, {rule(kKeepEqual, "c")}), "dropped");
  EXPECT_EQ(Result(same, {rule(kDropEqual, "b")}), "dropped");
  EXPECT_EQ(Result(same, {rule(kDropEqual, "c")}), same.ToString());
}

TEST(Relabel, HashModCountsTheSecondHalfOfMd5) {
  EXPECT_EQ(Result(Labels::FromPairs({{"job", "db"}}), {{.source_labels = {"job"},
                                                         .modulus = 1000,
                                                         .target_label = "shard",
                                                         .action = kHashMod}}),
            R"({job="db", shard="619"})");
}

TEST(Relabel, LabelMapDropAndKeep) {
  const Labels labels = Labels::FromPairs({{"k8s_a", "1"}, {"k8s_b", "2"}, {"c", "3"}});
  EXPECT_EQ(Result(labels, {{.regex = "k8s_(.+)", .action = kLabelMap}}),
            R"({a="1", b="2", c="3", k8s_a="1", k8s_b="2"})");
  EXPECT_EQ(Result(labels, {{.regex = "k8s_.+", .replacement = "one", .action = kLabelMap}}),
            R"({c="3", k8s_a="1", k8s_b="2", one="2"})");
  EXPECT_EQ(Result(labels, {{.regex = "k8s_.*", .action = kLabelDrop}}), R"({c="3"})");
  EXPECT_EQ(Result(labels, {{.regex = "k8s_.*", .action = kLabelKeep}}),
            R"({k8s_a="1", k8s_b="2"})");
  EXPECT_EQ(Result(labels, {{.regex = "", .action = kLabelKeep}}), "{}");
  // A name that would be empty is none.
  EXPECT_EQ(Result(labels, {{.regex = "c(x?)", .action = kLabelMap}}), labels.ToString());
}

TEST(Relabel, LowerAndUpperCaseOfAllLetters) {
  EXPECT_EQ(Result(Labels::FromPairs({{"a", "Straße Σ 7"}}),
                   {{.source_labels = {"a"}, .target_label = "low", .action = kLowercase},
                    {.source_labels = {"a"}, .target_label = "up", .action = kUppercase}}),
            "{a=\"Straße Σ 7\", low=\"straße σ 7\", up=\"STRAßE Σ 7\"}");
}

TEST(Relabel, EachRuleSeesWhatTheOneBeforeMade) {
  EXPECT_EQ(Result(Base(), {{.source_labels = {"job"}, .target_label = "a"},
                            {.source_labels = {"a"}, .regex = "db", .action = kDrop}}),
            "dropped");
}

TEST(RelabelRule, ErrorsAreThoseOfPrometheus) {
  EXPECT_EQ(ErrorOf({}), "relabel configuration for replace action requires 'target_label' value");
  EXPECT_EQ(ErrorOf({.target_label = "a", .action = kHashMod}),
            "relabel configuration for hashmod requires non-zero modulus");
  EXPECT_EQ(ErrorOf({.modulus = 8, .action = kHashMod}),
            "relabel configuration for hashmod action requires 'target_label' value");
  EXPECT_EQ(ErrorOf({.target_label = "\xff"}),
            R"("\xff" is invalid 'target_label' for replace action)");
  EXPECT_EQ(ErrorOf({.target_label = "a", .replacement = "b", .action = kLowercase}),
            "'replacement' can not be set for lowercase action");
  EXPECT_EQ(ErrorOf({.replacement = "", .action = kLabelMap}),
            R"("" is invalid 'replacement' for labelmap action)");
  EXPECT_EQ(
      ErrorOf({.regex = "b", .target_label = "a", .action = kDropEqual}),
      "dropequal action requires only 'source_labels' and `target_label`, and no other fields");
  EXPECT_EQ(ErrorOf({.source_labels = {"a"}, .action = kLabelDrop}),
            "labeldrop action requires only 'regex', and no other fields");
  EXPECT_EQ(ErrorOf({.regex = "(a", .target_label = "b"}),
            "error parsing regexp: missing closing ): `^(?s:(a)$`");
}

TEST(RelabelRule, ActionsInAnyCase) {
  EXPECT_EQ(ParseRelabelAction("LabelMap"), kLabelMap);
  EXPECT_EQ(ParseRelabelAction("uppercase"), kUppercase);
  EXPECT_EQ(ParseRelabelAction("map"), std::nullopt);
  EXPECT_EQ(RelabelActionName(kDropEqual), "dropequal");
}

TEST(RelabelRule, EqualByWhatIsConfigured) {
  const RelabelConfig config{.target_label = "a"};
  EXPECT_EQ(*RelabelRule::Create(config), *RelabelRule::Create(config));
  EXPECT_FALSE(*RelabelRule::Create(config) == *RelabelRule::Create({.target_label = "b"}));
}

}  // namespace
}  // namespace sloburn
