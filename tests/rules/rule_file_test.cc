// SPDX-License-Identifier: Apache-2.0
// Rule files of testdata/rules: the good ones give no error, each bad one gives exactly the text
// next to it (X.yml -> X.expected). SLOBURN_UPDATE=1 rewrites the texts.
#include "rules/rule_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/read_file.h"

namespace sloburn::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::filesystem::path kFolder = std::filesystem::path(SLOBURN_TESTDATA) / "rules";

std::vector<std::filesystem::path> FilesIn(const char* folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder / folder)) {
    if (entry.path().extension() == ".yml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string TextOf(const std::filesystem::path& path) {
  const auto text = ReadFile(path.string(), 1 << 20);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

ParsedRuleFile ParseNamed(const std::filesystem::path& path) {
  return ParseRuleFile(path.filename().string(), TextOf(path), {});
}

ParsedRuleFile ParseText(std::string_view text) { return ParseRuleFile("t.yml", text, {}); }

std::string TestName(const ::testing::TestParamInfo<std::filesystem::path>& info) {
  return info.param.stem().string();
}

class GoodFile : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(GoodFile, HasNoErrors) {
  const ParsedRuleFile parsed = ParseNamed(GetParam());
  EXPECT_EQ(JoinDiagnostics(parsed.errors), "");
  EXPECT_TRUE(parsed.ToStatus().ok());
}

INSTANTIATE_TEST_SUITE_P(RuleFile, GoodFile, ::testing::ValuesIn(FilesIn("good")), TestName);

class BadFile : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(BadFile, HasExactlyTheseErrors) {
  const ParsedRuleFile parsed = ParseNamed(GetParam());
  EXPECT_FALSE(parsed.ok());
  const std::string got = JoinDiagnostics(parsed.errors) + "\n";
  EXPECT_EQ(std::string(parsed.ToStatus().message()) + "\n", got);
  std::filesystem::path expected = GetParam();
  expected.replace_extension(".expected");
  if (std::getenv("SLOBURN_UPDATE") != nullptr) std::ofstream(expected) << got;
  EXPECT_EQ(got, TextOf(expected));
}

INSTANTIATE_TEST_SUITE_P(RuleFile, BadFile, ::testing::ValuesIn(FilesIn("bad")), TestName);

TEST(RuleFile, DecodesEveryField) {
  const ParsedRuleFile parsed = ParseNamed(kFolder / "good" / "everything.yml");
  ASSERT_EQ(parsed.file.groups.size(), 2u);
  const GroupSpec& group = parsed.file.groups[0];
  EXPECT_EQ(group.file, "everything.yml");
  EXPECT_EQ(group.name, "recording");
  EXPECT_EQ(group.interval, absl::Seconds(90));
  EXPECT_EQ(group.query_offset, absl::ZeroDuration());
  EXPECT_EQ(group.limit, 10);
  EXPECT_THAT(group.labels, ElementsAre(Label{"team", "infra"}, Label{"zone", ""}));
  ASSERT_EQ(group.rules.size(), 3u);
  const RuleSpec& rule = group.rules[0];
  EXPECT_FALSE(rule.is_alerting);
  EXPECT_EQ(rule.name, "job:up:avg");
  EXPECT_EQ(rule.expr, "avg by (job) (\n  up\n)\n");
  EXPECT_EQ(rule.query.text(), "avg by (job) (up)");
  EXPECT_THAT(rule.labels,
              ElementsAre(Label{"hex", "0x1F"}, Label{"none", ""}, Label{"number", "5"},
                          Label{"quoted", "5"}, Label{"team", "other"}, Label{"yes", "yes"}));
  EXPECT_EQ(rule.place.line, 8);
  EXPECT_EQ(rule.place.column, 9);
  EXPECT_EQ(rule.expr_place.line, 9);
  EXPECT_EQ(rule.expr_place.column, 15);
  EXPECT_EQ(group.rules[1].expr, "sum(rate(x[5m]))\n  / 2");
  EXPECT_EQ(group.rules[2].name, "copy");
  EXPECT_EQ(group.rules[2].expr, group.rules[1].expr);

  const GroupSpec& alerts = parsed.file.groups[1];
  EXPECT_EQ(alerts.interval, absl::ZeroDuration());
  EXPECT_EQ(alerts.query_offset, std::nullopt);
  ASSERT_EQ(alerts.rules.size(), 2u);
  EXPECT_TRUE(alerts.rules[0].is_alerting);
  EXPECT_EQ(alerts.rules[0].hold, absl::Minutes(5));
  EXPECT_EQ(alerts.rules[0].keep_firing_for, absl::Hours(1));
  EXPECT_THAT(
      alerts.rules[0].annotations,
      ElementsAre(Label{"dashes-are-fine", "x"}, Label{"summary", "{{ $labels.job }} is down"}));
  EXPECT_EQ(alerts.rules[1].expr, "5");
}

TEST(RuleFile, PointsIntoExpressions) {
  const ParsedRuleFile parsed = ParseText(
      "groups:\n- name: g\n  rules:\n  - record: a\n    expr: |\n      sum(x)\n        + * y\n"
      "  - record: b\n    expr: rate(x)\n    labels: {__name__: x}\n");
  ASSERT_EQ(parsed.errors.size(), 3u);
  // Shown as Prometheus shows it, at the start of the text; the exact place is the operator's.
  EXPECT_EQ(parsed.errors[0].shown_places[0].line, 5);
  EXPECT_EQ(parsed.errors[0].place.line, 7);
  EXPECT_EQ(parsed.errors[0].place.column, 11);
  EXPECT_EQ(parsed.errors[1].place.line, 9);
  EXPECT_EQ(parsed.errors[1].place.column, 16);
  // Prometheus gives errors of labels no place.
  EXPECT_TRUE(parsed.errors[2].shown_places.empty());
  EXPECT_EQ(parsed.errors[2].place.line, 10);
  EXPECT_EQ(parsed.errors[2].place.column, 14);
}

TEST(RuleFile, SkipsNullElements) {
  const ParsedRuleFile parsed = ParseNamed(kFolder / "good" / "null_elements.yml");
  ASSERT_EQ(parsed.file.groups.size(), 1u);
  EXPECT_EQ(parsed.file.groups[0].rules.size(), 1u);
}

TEST(RuleFile, WarnsAboutFurtherDocuments) {
  for (const char* name : {"several_documents.yml", "broken_second_document.yml"}) {
    const ParsedRuleFile parsed = ParseNamed(kFolder / "good" / name);
    ASSERT_EQ(parsed.warnings.size(), 1u) << name;
    EXPECT_THAT(parsed.warnings[0].message, HasSubstr("only the first document is processed"));
  }
  const ParsedRuleFile several = ParseNamed(kFolder / "good" / "several_documents.yml");
  ASSERT_EQ(several.file.groups.size(), 1u);
  EXPECT_EQ(several.file.groups[0].name, "first");
}

TEST(RuleFile, UnknownFieldsCanBeIgnored) {
  RuleFileOptions options;
  options.ignores_unknown_fields = true;
  const ParsedRuleFile parsed =
      ParseRuleFile("t.yml", "x: 1\ngroups:\n- {name: g, y: 2, rules: []}\n", options);
  EXPECT_EQ(JoinDiagnostics(parsed.errors), "");
}

TEST(RuleFile, ReadsManifests) {
  const ParsedRuleFile one = ParseNamed(kFolder / "good" / "manifest.yml");
  ASSERT_EQ(one.file.groups.size(), 1u);
  EXPECT_EQ(one.file.groups[0].file, "manifest.yml");
  ASSERT_EQ(one.warnings.size(), 1u);
  EXPECT_EQ(one.warnings[0].ToString(),
            "manifest.yml: 10:5: field partial_response_strategy is ignored");

  const ParsedRuleFile several = ParseNamed(kFolder / "good" / "manifests.yml");
  ASSERT_EQ(several.file.groups.size(), 2u);
  EXPECT_EQ(several.file.groups[0].file, "manifests.yml#ns/one");
  EXPECT_EQ(several.file.groups[1].file, "manifests.yml#two");
  ASSERT_EQ(several.warnings.size(), 1u);
  EXPECT_EQ(several.warnings[0].ToString(),
            "manifests.yml: 1:1: object of kind \"Service\" is passed over");
}

TEST(RuleFile, DuplicateRulesAreFoundAsByPromtool) {
  const ParsedRuleFile parsed = ParseNamed(kFolder / "good" / "duplicates.yml");
  const std::vector<DuplicateRule> duplicates = FindDuplicateRules(parsed.file);
  EXPECT_EQ(DescribeDuplicates(duplicates),
            "2 duplicate rule(s) found.\n"
            "Metric: a\nLabel(s):\n\tl: group\n"
            "Metric: b\nLabel(s):\n\tl: group\n"
            "Might cause inconsistency while recording expressions");
  ASSERT_EQ(duplicates.size(), 2u);
  EXPECT_EQ(duplicates[0].places.size(), 3u);
  EXPECT_EQ(duplicates[0].places[0].line, 8);
  EXPECT_TRUE(FindDuplicateRules(ParseNamed(kFolder / "good" / "everything.yml").file).empty());
}

TEST(RuleFile, MissingFileIsOneError) {
  const ParsedRuleFile parsed = ReadRuleFile("/nonexistent/r.yml", {});
  EXPECT_EQ(JoinDiagnostics(parsed.errors),
            "/nonexistent/r.yml: open /nonexistent/r.yml: no such file or directory");
}

TEST(RuleFile, SizeIsLimited) {
  RuleFileOptions options;
  options.yaml.max_bytes = 10;
  const ParsedRuleFile parsed = ReadRuleFile((kFolder / "good" / "minimal.yml").string(), options);
  ASSERT_EQ(parsed.errors.size(), 1u);
  EXPECT_THAT(parsed.errors[0].message, HasSubstr("larger than the limit of 10 bytes"));
}

}  // namespace
}  // namespace sloburn::rules
