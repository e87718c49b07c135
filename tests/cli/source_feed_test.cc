// SPDX-License-Identifier: Apache-2.0
#include "cli/source_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "absl/time/clock.h"
#include "base/str_cat.h"
#include "engine/storage/memory_storage.h"
#include "tests/engine/remote/fake_prometheus.h"

namespace sloburn::cli {
namespace {

using testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000'000;
constexpr absl::Duration kInterval = absl::Seconds(40);

Matchers Named(std::string_view name) {
  return {Matcher::Plain(parser::MatchType::kEqual, kMetricName, name)};
}

engine::PreparedQuery::Selector Selector(std::string_view name) {
  engine::PreparedQuery::Selector selector;
  selector.matchers = Named(name);
  selector.oldest_ms = 60'000;
  selector.newest_ms = 0;
  selector.text = std::string(name);
  return selector;
}

rules::GroupSeries Group(const std::vector<std::string>& reads, std::set<std::string> writes,
                         absl::Duration query_offset = absl::ZeroDuration()) {
  std::vector<engine::PreparedQuery::Selector> selectors;
  for (const std::string& name : reads) selectors.push_back(Selector(name));
  return {std::make_shared<const rules::GroupReads>(rules::ReadsOf(selectors)), std::move(writes),
          query_offset};
}

class SourceFeedTest : public testing::Test {
 protected:
  SourceFeedTest() {
    for (const char* const name : {"x", "y", "slo", "t"}) {
      source_.Know(SelectorText(Named(name)), Named(name));
      source_.Add(Labels::FromPairs({{"__name__", name}}), kNow, 1);
    }
  }
  ~SourceFeedTest() override { feed_->Stop(); }

  // Starts with all that the groups read, and "slo"; returns when it is loaded.
  void Start(const std::vector<rules::GroupSeries>& groups) {
    SourceConfig config;
    config.url = source_.server().url();
    config.mode = SourceMode::kQuery;
    config.timeout = absl::Seconds(10);
    config.concurrency = 2;
    feed_ = *SourceFeed::Create(config, {.storage = &storage_, .clock = &clock_});
    SourceDemand demand;
    demand.groups = groups;
    for (const char* const name : {"x", "y", "slo", "r", "s", "t"}) {
      demand.selectors.push_back(Selector(name));
    }
    demand.pull_interval = kInterval;
    feed_->SetDemand(demand);
    feed_->Start();
    WaitFor([&] { return feed_->WhyNotReady().empty(); });
  }

  // The clock goes on meanwhile: the feed's thread may have read it just before it was advanced.
  void WaitFor(const std::function<bool()>& is_true) {
    for (int i = 0; i < 1000 && !is_true(); ++i) {
      absl::SleepFor(absl::Milliseconds(5));
      clock_.Advance(absl::Milliseconds(10));
    }
    EXPECT_TRUE(is_true());
  }

  bool Covers(std::string_view name, int64_t t_ms) const {
    std::string why;
    return feed_->Covers(Selector(name), t_ms, &why);
  }

  remote::FakePrometheus source_;
  MemoryStorage storage_;
  FakeClock clock_{absl::FromUnixMillis(kNow)};
  std::unique_ptr<SourceFeed> feed_;
};

TEST_F(SourceFeedTest, WhatNoTickPullsIsPulledAtEachInterval) {
  const rules::GroupSeries often = Group({"x"}, {"r"});
  Start({often, Group({"y"}, {"s"}, absl::Seconds(7))});
  for (int i = 0; i < 12; ++i) {
    clock_.Advance(absl::Seconds(10));
    const int64_t now = clock_.NowMs();
    ASSERT_TRUE(feed_->BeforeTick(*often.reads, now).ok());
    EXPECT_TRUE(Covers("x", now));
    // The feed looks four times in an interval.
    if (i < 5) continue;
    WaitFor([&] { return Covers("slo", now - 50'000) && Covers("y", now - 57'000); });
  }
  EXPECT_FALSE(Covers("y", clock_.NowMs() - 6'999));  // its group does not ask for that yet
  // x by its ticks alone, the others by the feed alone: the series, and whether they have ended.
  std::map<std::string, int> asked;
  for (const remote::FakeRequest& request : source_.server().requests()) {
    for (const char* const name : {"%22x%22", "%22y%22", "%22slo%22"}) {
      if (request.body.find(name) != std::string::npos) ++asked[name];
    }
  }
  EXPECT_GE(asked["%22x%22"], 24);
  EXPECT_LE(asked["%22y%22"], 10);
  EXPECT_LE(asked["%22slo%22"], 10);
}

TEST_F(SourceFeedTest, ASelectorThatFailsIsThatOfItsGroup) {
  const rules::GroupSeries first = Group({"x"}, {"r"}), second = Group({"r"}, {"s"}),
                           other = Group({"y"}, {"u"});
  Start({first, second, other});
  const int64_t t_ms = kNow + 1000;
  source_.Forget(SelectorText(Named("x")));
  const absl::Status status = feed_->BeforeTick(*first.reads, t_ms);
  EXPECT_THAT(std::string(status.message()), HasSubstr("unknown selector"));
  EXPECT_TRUE(feed_->BeforeTick(*second.reads, t_ms).ok());
  EXPECT_TRUE(feed_->BeforeTick(*other.reads, t_ms).ok());
  EXPECT_TRUE(feed_->BeforeTick({}, t_ms).ok());
  EXPECT_THAT(feed_->WhyNotReady(), HasSubstr("unknown selector"));
  source_.Know(SelectorText(Named("x")), Named("x"));
  EXPECT_TRUE(feed_->BeforeTick(*first.reads, t_ms).ok());
  EXPECT_EQ(feed_->WhyNotReady(), "");
}

TEST_F(SourceFeedTest, PullsGoOnWhileHistoryIsLoaded) {
  const rules::GroupSeries group = Group({"x"}, {"r", "s"});
  Start({group});
  SourceDemand demand;
  demand.groups = {group, Group({"late"}, {"u"})};  // whose history never comes
  for (const char* const name : {"x", "slo", "late"}) demand.selectors.push_back(Selector(name));
  demand.pull_interval = kInterval;
  feed_->SetDemand(demand);
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Seconds(60));
    const int64_t now = clock_.NowMs();
    WaitFor([&] { return Covers("slo", now - 50'000); });
  }
}

}  // namespace
}  // namespace sloburn::cli
