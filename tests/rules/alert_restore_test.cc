// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/model/stale.h"
#include "rule_fixture.h"

namespace sloburn::rules {
namespace {

using ::testing::ElementsAre;

// Two evaluations at 10,000 s and 10,060 s of an alert that is active.
class RestoreTest : public ::testing::Test {
 protected:
  RestoreTest() {
    f_.context.restore = &options_;
    f_.Append("up", {{"job", "a"}}, 10'000, 0);
  }

  // The alert's active_at after the restoration, in seconds.
  double ActiveAt(const std::string& hold) {
    group_ = f_.Group("rules:\n- {alert: A, expr: up == 0, for: " + hold +
                      ", labels: {severity: page, t: '{{ $value }}'}}\n");
    group_->RestoreLater();
    f_.Tick(*group_, 10'000);
    EXPECT_EQ(f_.Samples("ALERTS"), "");  // not before it is restored
    f_.Tick(*group_, 10'060);
    EXPECT_EQ(f_.Samples("ALERTS"), "");
    return absl::ToDoubleSeconds(RuleFixture::Rule(*group_, 0).alerts.at(0).active_at -
                                 absl::UnixEpoch());
  }

  // What an earlier process wrote at `second`: active since `since`.
  void Earlier(double second, double since) {
    f_.Append("ALERTS_FOR_STATE",
              {{"alertname", "A"}, {"job", "a"}, {"severity", "page"}, {"t", templated_}},
              second, since);
  }

  RestoreOptions options_;
  RuleFixture f_;
  std::unique_ptr<RuleGroup> group_;
  std::string templated_ = "0";  // what its template makes of it
};

TEST_F(RestoreTest, NothingIsKnown) { EXPECT_EQ(ActiveAt("30m"), 10'000); }

TEST_F(RestoreTest, ItWasFiring) {
  Earlier(9'900, 8'000);
  EXPECT_EQ(ActiveAt("30m"), 8'000);
  f_.Append("up", {{"job", "a"}}, 10'120, 0);
  f_.Tick(*group_, 10'120);
  EXPECT_EQ(RuleFixture::Rule(*group_, 0).state, AlertState::kFiring);
  EXPECT_THAT(f_.Samples("ALERTS"), ::testing::HasSubstr("alertstate=\"firing\""));
}

TEST_F(RestoreTest, TheOutageIsNotCounted) {
  Earlier(9'000, 8'900);  // pending for 100 s of 1800, then 1060 s away
  EXPECT_EQ(ActiveAt("30m"), 9'960);
}

TEST_F(RestoreTest, TheGracePeriodIsWaitedFor) {
  Earlier(9'900, 8'400);  // 300 s were left of 1800
  EXPECT_EQ(ActiveAt("30m"), 10'060 + 600 - 1800);
}

TEST_F(RestoreTest, TooOldAShortForAndAMarkerAreNothing) {
  Earlier(10'060 - 3'600, 5'000);
  EXPECT_EQ(ActiveAt("30m"), 10'000);
}

TEST_F(RestoreTest, AShortForIsNotRestored) {
  Earlier(9'900, 8'000);
  EXPECT_EQ(ActiveAt("9m"), 10'000);
}

TEST_F(RestoreTest, AMarkerIsNothing) {
  Earlier(9'800, 8'000);
  Earlier(9'900, StaleMarker());
  EXPECT_EQ(ActiveAt("30m"), 10'000);
}

class RecordedHistory : public AlertHistory {
 public:
  absl::StatusOr<std::vector<SeriesSamples>> Read(const Matchers& matchers, int64_t from_ms,
                                                  int64_t to_ms) override {
    for (const Matcher& one : matchers) asked.push_back(one.name() + "=" + one.value());
    times = {from_ms, to_ms};
    return answer;
  }
  std::vector<std::string> asked;
  std::vector<int64_t> times;
  absl::StatusOr<std::vector<SeriesSamples>> answer = std::vector<SeriesSamples>();
};

TEST_F(RestoreTest, WhereTheStoreKnowsNothingTheSourceIsAsked) {
  RecordedHistory history;
  options_.history = &history;
  history.answer = std::vector<SeriesSamples>{
      {Labels::FromPairs({{"__name__", "ALERTS_FOR_STATE"},
                          {"alertname", "A"},
                          {"job", "a"},
                          {"severity", "page"},
                          {"t", templated_}}),
       {{9'800'000, 7'900}, {9'900'000, 8'000}}}};
  EXPECT_EQ(ActiveAt("30m"), 8'000);
  EXPECT_THAT(history.asked,
              ElementsAre("__name__=ALERTS_FOR_STATE", "alertname=A", "severity=page"));
  EXPECT_THAT(history.times, ElementsAre(10'060'000 - 3'600'000 + 1, 10'060'000));
}

TEST_F(RestoreTest, AFailureLetsTheAlertGoOn) {
  RecordedHistory history;
  options_.history = &history;
  history.answer = absl::UnavailableError("down");
  EXPECT_EQ(ActiveAt("30m"), 10'000);
  f_.Append("up", {{"job", "a"}}, 10'120, 0);
  f_.Tick(*group_, 10'120);
  EXPECT_NE(f_.Samples("ALERTS"), "");
}

}  // namespace
}  // namespace sloburn::rules
