// SPDX-License-Identifier: Apache-2.0
#include "rules/group_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str_cat.h"
#include "rule_fixture.h"

namespace sloburn::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GroupInputs : public testing::Test {
 protected:
  // Groups of these rules, connected as the manager does.
  std::vector<std::vector<size_t>> Connect(const std::vector<std::string>& rules) {
    std::vector<const GroupDefinition*> definitions;
    for (const std::string& one : rules) {
      groups_.push_back(f_.Group(StrCat("name: g", groups_.size(), "\nrules:\n", one)));
      definitions.push_back(&groups_.back()->definition());
    }
    const auto inputs = InputsOf(definitions);
    for (size_t i = 0; i < groups_.size(); ++i) {
      std::vector<std::shared_ptr<const RuleGroup>> of_group;
      for (const size_t input : inputs[i]) of_group.push_back(groups_[input]);
      groups_[i]->SetInputs(of_group);
    }
    return inputs;
  }

  absl::Status Tick(size_t group, double second) {
    return RunTick(*groups_[group], AtSecond(second), f_.context);
  }

  RuleFixture f_;
  std::vector<std::shared_ptr<RuleGroup>> groups_;
};

TEST_F(GroupInputs, ByMetricAndByTheLabelsOfRules) {
  EXPECT_THAT(Connect({"- {record: a, expr: up, labels: {service: x}}\n",
                       "- {record: a, expr: up, labels: {service: y}}\n",
                       "- {alert: A, expr: 'a{service=\"x\"}'}\n",
                       "- {alert: B, expr: 'a{job=\"j\"} or b'}\n",
                       "- {record: c, expr: 'count({__name__=~\"a|c\",service!=\"x\"})'}\n",
                       "- {record: d, expr: 'count({service=\"\",job=~\".+\"})'}\n",
                       "- {record: e, expr: 'ALERTS{alertname=\"B\"} + ALERTS_FOR_STATE'}\n"}),
              ElementsAre(IsEmpty(), IsEmpty(), ElementsAre(0), ElementsAre(0, 1), ElementsAre(1),
                          ElementsAre(2, 3, 4, 6), ElementsAre(2, 3)));
}

TEST_F(GroupInputs, GroupsThatReadFromEachOtherDoNotWait) {
  EXPECT_THAT(Connect({"- {record: a, expr: c}\n", "- {record: b, expr: a + d}\n",
                       "- {record: c, expr: b}\n", "- {record: d, expr: up + d}\n",
                       "- {record: e, expr: a}\n"}),
              ElementsAre(IsEmpty(), ElementsAre(3), IsEmpty(), IsEmpty(), ElementsAre(0)));
}

TEST_F(GroupInputs, WhoCountsAlertsIsWaitedFor) {
  EXPECT_THAT(Connect({"- {record: a, expr: up}\n- {record: b, expr: count(ALERTS)}\n",
                       "- {alert: B, expr: absent(a)}\n", "- {record: c, expr: count(ALERTS)}\n"}),
              ElementsAre(IsEmpty(), ElementsAre(0), ElementsAre(1)));
}

TEST_F(GroupInputs, OfThousandsThatWriteOneMetric) {
  std::vector<std::string> rules;
  for (int i = 0; i < 3000; ++i) {
    rules.push_back(StrCat("- {record: a, expr: up, labels: {service: s", i, "}}\n"));
    rules.push_back(StrCat("- {alert: A, expr: 'a{service=\"s", i, "\"}'}\n"));
  }
  const auto inputs = Connect(rules);
  for (size_t i = 0; i < inputs.size(); i += 2) {
    ASSERT_THAT(inputs[i], IsEmpty());
    ASSERT_THAT(inputs[i + 1], ElementsAre(i));
  }
}

// The source is away for longer than the lookback. The alert's group, which needs no source, comes
// first when it is back: its alert must not resolve for want of what the other could not write.
TEST_F(GroupInputs, AnAlertOutlivesAnOutageOfWhatItReads) {
  Connect({"- {record: a, expr: up}\n", "- {alert: A, expr: a > 0}\n",
           "- {record: firing, expr: count(ALERTS)}\n"});
  SwitchedSource source;
  f_.context.gap_repair = absl::Hours(1);
  f_.Append("up", {}, 50, 1);
  f_.context.source = &source;
  ASSERT_TRUE(Tick(0, 60).ok());
  f_.context.source = nullptr;  // the other groups read nothing of it
  ASSERT_TRUE(Tick(1, 70).ok());
  ASSERT_TRUE(Tick(2, 80).ok());
  for (int second = 120; second <= 600; second += 60) {
    f_.context.source = &source;
    source.status = absl::UnavailableError("source: connection refused");
    EXPECT_FALSE(Tick(0, second).ok());
    f_.context.source = nullptr;
    const absl::Status held = Tick(1, second + 10);
    EXPECT_THAT(std::string(held.message()), HasSubstr("waiting for group \"g0\" in f.yml, whose "
                                                       "series are read here: source: connection"));
    EXPECT_THAT(std::string(Tick(2, second + 20).message()), HasSubstr("waiting for group \"g1\""));
  }
  for (int second = 110; second <= 650; second += 60) f_.Append("up", {}, second, 1);
  EXPECT_FALSE(Tick(1, 655).ok());  // before its input
  EXPECT_EQ(RuleFixture::Rule(*groups_[1], 0).alerts.size(), 1u);
  source.status = absl::OkStatus();
  f_.context.source = &source;
  ASSERT_TRUE(Tick(0, 660).ok());
  f_.context.source = nullptr;
  ASSERT_TRUE(Tick(1, 670).ok());
  ASSERT_TRUE(Tick(2, 680).ok());
  const RuleStatus rule = RuleFixture::Rule(*groups_[1], 0);
  ASSERT_EQ(rule.alerts.size(), 1u);
  EXPECT_EQ(rule.alerts[0].active_at, AtSecond(70));
  EXPECT_EQ(rule.health, RuleHealth::kOk);
  // What was missed is there.
  EXPECT_THAT(f_.Samples("a"), HasSubstr(" 1@153.283 1@213.283 "));
}

// A process that begins while the source is down has nothing loaded: its rules are not new, and what
// they wrote must not be taken for ended, nor their slots for evaluated.
TEST_F(GroupInputs, ARestartDuringAnOutageWaits) {
  class Loaded : public Coverage {
   public:
    bool Covers(const engine::PreparedQuery::Selector& selector, int64_t,
                std::string* why) const override {
      *why = "up needs 5m of history, none is loaded yet";
      return is_loaded || selector.text.find("up") == std::string::npos;
    }
    bool is_loaded = true;
  } coverage;
  f_.context.coverage = &coverage;
  f_.context.gap_repair = absl::Hours(1);
  const std::string recorded = "- {record: a, expr: up}\n- {record: b, expr: count(ALERTS)}\n"
                               "- {alert: A, expr: a > 0}\n";
  Connect({recorded, "- {alert: B, expr: absent(a)}\n"});
  f_.Append("up", {}, 50, 1);
  ASSERT_TRUE(Tick(0, 60).ok());
  ASSERT_TRUE(Tick(0, 120).ok());
  EXPECT_EQ(f_.Samples("b"), "b 1@120");
  GroupState state = groups_[0]->State();
  state.has_gap = true;
  state.behind = "not evaluated since the start";
  groups_.clear();
  Connect({recorded, "- {alert: B, expr: absent(a)}\n"});
  groups_[0]->Adopt(std::move(state));
  coverage.is_loaded = false;
  for (int second = 600; second <= 720; second += 60) {
    EXPECT_THAT(std::string(Tick(0, second).message()), HasSubstr("warming: up needs 5m"));
    EXPECT_THAT(std::string(Tick(1, second).message()), HasSubstr("waiting for group"));
  }
  EXPECT_EQ(RuleFixture::Rule(*groups_[0], 2).alerts.size(), 1u);
  EXPECT_TRUE(RuleFixture::Rule(*groups_[1], 0).alerts.empty());
  coverage.is_loaded = true;
  for (int second = 110; second <= 770; second += 60) f_.Append("up", {}, second, 1);
  ASSERT_TRUE(Tick(0, 780).ok());
  ASSERT_TRUE(Tick(1, 790).ok());
  EXPECT_EQ(RuleFixture::Rule(*groups_[0], 2).alerts.size(), 1u);
  EXPECT_EQ(RuleFixture::Rule(*groups_[0], 2).alerts[0].active_at, AtSecond(60));
  EXPECT_TRUE(RuleFixture::Rule(*groups_[1], 0).alerts.empty());
  // The missed slots of a are there; at those of b nobody knows which alerts there were.
  EXPECT_THAT(f_.Samples("a"), HasSubstr("1@120 1@153.283 1@213.283"));
  EXPECT_THAT(f_.Samples("b"), testing::Not(HasSubstr(".283")));
}

TEST_F(GroupInputs, InputsThatAreMissingAtTimesAnywayAreNotWaitedFor) {
  groups_.push_back(f_.Group("name: slow\ninterval: 6m\nrules:\n- {record: a, expr: up}\n"));
  groups_.push_back(f_.Group("name: quick\nrules:\n- {record: b, expr: vector(1) unless a}\n"));
  groups_[1]->SetInputs({groups_[0]});
  SwitchedSource source;
  source.status = absl::UnavailableError("away");
  f_.context.source = &source;
  EXPECT_FALSE(Tick(0, 360).ok());
  EXPECT_EQ(groups_[0]->WhyBehind(), "away");
  f_.context.source = nullptr;
  EXPECT_TRUE(Tick(1, 370).ok());
}

}  // namespace
}  // namespace sloburn::rules
