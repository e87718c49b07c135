// SPDX-License-Identifier: Apache-2.0
#include "rule_fixture.h"

#include "base/float_text.h"
#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "engine/model/time_range.h"

namespace sloburn::rules {

void RuleFixture::Append(std::string_view metric, std::initializer_list<Label> labels,
                         double second, double value) {
  std::vector<Label> pairs(labels);
  pairs.push_back({std::string(kMetricName), std::string(metric)});
  const std::unique_ptr<Appender> appender = storage.NewAppender();
  const absl::Status appended =
      appender->Append(Labels::FromPairs(pairs), static_cast<int64_t>(second * 1000), value);
  ASSERT_TRUE(appended.ok()) << appended;
  const absl::Status committed = appender->Commit();
  ASSERT_TRUE(committed.ok()) << committed;
}

std::unique_ptr<RuleGroup> RuleFixture::Group(const std::string& fields) {
  std::string text = "groups:\n- ";
  for (const char c : fields.find("name:") == std::string::npos ? "name: g\n" + fields : fields) {
    text += c;
    if (c == '\n') text += "  ";
  }
  const ParsedRuleFile parsed = ParseRuleFile("f.yml", text, {});
  EXPECT_EQ(JoinDiagnostics(parsed.errors), "") << text;
  return std::make_unique<RuleGroup>(
      MakeGroupDefinition(parsed.file.groups.at(0), absl::Minutes(1), absl::ZeroDuration()));
}

void RuleFixture::Tick(RuleGroup& group, double second) {
  const absl::Status status = RunTick(group, AtSecond(second), context);
  EXPECT_TRUE(status.ok()) << status;
}

std::string RuleFixture::Samples(std::string_view metric) const {
  const auto snapshot = storage.TakeSnapshot();
  const auto series = snapshot->Select(
      {Matcher::Plain(parser::MatchType::kEqual, kMetricName, metric)}, kMinTimeMs, kMaxTimeMs);
  EXPECT_TRUE(series.ok()) << series.status();
  std::map<Labels, std::string> lines;
  for (const auto& one : *series) {
    SampleBuffer buffer;
    const auto view = one->Read(kMinTimeMs, kMaxTimeMs, buffer);
    EXPECT_TRUE(view.ok()) << view.status();
    std::string& line = lines[one->labels()];
    for (size_t i = 0; i < view->size; ++i) {
      const double value = view->values[i];
      StrAppend(&line, " ", IsStale(value) ? "stale" : FormatFloatF(value), "@",
                FormatFloatF(static_cast<double>(view->timestamps[i]) / 1000));
    }
  }
  std::string text;
  for (const auto& [labels, line] : lines) {
    StrAppend(&text, text.empty() ? "" : "\n", labels.ToString(), line);
  }
  return text;
}

}  // namespace sloburn::rules
