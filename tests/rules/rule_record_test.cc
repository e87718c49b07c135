// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rule_fixture.h"

namespace sloburn::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Alert FullAlert(std::string name) {
  Alert alert;
  alert.labels = Labels::FromPairs({{"alertname", std::move(name)}, {"odd", "a\0b\xc3\xa4"}});
  alert.annotations = {{"summary", "x\ny"}, {"empty", ""}};
  alert.state = AlertState::kFiring;
  alert.value = -0.0;
  alert.active_at = absl::FromUnixNanos(1'700'000'000'123'456'789);
  alert.fired_at = absl::FromUnixNanos(-5);
  alert.keep_firing_since = absl::FromUnixNanos(7);
  alert.last_sent = absl::FromUnixNanos(8);
  return alert;
}

TEST(RuleRecord, KeepsEverything) {
  Alert resolved = FullAlert("b");
  resolved.state = AlertState::kInactive;
  resolved.resolved_at = absl::FromUnixNanos(9);
  resolved.is_delivered = std::make_shared<std::atomic<bool>>(false);
  Alert delivered = resolved;
  delivered.labels = Labels::FromPairs({{"alertname", "c"}});
  delivered.is_delivered = std::make_shared<std::atomic<bool>>(true);
  RuleState state;
  state.is_restored = false;
  state.series = {Labels::FromPairs({{"__name__", "r"}}), Labels()};
  state.alerts = AlertStates::FromAlerts({FullAlert("a"), resolved, delivered});
  const Labels orphan = Labels::FromPairs({{"__name__", "gone"}});
  std::vector<std::string> problems;
  const auto groups = DecodeRecords({EncodeRuleRecord("f;g", 1, "r{}", state),
                                     EncodeGroupRecord("f;g", absl::FromUnixNanos(11), {orphan}),
                                     {"other", "of somebody else"}},
                                    problems);
  EXPECT_THAT(problems, IsEmpty());
  ASSERT_EQ(groups.size(), 1u);
  const GroupState& group = groups.at("f;g");
  EXPECT_EQ(group.evaluated_until, absl::FromUnixNanos(11));
  EXPECT_THAT(group.orphans, ElementsAre(orphan));
  ASSERT_EQ(group.rules.size(), 2u);
  EXPECT_EQ(group.rules[0].identity, "");
  EXPECT_EQ(group.rules[1].identity, "r{}");
  const RuleState& read = group.rules[1].state;
  EXPECT_FALSE(read.is_restored);
  EXPECT_EQ(read.series, state.series);
  ASSERT_EQ(read.alerts.alerts().size(), 3u);
  const Alert &a = read.alerts.alerts()[0], before = FullAlert("a");
  EXPECT_EQ(a.labels, before.labels);
  EXPECT_EQ(a.annotations, before.annotations);
  EXPECT_TRUE(std::signbit(a.value));
  EXPECT_EQ(a.active_at, before.active_at);
  EXPECT_EQ(a.fired_at, before.fired_at);
  EXPECT_EQ(a.keep_firing_since, before.keep_firing_since);
  EXPECT_EQ(a.last_sent, before.last_sent);
  EXPECT_EQ(a.resolved_at, absl::InfinitePast());
  EXPECT_FALSE(a.awaits_delivery());
  EXPECT_EQ(read.alerts.alerts()[1].resolved_at, absl::FromUnixNanos(9));
  EXPECT_TRUE(read.alerts.alerts()[1].awaits_delivery());
  EXPECT_FALSE(read.alerts.alerts()[2].awaits_delivery());
}

TEST(RuleRecord, EveryCutIsToldAndLeftOut) {
  RuleState state;
  state.alerts = AlertStates::FromAlerts({FullAlert("a")});
  const NamedValue whole = EncodeRuleRecord("f;g", 0, "r{}", state);
  for (size_t size = 0; size < whole.value.size(); ++size) {
    std::vector<std::string> problems;
    const NamedValue group = EncodeGroupRecord("f;g", absl::UnixEpoch(), {});
    const auto groups =
        DecodeRecords({group, {whole.name, whole.value.substr(0, size)}}, problems);
    ASSERT_EQ(problems.size(), 1u) << size;
    EXPECT_THAT(problems[0], HasSubstr("rules/f;g/0"));
    EXPECT_THAT(groups.at("f;g").rules, IsEmpty());
  }
}

TEST(RuleRecord, ValuesAndAnnotationsAloneAreNoChange) {
  RuleState before;
  before.alerts = AlertStates::FromAlerts({FullAlert("a")});
  RuleState after = before;
  after.alerts.at(0).value = 5;
  after.alerts.at(0).annotations = {};
  EXPECT_FALSE(HasChanged(before, after));
  after.alerts.at(0).last_sent = absl::UnixEpoch();
  EXPECT_TRUE(HasChanged(before, after));
  after = before;
  after.series = {Labels()};
  EXPECT_TRUE(HasChanged(before, after));
}

// What the ticks of one process wrote, given to the group of the next.
TEST(RuleRecord, AGroupGoesOnInTheNextProcess) {
  constexpr char kGroup[] =
      "rules:\n- {record: r, expr: up}\n- {alert: A, expr: up == 0, for: 5m, keep_firing_for: 2m}\n";
  RuleFixture f;
  f.context.keeps_state = true;
  f.Append("up", {{"job", "a"}}, 60, 0);
  auto group = f.Group(kGroup);
  f.Tick(*group, 60);
  std::vector<const RuleState*> states;
  for (const RuleState& state : group->states()) states.push_back(&state);
  // All of them where the group is new; after a tick only what changed.
  EXPECT_EQ(f.Group(kGroup)->ChangedValues(AtSecond(60), states).size(), 3u);
  EXPECT_EQ(group->ChangedValues(AtSecond(60), states).size(), 1u);
  std::vector<std::string> problems;
  auto stored =
      DecodeRecords(f.Group(kGroup)->ChangedValues(AtSecond(60), states), problems);
  auto next = f.Group(kGroup);
  next->Adopt(stored.at("f.yml;g"));
  EXPECT_TRUE(next->has_gap());
  f.Append("up", {{"job", "a"}}, 360, 0);
  f.Tick(*next, 360);
  const RuleStatus alert = RuleFixture::Rule(*next, 1);
  ASSERT_EQ(alert.alerts.size(), 1u);
  EXPECT_EQ(alert.alerts[0].state, AlertState::kFiring);
  EXPECT_EQ(alert.alerts[0].active_at, AtSecond(60));
  EXPECT_FALSE(next->has_gap());
}

}  // namespace
}  // namespace sloburn::rules
