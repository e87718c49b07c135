// SPDX-License-Identifier: Apache-2.0
#include "rules/notifier/alertmanager_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/engine/remote/tls_server.h"
#include "tests/rules/notifier/fake_alertmanager.h"
#include "tests/rules/notifier/outgoing_alerts.h"

namespace sloburn::rules {
namespace {

using remote::Answer;
using remote::FakeAnswer;
using remote::FakeRequest;
using testing::ElementsAre;
using testing::HasSubstr;

AlertmanagerQueueOptions Quick() {
  AlertmanagerQueueOptions options;
  options.min_backoff = absl::Milliseconds(10);
  options.max_backoff = absl::Milliseconds(50);
  return options;
}

std::unique_ptr<AlertmanagerQueue> Queue(const AlertmanagerOptions& alertmanager,
                                         const AlertmanagerQueueOptions& options = Quick()) {
  auto queue = AlertmanagerQueue::Create(alertmanager, options);
  EXPECT_TRUE(queue.ok()) << queue.status();
  return *std::move(queue);
}

bool IsDelivered(const OutgoingAlert& alert) { return alert.is_delivered[0]->load(); }

TEST(AlertmanagerQueue, PostsWhatAlertmanagerWants) {
  FakeAlertmanager alertmanager;
  const auto queue = Queue(alertmanager.Options());
  AlertMessage message;
  message.labels = Labels::FromPairs({{"alertname", "Disk \"full\""}, {"größe", "7"}});
  message.annotations = {{"summary", "line\nbreak"}, {"empty", ""}};
  message.starts_at = absl::FromUnixMillis(1'700'000'000'123);
  message.ends_at = absl::FromUnixSeconds(4'000'000'000);
  message.generator_url = "http://h/graph?g0.expr=a&g0.tab=1";
  message.is_delivered = std::make_shared<std::atomic<bool>>(false);
  queue->Add({Outgoing(message)});
  ASSERT_TRUE(Eventually([&] { return message.is_delivered->load(); }));
  const FakeRequest request = alertmanager.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/api/v2/alerts");
  EXPECT_EQ(request.Header("content-type"), "application/json");
  EXPECT_EQ(FakeAlertmanager::Alerts(request), nlohmann::json::parse(R"([{
    "labels": {"alertname": "Disk \"full\"", "größe": "7"},
    "annotations": {"summary": "line\nbreak", "empty": ""},
    "startsAt": "2023-11-14T22:13:20.123Z",
    "endsAt": "2096-10-02T07:06:40.000Z",
    "generatorURL": "http://h/graph?g0.expr=a&g0.tab=1"}])"));
  EXPECT_EQ(queue->Stats().sent, 1);
  EXPECT_EQ(queue->Stats().latency.count, 1);
}

TEST(AlertmanagerQueue, SendsInBatches) {
  FakeAlertmanager alertmanager;
  AlertmanagerQueueOptions options = Quick();
  options.max_batch_size = 4;
  const auto queue = Queue(alertmanager.Options(), options);
  std::vector<OutgoingAlert> alerts;
  for (int i = 0; i < 10; ++i) alerts.push_back(Firing(absl::StrCat(i)));
  queue->Add(alerts);
  ASSERT_TRUE(Eventually([&] { return queue->Stats().sent == 10; }));
  std::vector<size_t> sizes;
  for (const FakeRequest& request : alertmanager.requests()) {
    sizes.push_back(FakeAlertmanager::Alerts(request).size());
  }
  EXPECT_THAT(sizes, ElementsAre(4, 4, 2));
  EXPECT_THAT(alertmanager.Names(), ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
}

TEST(AlertmanagerQueue, TriesAgainUntilItIsTaken) {
  int count = 0;
  FakeAlertmanager alertmanager([&count](const FakeRequest&) {
    ++count;
    if (count == 1) return Answer(500, "broken");
    if (count == 2) return Answer(429, "");
    if (count == 3) return FakeAnswer{"nonsense\r\n\r\n", true};
    if (count == 4) return Answer(404, "no such path");
    return Answer(202, "");
  });
  const auto queue = Queue(alertmanager.Options());
  const OutgoingAlert alert = Resolved("a");
  queue->Add({alert});
  ASSERT_TRUE(Eventually([&] { return IsDelivered(alert); }));
  EXPECT_THAT(alertmanager.Names(), ElementsAre("a-", "a-", "a-", "a-", "a-"));
  EXPECT_EQ(queue->Stats().errors, 4);
  EXPECT_EQ(queue->Stats().dropped, 0);
}

TEST(AlertmanagerQueue, ARestartedAlertmanagerGetsTheNewestOfEachAlert) {
  int port = 0;
  std::unique_ptr<AlertmanagerQueue> queue;
  {
    FakeAlertmanager first;
    port = first.port();
    queue = Queue(first.Options());
    queue->Add({Firing("a"), Firing("b")});
    ASSERT_TRUE(Eventually([&] { return queue->Stats().sent == 2; }));
  }
  queue->Add({Firing("a"), Firing("c")});
  ASSERT_TRUE(Eventually([&] { return queue->Stats().errors > 0; }));
  const OutgoingAlert resolved = Resolved("a");
  queue->Add({resolved});
  FakeAlertmanager second(FakeAlertmanager::TakeAll(), port);
  ASSERT_TRUE(Eventually([&] { return queue->Stats().sent >= 4; }));
  EXPECT_TRUE(IsDelivered(resolved));
  std::vector<std::string> names = second.Names();
  std::sort(names.begin(), names.end());
  EXPECT_THAT(names, ElementsAre("a-", "c"));
}

TEST(AlertmanagerQueue, AFiringMessageIsNotSentAfterItsTime) {
  std::atomic<bool> is_up{false};
  FakeAlertmanager alertmanager(
      [&is_up](const FakeRequest&) { return Answer(is_up ? 200 : 503, ""); });
  FakeClock clock(absl::Now());
  AlertmanagerQueueOptions options = Quick();
  options.clock = &clock;
  const auto queue = Queue(alertmanager.Options(), options);
  const OutgoingAlert firing = Firing("a"), resolved = Resolved("b");
  queue->Add({firing, resolved});
  ASSERT_TRUE(Eventually([&] { return queue->Stats().errors > 0; }));
  clock.Advance(absl::Hours(5));
  ASSERT_TRUE(Eventually([&] { return queue->Stats().dropped == 1; }));
  is_up = true;
  ASSERT_TRUE(Eventually([&] { return IsDelivered(resolved); }));
  EXPECT_FALSE(IsDelivered(firing));
  EXPECT_EQ(queue->Stats().sent, 1);
}

TEST(AlertmanagerQueue, OneRefusedAlertTakesNoOtherAlong) {
  FakeAlertmanager alertmanager([](const FakeRequest& request) {
    const bool is_bad = request.body.find("\"bad") != std::string::npos;
    return Answer(is_bad ? 400 : 200, is_bad ? R"("invalid label set")" : "");
  });
  const auto queue = Queue(alertmanager.Options());
  std::vector<OutgoingAlert> alerts;
  for (int i = 0; i < 20; ++i) alerts.push_back(Firing(absl::StrCat(i)));
  alerts.insert(alerts.begin() + 7, Firing("bad1"));
  alerts.insert(alerts.begin() + 12, Firing("bad2"));
  queue->Add(alerts);
  ASSERT_TRUE(Eventually([&] { return queue->Stats().sent + queue->Stats().dropped == 22; }));
  EXPECT_EQ(queue->Stats().sent, 20);
  for (const OutgoingAlert& alert : alerts) {
    EXPECT_EQ(IsDelivered(alert), !alert.labels.Get("alertname").starts_with("bad"));
  }
  EXPECT_LT(alertmanager.requests().size(), 25u);
}

TEST(AlertmanagerQueue, TheQueueIsBounded) {
  FakeAlertmanager alertmanager([](const FakeRequest&) { return Answer(500, ""); });
  AlertmanagerQueueOptions options = Quick();
  options.capacity = 3;
  options.max_batch_size = 1;
  const auto queue = Queue(alertmanager.Options(), options);
  for (int i = 0; i < 10; ++i) queue->Add({Resolved(absl::StrCat(i))});
  ASSERT_TRUE(Eventually([&] { return queue->Stats().dropped == 7; }));
  ASSERT_TRUE(Eventually([&] { return queue->Stats().queue_length == 3; }));
}

TEST(AlertmanagerQueue, StopDrains) {
  FakeAlertmanager alertmanager([](const FakeRequest&) {
    FakeAnswer answer = Answer(200, "");
    answer.delay = absl::Milliseconds(20);
    return answer;
  });
  AlertmanagerQueueOptions options = Quick();
  options.max_batch_size = 1;
  const auto queue = Queue(alertmanager.Options(), options);
  for (int i = 0; i < 10; ++i) queue->Add({Firing(absl::StrCat(i))});
  queue->Stop(absl::Seconds(10));
  EXPECT_EQ(queue->Stats().sent, 10);
  EXPECT_EQ(queue->Stats().dropped, 0);
  queue->Add({Firing("late")});
  EXPECT_EQ(queue->Stats().queue_length, 0);
}

TEST(AlertmanagerQueue, StopWaitsNoLongerThanItMay) {
  FakeAlertmanager alertmanager([](const FakeRequest&) {
    FakeAnswer answer = Answer(200, "");
    answer.delay = absl::Minutes(1);
    return answer;
  });
  const auto queue = Queue(alertmanager.Options());
  queue->Add({Firing("a")});
  ASSERT_TRUE(Eventually([&] { return !alertmanager.requests().empty(); }));
  queue->Add({Firing("b")});
  const absl::Time begin = absl::Now();
  queue->Stop(absl::Milliseconds(100));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
  EXPECT_EQ(queue->Stats().dropped, 2);
}

TEST(AlertmanagerQueue, AHangingOneTimesOutAndIsTriedAgain) {
  std::atomic<bool> hangs{true};
  FakeAlertmanager alertmanager([&hangs](const FakeRequest&) {
    FakeAnswer answer = Answer(200, "");
    if (hangs) answer.delay = absl::Minutes(1);
    return answer;
  });
  AlertmanagerOptions options = alertmanager.Options();
  options.http.total_timeout = absl::Milliseconds(100);
  const auto queue = Queue(options);
  const OutgoingAlert alert = Resolved("a");
  queue->Add({alert});
  ASSERT_TRUE(Eventually([&] { return queue->Stats().errors > 0; }));
  hangs = false;
  EXPECT_TRUE(Eventually([&] { return IsDelivered(alert); }));
}

TEST(AlertmanagerQueue, Credentials) {
  FakeAlertmanager alertmanager;
  AlertmanagerOptions options = alertmanager.Options();
  options.http.basic_auth = {.username = "u", .password = "p"};
  options.http.headers = {{"X-Team", "core"}};
  const auto basic = Queue(options);
  basic->Add({Firing("a")});
  ASSERT_TRUE(Eventually([&] { return alertmanager.requests().size() == 1; }));
  EXPECT_EQ(alertmanager.requests()[0].Header("authorization"), "Basic dTpw");
  EXPECT_EQ(alertmanager.requests()[0].Header("x-team"), "core");
  const std::string file = testing::TempDir() + "/alertmanager-token";
  std::ofstream(file) << "s3cret\n";
  options.http.basic_auth = {};
  options.http.authorization.credentials_file = file;
  const auto bearer = Queue(options);
  bearer->Add({Firing("a")});
  ASSERT_TRUE(Eventually([&] { return alertmanager.requests().size() == 2; }));
  EXPECT_EQ(alertmanager.requests()[1].Header("authorization"), "Bearer s3cret");
}

TEST(AlertmanagerQueue, TlsWithAnAuthorityOfItsOwn) {
  const remote::Certificate certificate("alertmanager", "DNS:localhost");
  remote::TlsServer server(certificate);
  AlertmanagerOptions options;
  options.http.url = absl::StrCat("https://localhost:", server.port(), "/api/v2/alerts");
  const auto untrusting = Queue(options);
  untrusting->Add({Firing("a")});
  ASSERT_TRUE(Eventually([&] { return untrusting->Stats().errors > 0; }));
  options.http.tls.ca_file = certificate.cert_file;
  const auto trusting = Queue(options);
  const OutgoingAlert alert = Firing("b");
  trusting->Add({alert});
  ASSERT_TRUE(Eventually([&] { return IsDelivered(alert); }));
  EXPECT_THAT(server.last_request(), HasSubstr("POST /api/v2/alerts"));
}

TEST(AlertmanagerQueue, BadOptionsAreRefused) {
  AlertmanagerOptions options;
  options.http.url = "https://h:1/api/v2/alerts";
  AlertmanagerQueueOptions queue;
  queue.capacity = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(AlertmanagerQueue::Create(options, queue).status()));
  options.http.tls.ca_file = "/nonexistent/ca.pem";
  EXPECT_FALSE(AlertmanagerQueue::Create(options, {}).ok());
}

}  // namespace
}  // namespace sloburn::rules
