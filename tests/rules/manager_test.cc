// SPDX-License-Identifier: Apache-2.0
#include "rules/manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/synchronization/notification.h"
#include "base/str_cat.h"
#include "rule_fixture.h"

namespace sloburn::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ManagerTest : public ::testing::Test {
 protected:
  ManagerTest() {
    folder_ =
        std::filesystem::path(::testing::TempDir()) /
        StrCat("manager_test_", ::testing::UnitTest::GetInstance()->random_seed(), "_", getpid(),
               "_", ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    config_.file_patterns = {(folder_ / "*.yml").string()};
  }
  ~ManagerTest() override { std::filesystem::remove_all(folder_); }

  void Write(const char* name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  std::string Path(const char* name) const { return (folder_ / name).string(); }

  ManagerOptions Options() {
    ManagerOptions options;
    options.storage = &f_.storage;
    options.clock = &f_.clock;
    return options;
  }

  static void Load(Manager& manager, const RuleConfig& config) {
    const absl::Status status = manager.Load(config);
    ASSERT_TRUE(status.ok()) << status;
  }
  static void Evaluate(Manager& manager, double second) {
    const absl::Status status = manager.EvaluateAt(AtSecond(second));
    ASSERT_TRUE(status.ok()) << status;
  }

  RuleFixture f_;
  std::filesystem::path folder_;
  RuleConfig config_;
};

TEST_F(ManagerTest, LoadsGlobsInOrder) {
  Write("b.yml", "groups:\n- {name: z, rules: []}\n- {name: a, interval: 5s, rules: []}\n");
  Write("a.yml", "groups:\n- {name: m, rules: [{record: r, expr: '1'}]}\n");
  Write("ignored.txt", "no rules");
  config_.evaluation_interval = absl::Seconds(15);
  config_.file_patterns.push_back(Path("a.yml"));         // twice is once
  config_.file_patterns.push_back(Path("nothing*.yml"));  // no match is no error
  Manager manager(Options());
  Load(manager, config_);
  const std::vector<GroupStatus> groups = manager.Groups();
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].name, "m");
  EXPECT_EQ(groups[0].file, Path("a.yml"));
  EXPECT_EQ(groups[0].interval, absl::Seconds(15));
  EXPECT_EQ(groups[1].name, "a");
  EXPECT_EQ(groups[1].interval, absl::Seconds(5));
  EXPECT_EQ(groups[2].name, "z");
}

TEST_F(ManagerTest, ABadConfigurationChangesNothing) {
  Write("a.yml", "groups:\n- {name: g, rules: [{record: r, expr: '1'}]}\n");
  Manager manager(Options());
  Load(manager, config_);
  Write("b.yml", "groups:\n- {name: g, rules: [{record: r, expr: 'sum('}, {expr: '1'}]}\n");
  Write("c.yml", "groups: [\n");
  const absl::Status status = manager.Load(config_);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(Path("b.yml") +
                        ": 2:39: group \"g\", rule 1, \"r\": could not parse "
                        "expression: 1:5: parse error: unclosed left parenthesis\n" +
                        Path("b.yml") + ": 2:48: group \"g\", rule 2"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(Path("c.yml") + ": "));
  ASSERT_EQ(manager.Groups().size(), 1u);
  Evaluate(manager, 60);
  EXPECT_EQ(f_.Samples("r"), "r 1@60");
}

TEST_F(ManagerTest, LimitsHold) {
  Write("a.yml", "groups:\n- {name: g, rules: []}\n- {name: h, rules: []}\n");
  Write("b.yml", "groups: []\n");
  ManagerOptions options = Options();
  options.max_groups = 1;
  EXPECT_TRUE(absl::IsResourceExhausted(Manager(options).Load(config_)));
  options.max_groups = 2;
  options.max_files = 1;
  EXPECT_TRUE(absl::IsResourceExhausted(Manager(options).Load(config_)));
}

TEST_F(ManagerTest, ReloadKeepsTheStateOfUnchangedRules) {
  f_.Append("up", {}, 60, 1);
  const std::string alert = "{alert: A, expr: up, for: 5m, labels: {l: v}}";
  Write("a.yml", "groups:\n- {name: g, rules: [" + alert + ", {record: r, expr: up}]}\n" +
                     "- {name: same, rules: [{record: s, expr: up}]}\n");
  Manager manager(Options());
  Load(manager, config_);
  Evaluate(manager, 60);
  // The group changes; the alert moves to another place, and its annotations change.
  Write("a.yml",
        "groups:\n- {name: g, rules: [{record: new, expr: '2'}, "
        "{alert: A, expr: up, for: 4m, labels: {l: v}, annotations: {x: y}}]}\n"
        "- {name: same, rules: [{record: s, expr: up}]}\n");
  Load(manager, config_);
  const std::vector<GroupStatus> groups = manager.Groups();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].rules[1].health, RuleHealth::kUnknown);  // not yet evaluated in this form
  ASSERT_EQ(groups[0].rules[1].alerts.size(), 1u);
  EXPECT_EQ(groups[0].rules[1].alerts[0].active_at, AtSecond(60));
  EXPECT_EQ(groups[1].rules[0].health, RuleHealth::kOk);  // the same group runs on
  EXPECT_EQ(groups[1].iterations, 1);

  Evaluate(manager, 120);
  EXPECT_EQ(f_.Samples("r"), "r 1@60 stale@120");  // its rule is gone
  EXPECT_EQ(f_.Samples("new"), "new 2@120");
  Evaluate(manager, 300);
  EXPECT_EQ(manager.Groups()[0].rules[1].alerts.at(0).state, AlertState::kFiring);  // since 60
}

TEST_F(ManagerTest, ARuleWithOtherLabelsIsAnotherRule) {
  f_.Append("up", {}, 60, 1);
  Write("a.yml", "groups:\n- {name: g, rules: [{alert: A, expr: up, for: 5m, labels: {l: v}}]}\n");
  Manager manager(Options());
  Load(manager, config_);
  Evaluate(manager, 60);
  Write("a.yml", "groups:\n- {name: g, rules: [{alert: A, expr: up, for: 5m, labels: {l: w}}]}\n");
  Load(manager, config_);
  EXPECT_TRUE(manager.Groups()[0].rules[0].alerts.empty());
  Evaluate(manager, 120);
  EXPECT_EQ(manager.Groups()[0].rules[0].alerts.at(0).active_at, AtSecond(120));
  EXPECT_EQ(f_.Samples("ALERTS"),
            "ALERTS{alertname=\"A\", alertstate=\"pending\", l=\"v\"} 1@60 stale@120\n"
            "ALERTS{alertname=\"A\", alertstate=\"pending\", l=\"w\"} 1@120");
}

TEST_F(ManagerTest, EqualRulesAreMatchedInTheirOrder) {
  f_.Append("up", {{"job", "a"}}, 60, 1);
  f_.Append("up", {{"job", "b"}}, 60, 1);
  Write("a.yml",
        "groups:\n- {name: g, rules: [{record: r, expr: 'up{job=\"a\"}'}, "
        "{record: r, expr: 'up{job=\"b\"}'}]}\n");
  Manager manager(Options());
  Load(manager, config_);
  Evaluate(manager, 60);
  Write("a.yml", "groups:\n- {name: g, rules: [{record: r, expr: 'up{job=\"a\"}'}]}\n");
  Load(manager, config_);
  Evaluate(manager, 120);
  EXPECT_EQ(f_.Samples("r"), "r{job=\"a\"} 1@60 1@120\nr{job=\"b\"} 1@60 stale@120");
}

TEST_F(ManagerTest, RemovedGroupsEndTwoIntervalsLater) {
  Write("a.yml",
        "groups:\n- {name: g, interval: 30s, rules: [{record: r, expr: '1'}, "
        "{record: moved, expr: '2'}]}\n");
  Manager manager(Options());
  Load(manager, config_);
  f_.clock.Advance(absl::Seconds(60));
  Evaluate(manager, 60);
  f_.clock.Advance(absl::Seconds(15));
  Write("a.yml", "groups:\n- {name: other, rules: [{record: moved, expr: '3'}]}\n");
  Load(manager, config_);
  Evaluate(manager, 90);
  Evaluate(manager, 134);
  EXPECT_EQ(f_.Samples("r"), "r 1@60");
  Evaluate(manager, 135);  // 75 + 2 * 30; the marker has the time of the removal
  EXPECT_EQ(f_.Samples("r"), "r 1@60 stale@75");
  EXPECT_EQ(f_.Samples("moved"), "moved 2@60 3@90 3@134 3@135");
}

TEST_F(ManagerTest, EvaluatesSlotsInOrderOfTime) {
  Write("a.yml",
        "groups:\n- {name: fast, interval: 10s, rules: [{record: fast, expr: time()}]}\n"
        "- {name: slow, interval: 30s, rules: [{record: slow, expr: time()}]}\n");
  Manager manager(Options());
  Load(manager, config_);
  const absl::Time start = AtSecond(1'000'000);
  const absl::Status status = manager.EvaluateSlots(start, start + absl::Minutes(1));
  ASSERT_TRUE(status.ok()) << status;
  const std::vector<GroupStatus> groups = manager.Groups();
  EXPECT_EQ(groups[0].iterations, 6);
  EXPECT_EQ(groups[1].iterations, 2);
  // Going on from where it ended gives each slot once.
  ASSERT_TRUE(manager.EvaluateSlots(start + absl::Minutes(1), start + absl::Minutes(2)).ok());
  EXPECT_EQ(manager.Groups()[0].iterations, 12);
  EXPECT_EQ(manager.Groups()[0].rules[0].health, RuleHealth::kOk);
}

TEST_F(ManagerTest, JoinsTheSelectorsOfAllRules) {
  Write("a.yml",
        "groups:\n- name: g\n  query_offset: 1m\n  rules:\n"
        "  - {record: r, expr: 'rate(x{a=\"1\"}[1h])'}\n  - {alert: A, expr: 'x{a=\"1\"} > 0'}\n"
        "- name: h\n  rules:\n  - {record: r2, expr: 'rate(x{a=\"1\"}[30m]) + y offset 5m'}\n");
  Manager manager(Options());
  Load(manager, config_);
  const auto selectors = manager.Selectors();
  ASSERT_EQ(selectors.size(), 2u);
  EXPECT_EQ(selectors[0].oldest_ms, 61 * 60'000);
  EXPECT_EQ(selectors[0].newest_ms, 0);
  EXPECT_EQ(selectors[1].oldest_ms, 10 * 60'000);
  EXPECT_EQ(selectors[1].newest_ms, 5 * 60'000);
  const std::vector<GroupSeries> series = manager.Series();
  ASSERT_EQ(series.size(), 2u);
  EXPECT_THAT(series[0].reads->selectors, ElementsAre("{__name__=\"x\",a=\"1\"}"));
  EXPECT_THAT(series[0].reads->metrics, ElementsAre("x"));
  EXPECT_THAT(series[0].writes, ElementsAre("ALERTS", "ALERTS_FOR_STATE", "r"));
  EXPECT_EQ(series[0].query_offset, absl::Minutes(1));
  EXPECT_THAT(series[1].reads->selectors,
              ElementsAre("{__name__=\"x\",a=\"1\"}", "{__name__=\"y\"}"));
  EXPECT_THAT(series[1].writes, ElementsAre("r2"));
}

// A tick that takes as long as the test wants, the first time.
class HeldSource : public SourcePull {
 public:
  absl::Status BeforeTick(const GroupReads&, int64_t) override {
    if (calls_++ > 0) return absl::OkStatus();
    entered.Notify();
    released.WaitForNotification();
    return absl::OkStatus();
  }
  absl::Notification entered, released;

 private:
  std::atomic<int> calls_{0};
};

TEST_F(ManagerTest, ASlotThatPassesDuringAReloadIsEvaluatedLate) {
  Write("a.yml", "groups:\n- {name: g, interval: 10s, rules: [{record: r, expr: '1'}]}\n");
  f_.clock.Advance(absl::Seconds(1'000'000));
  HeldSource source;
  ManagerOptions options = Options();
  options.source = &source;
  Manager manager(std::move(options));
  Load(manager, config_);
  manager.Start();
  f_.clock.Advance(absl::Seconds(10));
  source.entered.WaitForNotification();
  Write("a.yml", "groups:\n- {name: g, interval: 10s, rules: [{record: r, expr: '2'}]}\n");
  std::thread reload([&] { Load(manager, config_); });  // waits for the tick
  absl::SleepFor(absl::Milliseconds(20));
  f_.clock.Advance(absl::Seconds(10));
  source.released.Notify();
  reload.join();
  for (int i = 0; i < 1000 && manager.Groups().at(0).iterations < 1; ++i) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  manager.Stop();
  EXPECT_THAT(f_.Samples("r"), ::testing::MatchesRegex("r 1@10000[0-9.]+ 2@10000[0-9.]+\n?"));
}

TEST_F(ManagerTest, SlotsThatASlowSourceRanIntoAreRepaired) {
  Write("a.yml", "groups:\n- {name: g, interval: 10s, rules: [{record: r, expr: '1'}]}\n");
  f_.clock.Advance(absl::Seconds(1'000'000));
  HeldSource source;
  ManagerOptions options = Options();
  options.source = &source;
  options.gap_repair = absl::Hours(1);
  Manager manager(std::move(options));
  Load(manager, config_);
  manager.Start();
  f_.clock.Advance(absl::Seconds(10));
  source.entered.WaitForNotification();
  f_.clock.Advance(absl::Seconds(30));
  source.released.Notify();
  const auto samples = [&] {
    const std::string text = f_.Samples("r");
    return std::count(text.begin(), text.end(), '@');
  };
  for (int i = 0; i < 1000 && samples() < 4; ++i) absl::SleepFor(absl::Milliseconds(5));
  manager.Stop();
  EXPECT_EQ(samples(), 4);  // each slot, the late ones too
  EXPECT_EQ(manager.Groups().at(0).missed_iterations, 2);
}

TEST_F(ManagerTest, AFileThatIsEmptiedWhileItsGroupsRunIsRefused) {
  Write("a.yml", "groups:\n- {name: g, rules: [{record: r, expr: '1'}]}\n");
  Write("b.yml", "");  // never had any: no error, as in Prometheus
  Manager manager(Options());
  Load(manager, config_);
  for (const char* const text : {"", "# later\n"}) {
    Write("a.yml", text);
    EXPECT_THAT(std::string(manager.Load(config_).message()),
                HasSubstr("a.yml: the file is empty, which would end its groups that run"));
    EXPECT_EQ(manager.Groups().size(), 1u);
  }
  Write("a.yml", "groups: []\n");
  Load(manager, config_);
  EXPECT_EQ(manager.Groups().size(), 0u);
}

TEST_F(ManagerTest, AGroupThatMovesToAnotherFileLeavesNoMarkerBehind) {
  RuleFixture late({.out_of_order_window = absl::Minutes(30)});
  const std::string text = "groups:\n- {name: g, interval: 10s, rules: [{record: r, expr: '1'}]}\n";
  Write("a.yml", text);
  ManagerOptions options = Options();
  options.storage = &late.storage;
  Manager manager(std::move(options));
  Load(manager, config_);
  Evaluate(manager, 10);
  f_.clock.Advance(absl::Seconds(15));
  Write("a.yml", "groups: []\n");
  Write("b.yml", text);
  Load(manager, config_);
  Evaluate(manager, 20);
  Evaluate(manager, 50);  // what was removed at 15 s ends
  EXPECT_EQ(late.Samples("r"), "r 1@10 1@20 1@50");
}

TEST_F(ManagerTest, RunsOnThreadsAndReloadsMeanwhile) {
  Write("a.yml", "groups:\n- {name: g, interval: 10s, rules: [{record: r, expr: '1'}]}\n");
  f_.clock.Advance(absl::Seconds(1'000'000));
  Manager manager(Options());
  Load(manager, config_);
  const auto wait_for_iterations = [&](int64_t count) {
    for (int i = 0; i < 1000 && manager.Groups().at(0).iterations < count; ++i) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    return manager.Groups().at(0).iterations;
  };
  manager.Start();
  f_.clock.Advance(absl::Seconds(10));
  EXPECT_EQ(wait_for_iterations(1), 1);
  f_.clock.Advance(absl::Seconds(10));
  EXPECT_EQ(wait_for_iterations(2), 2);
  // A new definition starts counting anew, on the same slots.
  Write("a.yml", "groups:\n- {name: g, interval: 10s, rules: [{record: r, expr: '2'}]}\n");
  Load(manager, config_);
  f_.clock.Advance(absl::Seconds(10));
  EXPECT_EQ(wait_for_iterations(1), 1);
  // Removed: the series ends after two intervals, by the manager's own thread.
  Write("a.yml", "groups: []\n");
  Load(manager, config_);
  f_.clock.Advance(absl::Seconds(20));
  for (int i = 0; i < 1000 && f_.Samples("r").find("stale") == std::string::npos; ++i) {
    f_.clock.Advance(absl::Seconds(1));
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_THAT(f_.Samples("r"), HasSubstr("stale@1000030"));
  manager.Stop();
  manager.Stop();  // harmless
}

}  // namespace
}  // namespace sloburn::rules
