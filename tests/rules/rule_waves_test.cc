// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_waves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/str_cat.h"
#include "rule_fixture.h"
#include "rules/output.h"

namespace sloburn::rules {
namespace {

using ::testing::ElementsAre;

std::vector<std::vector<size_t>> Waves(const std::string& rules) {
  RuleFixture f;
  return f.Group("rules:\n" + rules)->waves();
}

TEST(RuleWaves, RulesThatReadNothingOfTheGroupAreOneWave) {
  EXPECT_THAT(Waves("- {record: a, expr: up}\n- {record: b, expr: sum(up)}\n- {alert: C, expr: up}\n"),
              ElementsAre(ElementsAre(0, 1, 2)));
}

TEST(RuleWaves, ARuleComesAfterThoseItReads) {
  EXPECT_THAT(Waves("- {record: a, expr: up}\n"
                    "- {record: b, expr: up}\n"
                    "- {record: ab, expr: a / b}\n"
                    "- {record: c, expr: down}\n"
                    "- {alert: D, expr: ab > c}\n"),
              ElementsAre(ElementsAre(0, 1, 3), ElementsAre(2), ElementsAre(4)));
}

TEST(RuleWaves, ARuleAboveIsNotAfterWhatItReads) {
  // b sees what a was in the tick before.
  EXPECT_THAT(Waves("- {record: b, expr: a}\n- {record: a, expr: up}\n"),
              ElementsAre(ElementsAre(0, 1)));
  EXPECT_THAT(Waves("- {record: x, expr: up}\n- {record: b, expr: x + a}\n- {record: a, expr: up}\n"),
              ElementsAre(ElementsAre(0), ElementsAre(1, 2)));
}

TEST(RuleWaves, WritersOfOneMetricKeepTheirOrder) {
  EXPECT_THAT(Waves("- {record: x, expr: up}\n- {record: a, expr: x}\n- {record: a, expr: up}\n"),
              ElementsAre(ElementsAre(0), ElementsAre(1, 2)));
}

TEST(RuleWaves, SelectorsWithoutAFixedName) {
  EXPECT_THAT(Waves("- {record: a:x, expr: up}\n- {record: b, expr: up}\n"
                    "- {record: c, expr: 'count({__name__=~\"a:.+\"})'}\n"
                    "- {record: d, expr: 'count({__name__=~\"z.+\"})'}\n"
                    "- {record: e, expr: 'count({job=\"x\"})'}\n"),
              ElementsAre(ElementsAre(0, 1, 3), ElementsAre(2), ElementsAre(4)));
}

TEST(RuleWaves, AlertsAndTheirSeries) {
  EXPECT_THAT(Waves("- {alert: A, expr: up}\n- {alert: B, expr: up}\n"
                    "- {record: firing, expr: count(ALERTS)}\n"
                    "- {alert: C, expr: up}\n"
                    "- {record: since, expr: min(ALERTS_FOR_STATE)}\n"),
              ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3), ElementsAre(4)));
}

TEST(RuleWaves, QueriesOfTemplatesMayReadAnything) {
  EXPECT_THAT(Waves("- {record: a, expr: up}\n- {record: b, expr: up}\n"
                    "- {alert: C, expr: up, annotations: {x: '{{ query \"a\" | first | value }}'}}\n"
                    "- {alert: D, expr: up, annotations: {x: '{{ $value }}'}}\n"),
              ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3)));
}

// One rule after the other, as the words say it.
void TickInOrder(const RuleGroup& group, int64_t time_ms, MemoryStorage& storage) {
  TickOutput output(storage);
  for (const Rule& rule : group.definition().rules) {
    const auto result = engine::Execute(QueryOf(rule), output.view(), TimeRange::Instant(time_ms),
                                        engine::QueryOptions());
    ASSERT_TRUE(result.ok()) << result.status();
    auto samples = std::get<RecordingRule>(rule).ToSamples(result->value, time_ms, 0);
    ASSERT_TRUE(samples.ok()) << samples.status();
    output.Show(*samples);
    output.Add(*std::move(samples));
  }
  ASSERT_TRUE(output.Commit([](const auto&) { return std::vector<NamedValue>(); }).ok());
}

// Rules r0 ... r5 in any order, some several times, that read each other and a counter.
std::string RandomRules(std::mt19937& random) {
  const auto any = [&](int end) { return std::uniform_int_distribution<int>(0, end - 1)(random); };
  std::string rules = "rules:\n";
  const int count = 2 + any(9);
  for (int i = 0; i < count; ++i) {
    std::string expr = any(3) == 0 ? "sum({__name__=~\"r[0-2]\"})" : StrCat("max(r", any(6), ")");
    if (any(2) == 0) expr = StrCat("(", expr, " or vector(", any(9), "))");
    StrAppend(&rules, "- {record: r", any(6), ", labels: {by: '", any(2), "'}, expr: '", expr,
              " + scalar(tick)'}\n");
  }
  return rules;
}

TEST(RuleWaves, ResultsAreThoseOfOneRuleAfterTheOther) {
  std::mt19937 random(7);
  WorkerPool workers(3);
  size_t waves = 0, rules = 0;
  for (int round = 0; round < 300; ++round) {
    RuleFixture waved, in_order;
    waved.context.workers = &workers;
    waved.context.worth_threads = absl::ZeroDuration();
    const std::string text = RandomRules(random);
    const auto group = waved.Group(text), same = in_order.Group(text);
    for (int tick = 1; tick <= 4; ++tick) {
      waved.Append("tick", {}, 60 * tick, tick);
      in_order.Append("tick", {}, 60 * tick, tick);
      ASSERT_TRUE(RunTick(*group, AtSecond(60 * tick), waved.context).ok());
      TickInOrder(*same, 60'000 * tick, in_order.storage);
    }
    for (int i = 0; i < 6; ++i) {
      const std::string name = StrCat("r", i);
      ASSERT_EQ(waved.Samples(name), in_order.Samples(name)) << text;
    }
    waves += group->waves().size();
    rules += group->definition().rules.size();
  }
  // Else nothing of this was tried.
  EXPECT_LT(waves, rules * 2 / 3);
  EXPECT_GT(waves, 400u);
}

}  // namespace
}  // namespace sloburn::rules
