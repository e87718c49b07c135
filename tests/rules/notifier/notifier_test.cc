// SPDX-License-Identifier: Apache-2.0
#include "rules/notifier/notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/rules/notifier/fake_alertmanager.h"
#include "tests/rules/notifier/outgoing_alerts.h"

namespace sloburn::rules {
namespace {

using remote::Answer;
using remote::FakeAnswer;
using remote::FakeRequest;
using testing::ElementsAre;
using testing::IsEmpty;

NotifierOptions Quick() {
  NotifierOptions options;
  options.queue.min_backoff = absl::Milliseconds(10);
  options.queue.max_backoff = absl::Milliseconds(50);
  options.drain = absl::Seconds(1);
  return options;
}

void Configure(Notifier& notifier, const NotifierConfig& config) {
  auto change = notifier.Prepare(config);
  ASSERT_TRUE(change.ok()) << change.status();
  notifier.Install(*std::move(change));
}

RelabelRule Rule(const RelabelConfig& config) { return *RelabelRule::Create(config); }

FakeAlertmanager::Handler Hang() {
  return [](const FakeRequest&) {
    FakeAnswer answer = Answer(200, "");
    answer.delay = absl::Minutes(1);
    return answer;
  };
}

nlohmann::json LabelsOf(const FakeAlertmanager& alertmanager, size_t request) {
  return FakeAlertmanager::Alerts(alertmanager.requests().at(request)).at(0).at("labels");
}

TEST(Notifier, ExternalLabelsThenRelabelling) {
  FakeAlertmanager alertmanager;
  Notifier notifier(Quick());
  NotifierConfig config;
  config.external_labels = {{"alertname", "never"}, {"replica", "b"}, {"region", "eu"}};
  config.alert_relabel = {Rule({.regex = "replica", .action = RelabelAction::kLabelDrop}),
                          Rule({.source_labels = {"alertname", "region"}, .target_label = "id"})};
  config.alertmanagers = {alertmanager.Options()};
  Configure(notifier, config);
  notifier.Send({FiringMessage("a")});
  ASSERT_TRUE(Eventually([&] { return alertmanager.requests().size() == 1; }));
  EXPECT_EQ(LabelsOf(alertmanager, 0),
            nlohmann::json::parse(R"({"alertname": "a", "region": "eu", "id": "a;eu"})"));
}

TEST(Notifier, RelabellingOfOneAlertmanager) {
  FakeAlertmanager all, some;
  Notifier notifier(Quick());
  NotifierConfig config;
  config.alertmanagers = {all.Options(), some.Options()};
  config.alertmanagers[1].alert_relabel = {
      Rule({.source_labels = {"alertname"}, .regex = "page.*", .action = RelabelAction::kKeep}),
      Rule({.target_label = "to", .replacement = "pager"})};
  Configure(notifier, config);
  notifier.Send({FiringMessage("ticket"), FiringMessage("page1")});
  ASSERT_TRUE(Eventually([&] { return !all.requests().empty() && !some.requests().empty(); }));
  EXPECT_THAT(all.Names(), ElementsAre("ticket", "page1"));
  EXPECT_THAT(some.Names(), ElementsAre("page1"));
  EXPECT_EQ(LabelsOf(some, 0)["to"], "pager");
  EXPECT_FALSE(LabelsOf(all, 0).contains("to"));
}

TEST(Notifier, WhatNobodyIsToBeToldIsDelivered) {
  FakeAlertmanager alertmanager;
  Notifier notifier(Quick());
  const AlertMessage nobody = ResolvedMessage("a");
  notifier.Send({nobody});
  EXPECT_TRUE(nobody.is_delivered->load());
  NotifierConfig config;
  config.alert_relabel = {
      Rule({.source_labels = {"alertname"}, .regex = "one", .action = RelabelAction::kDrop})};
  config.alertmanagers = {alertmanager.Options()};
  config.alertmanagers[0].alert_relabel = {
      Rule({.source_labels = {"alertname"}, .regex = "two", .action = RelabelAction::kDrop})};
  Configure(notifier, config);
  const AlertMessage one = ResolvedMessage("one"), two = ResolvedMessage("two");
  notifier.Send({one, two});
  EXPECT_TRUE(one.is_delivered->load());
  EXPECT_TRUE(two.is_delivered->load());
  notifier.Stop();
  EXPECT_THAT(alertmanager.requests(), IsEmpty());
  const AlertMessage late = ResolvedMessage("late");
  notifier.Send({late});
  EXPECT_FALSE(late.is_delivered->load());
}

TEST(Notifier, AHangingAlertmanagerDelaysNoOther) {
  FakeAlertmanager good, hanging(Hang());
  Notifier notifier(Quick());
  NotifierConfig config;
  config.alertmanagers = {hanging.Options(), good.Options()};
  Configure(notifier, config);
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 100; ++i) {
    const AlertMessage message = FiringMessage(absl::StrCat(i));
    notifier.Send({message});
    ASSERT_TRUE(Eventually([&] { return message.is_delivered->load(); }));
  }
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
  EXPECT_EQ(notifier.Stats()[0].sent, 0);
  EXPECT_EQ(notifier.Stats()[1].sent, 100);
}

TEST(Notifier, MessagesOfOneAlertKeepTheirOrder) {
  FakeAlertmanager alertmanager;
  Notifier notifier(Quick());
  NotifierConfig config;
  config.alertmanagers = {alertmanager.Options()};
  Configure(notifier, config);
  for (int i = 0; i < 50; ++i) {
    AlertMessage message = FiringMessage("a");
    message.annotations = {{"number", absl::StrCat(i)}};
    notifier.Send({message});
  }
  notifier.Stop();
  int last = -1;
  for (const FakeRequest& request : alertmanager.requests()) {
    for (const auto& alert : FakeAlertmanager::Alerts(request)) {
      const int number = std::stoi(alert["annotations"]["number"].get<std::string>());
      EXPECT_GT(number, last);
      last = number;
    }
  }
  EXPECT_EQ(last, 49);
}

TEST(Notifier, UnchangedAlertmanagersKeepTheirQueues) {
  FakeAlertmanager hanging(Hang()), other;
  Notifier notifier(Quick());
  NotifierConfig config;
  config.alertmanagers = {hanging.Options()};
  Configure(notifier, config);
  notifier.Send({FiringMessage("a")});
  ASSERT_TRUE(Eventually([&] { return !hanging.requests().empty(); }));
  notifier.Send({FiringMessage("b")});
  config.external_labels = {{"region", "eu"}};
  config.alertmanagers = {other.Options(), hanging.Options()};
  Configure(notifier, config);
  EXPECT_EQ(hanging.requests().size(), 1u);
  EXPECT_EQ(notifier.Stats()[1].queue_length, 1);
}

TEST(Notifier, AChangedAlertmanagerTakesOverWhatWasNotSent) {
  std::atomic<bool> hangs{true};
  FakeAlertmanager alertmanager([&hangs](const FakeRequest&) {
    FakeAnswer answer = Answer(200, "");
    if (hangs) answer.delay = absl::Minutes(1);
    return answer;
  });
  Notifier notifier(Quick());
  NotifierConfig config;
  config.alertmanagers = {alertmanager.Options()};
  Configure(notifier, config);
  const AlertMessage under_way = ResolvedMessage("a"), waiting = ResolvedMessage("b");
  notifier.Send({under_way});
  ASSERT_TRUE(Eventually([&] { return !alertmanager.requests().empty(); }));
  notifier.Send({waiting});
  hangs = false;
  config.alertmanagers[0].http.basic_auth.username = "new";
  Configure(notifier, config);
  ASSERT_TRUE(
      Eventually([&] { return under_way.is_delivered->load() && waiting.is_delivered->load(); }));
  EXPECT_EQ(alertmanager.requests().size(), 2u);
}

TEST(Notifier, ARemovedAlertmanagerIsDrained) {
  FakeAlertmanager alertmanager([](const FakeRequest&) {
    FakeAnswer answer = Answer(200, "");
    answer.delay = absl::Milliseconds(50);
    return answer;
  });
  Notifier notifier(Quick());
  NotifierConfig config;
  config.alertmanagers = {alertmanager.Options()};
  Configure(notifier, config);
  notifier.Send({FiringMessage("a")});
  const AlertMessage last = FiringMessage("b");
  notifier.Send({last});
  Configure(notifier, {});
  EXPECT_THAT(notifier.Stats(), IsEmpty());
  EXPECT_TRUE(Eventually([&] { return last.is_delivered->load(); }));
}

TEST(Notifier, WithoutDrainingWhatWaitsIsDropped) {
  FakeAlertmanager hanging(Hang());
  NotifierOptions options = Quick();
  options.drain = absl::ZeroDuration();
  Notifier notifier(options);
  NotifierConfig config;
  config.alertmanagers = {hanging.Options()};
  Configure(notifier, config);
  notifier.Send({FiringMessage("a")});
  const absl::Time begin = absl::Now();
  notifier.Stop();
  notifier.Stop();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(3));
}

TEST(Notifier, AnErrorNamesTheAlertmanagerAndChangesNothing) {
  FakeAlertmanager good;
  Notifier notifier(Quick());
  NotifierConfig config;
  config.alertmanagers = {good.Options()};
  Configure(notifier, config);
  NotifierConfig bad = config;
  bad.alertmanagers.push_back(good.Options());
  bad.alertmanagers[1].http.url = "https://h:1/api/v2/alerts";
  bad.alertmanagers[1].http.tls.ca_file = "/nonexistent/ca.pem";
  const absl::Status status = notifier.Prepare(bad).status();
  EXPECT_THAT(std::string(status.message()),
              testing::StartsWith("alertmanager https://h:1/api/v2/alerts: "));
  const AlertMessage message = FiringMessage("a");
  notifier.Send({message});
  EXPECT_TRUE(Eventually([&] { return message.is_delivered->load(); }));
}

}  // namespace
}  // namespace sloburn::rules
