// SPDX-License-Identifier: Apache-2.0
#include "rules/group_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str_cat.h"
#include "engine/model/histogram.h"
#include "engine/model/stale.h"
#include "rule_fixture.h"

namespace sloburn::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(GroupRunner, RecordsWithNameAndLabels) {
  RuleFixture f;
  f.Append("up", {{"job", "a"}, {"zone", "z"}}, 50, 3);
  auto group = f.Group(
      "labels: {zone: '', team: infra}\n"
      "rules:\n"
      "- {record: 'job:up', expr: up, labels: {team: own}}\n"
      "- {record: scalar, expr: 1 + 1}\n");
  f.Tick(*group, 60);
  EXPECT_EQ(f.Samples("job:up"), "job:up{job=\"a\", team=\"own\"} 3@60");
  EXPECT_EQ(f.Samples("scalar"), "scalar{team=\"infra\"} 2@60");
  const RuleStatus rule = f.Rule(*group, 0);
  EXPECT_EQ(rule.health, RuleHealth::kOk);
  EXPECT_EQ(rule.last_error, "");
  EXPECT_EQ(rule.query, "up");
}

TEST(GroupRunner, RulesSeeTheResultsBeforeThem) {
  RuleFixture f;
  f.Append("up", {}, 60, 5);
  auto group = f.Group(
      "rules:\n- {record: b, expr: a}\n- {record: a, expr: up * 2}\n- {record: c, expr: a + 1}\n");
  f.Tick(*group, 60);
  EXPECT_EQ(f.Samples("a"), "a 10@60");
  EXPECT_EQ(f.Samples("c"), "c 11@60");
  EXPECT_EQ(f.Samples("b"), "");  // stood before a
  f.Tick(*group, 120);
  EXPECT_EQ(f.Samples("b"), "b 10@120");
}

TEST(GroupRunner, ATickIsOneCommit) {
  RuleFixture f;
  f.Append("up", {}, 60, 5);
  auto group = f.Group("rules:\n- {record: a, expr: up}\n- {record: b, expr: a}\n");
  f.Tick(*group, 60);
  const std::vector<OutboxBatch> sent = f.outbox.Take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].samples, 2u);
}

TEST(GroupRunner, QueryOffsetShiftsQueryAndSamples) {
  RuleFixture f;
  f.Append("up", {}, 60, 1);
  f.Append("up", {}, 120, 2);
  SwitchedSource source;
  f.context.source = &source;
  auto group =
      f.Group("query_offset: 30s\nrules:\n- {record: a, expr: up}\n- {alert: A, expr: up > 0}\n");
  f.Tick(*group, 120);
  EXPECT_EQ(f.Samples("a"), "a 1@90");
  EXPECT_EQ(f.Samples("ALERTS"), "ALERTS{alertname=\"A\", alertstate=\"firing\"} 1@90");
  // The alert is active since the tick itself, as in Prometheus.
  EXPECT_EQ(f.Samples("ALERTS_FOR_STATE"), "ALERTS_FOR_STATE{alertname=\"A\"} 120@90");
  EXPECT_THAT(source.pulled_ms, ElementsAre(90'000));
  EXPECT_THAT(source.asked_for, ElementsAre(ElementsAre("{__name__=\"up\"}")));
}

TEST(GroupRunner, WhatNegativeOffsetsReadIsPulled) {
  RuleFixture f;
  SwitchedSource source;
  f.context.source = &source;
  for (const auto& [offset, query_offset] : {std::pair("1m", 0), {"1m", 120}, {"5m", 120}}) {
    const auto group = f.Group(StrCat("query_offset: ", query_offset,
                                      "s\nrules:\n- {record: a, expr: up offset -", offset, "}\n"));
    f.Tick(*group, 600);
  }
  EXPECT_THAT(source.pulled_ms, ElementsAre(600'000, 540'000, 600'000));
}

TEST(GroupRunner, VanishedSeriesEnd) {
  RuleFixture f;
  f.Append("up", {{"job", "a"}}, 60, 1);
  f.Append("up", {{"job", "b"}}, 60, 1);
  auto group = f.Group("rules:\n- {record: r, expr: up > 0}\n");
  f.Tick(*group, 60);
  f.Append("up", {{"job", "b"}}, 100, 0);
  f.Tick(*group, 120);
  f.Tick(*group, 180);
  EXPECT_EQ(f.Samples("r"), "r{job=\"a\"} 1@60 1@120 1@180\nr{job=\"b\"} 1@60 stale@120");
  const std::vector<OutboxBatch> sent = f.outbox.Take();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[1].samples, 2u);  // markers are sent too
}

TEST(GroupRunner, AFailingRuleKeepsItsSeriesAndStopsNobody) {
  RuleFixture f;
  f.Append("up", {{"job", "a"}}, 60, 1);
  f.Append("other", {{"job", "a"}, {"x", "1"}}, 60, 1);
  auto group =
      f.Group("rules:\n- {record: r, expr: up * on (job) other}\n- {record: s, expr: up}\n");
  f.Tick(*group, 60);
  f.Append("other", {{"job", "a"}, {"x", "2"}}, 100, 1);  // many-to-many now
  f.Tick(*group, 120);
  EXPECT_EQ(f.Samples("r"), "r{job=\"a\"} 1@60");  // no marker
  EXPECT_EQ(f.Samples("s"), "s{job=\"a\"} 1@60 1@120");
  EXPECT_EQ(f.Rule(*group, 0).health, RuleHealth::kError);
  EXPECT_THAT(f.Rule(*group, 0).last_error,
              HasSubstr("found duplicate series for the match group {job=\"a\"} on the right "));
  EXPECT_EQ(f.Rule(*group, 1).health, RuleHealth::kOk);
  f.Append("other", {{"job", "a"}, {"x", "1"}}, 150, StaleMarker());
  f.Append("other", {{"job", "a"}, {"x", "2"}}, 150, StaleMarker());
  f.Tick(*group, 180);  // good again, without a result: the series of the first tick ends now
  EXPECT_EQ(f.Samples("r"), "r{job=\"a\"} 1@60 stale@180");
  EXPECT_EQ(f.Rule(*group, 0).health, RuleHealth::kOk);
  const GroupMetrics metrics = group->Metrics();
  EXPECT_EQ(metrics.evaluations, 6);
  EXPECT_EQ(metrics.evaluation_failures, 1);
  EXPECT_EQ(metrics.iterations, 3);
  EXPECT_EQ(metrics.last_samples, 1);
}

TEST(GroupRunner, DuplicateLabelSetsAreErrors) {
  RuleFixture f;
  f.Append("up", {{"job", "a"}}, 60, 1);
  f.Append("up", {{"job", "b"}}, 60, 1);
  auto group = f.Group(
      "rules:\n- {record: r, expr: up, labels: {job: x}}\n- {alert: A, expr: up, labels: {job: "
      "x}}\n"
      "- {record: s, expr: '\"text\"'}\n");
  f.Tick(*group, 60);
  EXPECT_EQ(f.Rule(*group, 0).last_error,
            "vector contains metrics with the same labelset after applying rule labels");
  EXPECT_EQ(f.Rule(*group, 1).last_error,
            "vector contains metrics with the same labelset after applying alert labels");
  EXPECT_EQ(f.Rule(*group, 2).last_error, "rule result is not a vector or scalar");
  EXPECT_EQ(f.Samples("r"), "");
  EXPECT_EQ(f.Samples("ALERTS"), "");
}

TEST(GroupRunner, LimitFailsTheRule) {
  RuleFixture f;
  f.Append("up", {{"job", "a"}}, 60, 1);
  auto group =
      f.Group("limit: 1\nrules:\n- {record: r, expr: up}\n- {alert: A, expr: up, for: 10m}\n");
  f.Tick(*group, 60);
  EXPECT_EQ(f.Rule(*group, 1).alerts.size(), 1u);
  f.Append("up", {{"job", "b"}}, 100, 1);
  f.Tick(*group, 120);
  EXPECT_EQ(f.Rule(*group, 0).last_error, "exceeded limit of 1 with 2 series");
  EXPECT_EQ(f.Rule(*group, 1).last_error, "exceeded limit of 1 with 2 alerts");
  EXPECT_TRUE(f.Rule(*group, 1).alerts.empty());
  EXPECT_EQ(f.Samples("r"), "r{job=\"a\"} 1@60");
}

TEST(GroupRunner, AlertSeriesFollowTheState) {
  RuleFixture f;
  f.Append("down", {{"job", "a"}}, 0, 9);
  auto group = f.Group(
      "rules:\n- alert: Down\n  expr: down > 0\n  for: 2m\n  labels: {severity: page}\n"
      "  annotations: {summary: text}\n");
  EXPECT_EQ(f.Rule(*group, 0).state, AlertState::kUnknown);
  f.Tick(*group, 60);
  EXPECT_EQ(f.Rule(*group, 0).state, AlertState::kPending);
  f.Tick(*group, 120);
  f.Tick(*group, 180);
  ASSERT_EQ(f.Rule(*group, 0).alerts.size(), 1u);
  const AlertStatus alert = f.Rule(*group, 0).alerts[0];
  EXPECT_EQ(alert.state, AlertState::kFiring);
  EXPECT_EQ(alert.active_at, AtSecond(60));
  EXPECT_EQ(alert.value, 9);
  EXPECT_EQ(alert.labels.ToString(), "{alertname=\"Down\", job=\"a\", severity=\"page\"}");
  EXPECT_THAT(alert.annotations, ElementsAre(Label{"summary", "text"}));
  f.Append("down", {{"job", "a"}}, 200, 0);
  f.Tick(*group, 240);
  EXPECT_EQ(f.Samples("ALERTS"),
            "ALERTS{alertname=\"Down\", alertstate=\"firing\", job=\"a\", severity=\"page\"} "
            "1@180 stale@240\n"
            "ALERTS{alertname=\"Down\", alertstate=\"pending\", job=\"a\", severity=\"page\"} "
            "1@60 1@120 stale@180");
  EXPECT_EQ(f.Samples("ALERTS_FOR_STATE"),
            "ALERTS_FOR_STATE{alertname=\"Down\", job=\"a\", severity=\"page\"} "
            "60@60 60@120 60@180 stale@240");
  EXPECT_EQ(f.Rule(*group, 0).state, AlertState::kInactive);
  EXPECT_TRUE(f.Rule(*group, 0).alerts.empty());
}

TEST(GroupRunner, ALaterRuleSeesAlerts) {
  RuleFixture f;
  f.Append("down", {}, 60, 1);
  auto group = f.Group(
      "rules:\n- {alert: A, expr: down}\n- {record: n, expr: "
      "'count(ALERTS{alertstate=\"firing\"})'}\n");
  f.Tick(*group, 60);
  EXPECT_EQ(f.Samples("n"), "n 1@60");
}

TEST(GroupRunner, RefusedSamplesAreCountedAndShown) {
  RuleFixture f;
  f.Append("up", {}, 60, 1);
  f.Append("r", {}, 90, 7);  // newer than the tick
  auto group = f.Group("rules:\n- {record: r, expr: up}\n- {record: s, expr: up}\n");
  f.Tick(*group, 60);
  EXPECT_EQ(f.Samples("r"), "r 7@90");
  EXPECT_EQ(f.Samples("s"), "s 1@60");
  EXPECT_EQ(f.Rule(*group, 0).health, RuleHealth::kError);
  EXPECT_EQ(f.Rule(*group, 0).last_error, "out of order sample");
  EXPECT_EQ(f.Rule(*group, 1).health, RuleHealth::kOk);
  const std::vector<OutboxBatch> sent = f.outbox.Take();
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_EQ(sent[0].series.size(), 1u);
  EXPECT_EQ(sent[0].series[0].labels.ToString(), "s");
}

TEST(GroupRunner, HistogramsWithoutSenseAreRefused) {
  RuleFixture f;
  Histogram histogram;
  histogram.count = histogram.positive.counts.emplace_back(3);
  histogram.positive.spans = {{0, 1}};
  const std::unique_ptr<Appender> appender = f.storage.NewAppender();
  ASSERT_TRUE(appender
                  ->AppendHistogram(Labels::FromPairs({{"__name__", "h"}}), 30'000,
                                    std::make_shared<Histogram>(histogram))
                  .ok());
  ASSERT_TRUE(appender->Commit().ok());
  f.Append("sign", {}, 30, 1);
  f.Append("sign", {}, 60, -1);
  auto group = f.Group(
      "rules:\n- {record: r, expr: h * scalar(sign)}\n- {record: s, expr: count(r)}\n");
  f.Tick(*group, 30);
  EXPECT_EQ(f.Rule(*group, 0).health, RuleHealth::kOk);
  EXPECT_EQ(f.Samples("s"), "s 1@30");
  f.Tick(*group, 60);
  EXPECT_EQ(f.Rule(*group, 0).health, RuleHealth::kError);
  EXPECT_THAT(f.Rule(*group, 0).last_error, HasSubstr("observation count is negative"));
  EXPECT_THAT(f.Samples("r"), HasSubstr("stale@60"));
  EXPECT_EQ(f.Samples("s"), "s 1@30 stale@60");
}

TEST(GroupRunner, TheSameSeriesTwiceInATick) {
  RuleFixture f;
  f.Append("up", {}, 60, 1);
  auto group = f.Group("rules:\n- {record: r, expr: up}\n- {record: r, expr: up * 2}\n");
  f.Tick(*group, 60);
  EXPECT_EQ(f.Samples("r"), "r 1@60");
  EXPECT_EQ(f.Rule(*group, 0).health, RuleHealth::kOk);
  EXPECT_EQ(f.Rule(*group, 1).last_error,
            "duplicate sample for timestamp 60000; overrides not allowed: existing 1, new value 2");
}

TEST(GroupRunner, RepeatingATickChangesNothing) {
  RuleFixture f;
  f.Append("up", {}, 60, 1);
  auto group = f.Group("rules:\n- {record: r, expr: up}\n");
  f.Tick(*group, 60);
  f.Tick(*group, 60);
  EXPECT_EQ(f.Samples("r"), "r 1@60");
  EXPECT_EQ(f.Rule(*group, 0).health, RuleHealth::kOk);
}

TEST(GroupRunner, AFailingSourceWritesNothing) {
  RuleFixture f;
  f.Append("up", {}, 60, 1);
  SwitchedSource source;
  f.context.source = &source;
  auto group = f.Group("rules:\n- {record: r, expr: up}\n- {alert: A, expr: up}\n");
  f.Tick(*group, 60);
  source.status = absl::UnavailableError("http://prometheus:9090: connection refused");
  const absl::Status status = RunTick(*group, AtSecond(600), f.context);
  EXPECT_EQ(status, source.status);
  EXPECT_EQ(f.Samples("r"), "r 1@60");  // not even a marker
  EXPECT_EQ(f.outbox.Take().size(), 1u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(f.Rule(*group, i).health, RuleHealth::kError);
    EXPECT_EQ(f.Rule(*group, i).last_error, "http://prometheus:9090: connection refused");
  }
  EXPECT_EQ(f.Rule(*group, 1).alerts.size(), 1u);  // still firing
  EXPECT_EQ(group->Metrics().evaluation_failures, 2);
  source.status = absl::OkStatus();
  f.Tick(*group, 660);  // up is outside the lookback now
  EXPECT_EQ(f.Samples("r"), "r 1@60 stale@660");
}

// Covers every selector but one.
class PartialCoverage : public Coverage {
 public:
  bool Covers(const engine::PreparedQuery::Selector& selector, int64_t,
              std::string* why) const override {
    if (selector.text.find("slow") == std::string::npos) return true;
    *why = "window of 30d is loaded back to 2026-01-01";
    return is_loaded;
  }
  bool is_loaded = false;
};

TEST(GroupRunner, RulesWarmUpUntilTheirDataIsThere) {
  RuleFixture f;
  f.Append("slow", {}, 60, 1);
  f.Append("up", {}, 60, 1);
  PartialCoverage coverage;
  f.context.coverage = &coverage;
  auto group = f.Group("rules:\n- {record: r, expr: up + slow}\n- {record: s, expr: up}\n");
  f.Tick(*group, 60);
  EXPECT_EQ(f.Samples("r"), "");
  EXPECT_EQ(f.Samples("s"), "s 1@60");
  EXPECT_EQ(f.Rule(*group, 0).health, RuleHealth::kUnknown);
  EXPECT_EQ(f.Rule(*group, 0).last_error, "warming: window of 30d is loaded back to 2026-01-01");
  EXPECT_EQ(group->Metrics().evaluation_failures, 0);
  EXPECT_EQ(group->Metrics().evaluations, 1);
  coverage.is_loaded = true;
  f.Tick(*group, 120);
  EXPECT_EQ(f.Samples("r"), "r 2@120");
  EXPECT_EQ(f.Rule(*group, 0).health, RuleHealth::kOk);
}

TEST(GroupRunner, CancelledTicksWriteNothing) {
  RuleFixture f;
  f.Append("up", {}, 60, 1);
  std::atomic<bool> cancelled{true};
  f.context.query.cancelled = &cancelled;
  auto group = f.Group("rules:\n- {record: r, expr: up}\n");
  EXPECT_TRUE(absl::IsCancelled(RunTick(*group, AtSecond(60), f.context)));
  EXPECT_EQ(f.Samples("r"), "");
  EXPECT_EQ(f.Rule(*group, 0).health, RuleHealth::kUnknown);
}

// A store whose commits fail when told to.
class FailingStorage : public Storage {
 public:
  explicit FailingStorage(Storage& base) : base_(base) {}
  std::shared_ptr<const Snapshot> TakeSnapshot() const override { return base_.TakeSnapshot(); }
  std::unique_ptr<Appender> NewAppender() override {
    return std::make_unique<FailingAppender>(base_.NewAppender(), commit_error);
  }
  absl::Status commit_error;

 private:
  class FailingAppender : public Appender {
   public:
    FailingAppender(std::unique_ptr<Appender> base, absl::Status error)
        : base_(std::move(base)), error_(std::move(error)) {}
    absl::Status Append(const Labels& labels, int64_t t, double v) override {
      return base_->Append(labels, t, v);
    }
    absl::Status AppendHistogram(const Labels& labels, int64_t t, HistogramPtr h) override {
      return base_->AppendHistogram(labels, t, std::move(h));
    }
    absl::Status AppendStarted(const Labels& labels, int64_t t, int64_t start, double v,
                               HistogramPtr h) override {
      return base_->AppendStarted(labels, t, start, v, std::move(h));
    }
    void RefuseLateSamples() override { base_->RefuseLateSamples(); }
    absl::Status CommitWith(CommitExtras extras) override {
      return error_.ok() ? base_->CommitWith(std::move(extras)) : error_;
    }

   private:
    std::unique_ptr<Appender> base_;
    absl::Status error_;
  };
  Storage& base_;
};

TEST(GroupRunner, AFailingCommitHasNotHappened) {
  RuleFixture f;
  f.Append("up", {}, 60, 1);
  FailingStorage failing(f.storage);
  f.context.storage = &failing;
  auto group = f.Group("rules:\n- {record: r, expr: up}\n- {alert: A, expr: up, for: 1m}\n");
  failing.commit_error = absl::ResourceExhaustedError("no space left on device");
  EXPECT_EQ(RunTick(*group, AtSecond(60), f.context), failing.commit_error);
  EXPECT_EQ(f.Samples("r"), "");
  EXPECT_TRUE(f.outbox.Take().empty());
  EXPECT_EQ(f.Rule(*group, 0).last_error, "no space left on device");
  EXPECT_TRUE(f.Rule(*group, 1).alerts.empty());  // the alert's time has not begun
  failing.commit_error = absl::OkStatus();
  f.Tick(*group, 120);
  EXPECT_EQ(f.Samples("r"), "r 1@120");
  EXPECT_EQ(f.Rule(*group, 1).alerts.at(0).state, AlertState::kPending);
  EXPECT_EQ(f.Rule(*group, 1).alerts.at(0).active_at, AtSecond(120));
}

TEST(GroupRunner, EndSeriesSparesNewerOnes) {
  RuleFixture f;
  f.Append("a", {}, 60, 1);
  f.Append("b", {}, 120, 1);
  const auto name = [](const char* n) { return Labels::FromPairs({{"__name__", n}}); };
  const absl::Status status = EndSeries({name("a"), name("b")}, 90'000, {}, f.context);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(f.Samples("a"), "a 1@60 stale@90");
  EXPECT_EQ(f.Samples("b"), "b 1@120");
}

// Its samples are not those of a source, which may come late.
TEST(GroupRunner, WhatRulesComputeIsNeverLate) {
  MemoryStorageOptions options;
  options.out_of_order_window = absl::Minutes(30);
  MemoryStorage storage(options);
  RuleFixture f;
  f.context.storage = &storage;
  const Labels name = Labels::FromPairs({{"__name__", "a"}});
  const std::unique_ptr<Appender> appender = storage.NewAppender();
  ASSERT_TRUE(appender->Append(name, 60'000, 1).ok());
  ASSERT_TRUE(appender->Append(name, 120'000, 1).ok());
  ASSERT_TRUE(appender->Commit().ok());
  const absl::Status status = EndSeries({name}, 90'000, {}, f.context);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(storage.Stats().samples, 2);
}

}  // namespace
}  // namespace sloburn::rules
