// SPDX-License-Identifier: Apache-2.0
#include "cli/remote_writers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/time/clock.h"
#include "engine/storage/memory_storage.h"
#include "tests/cli/write_endpoint.h"

namespace sloburn::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<SeriesSample> At(int64_t time_ms) {
  return {{Labels::FromPairs({{"__name__", "m"}}), time_ms, 1}};
}

RemoteWriteConfig To(const std::string& url) {
  RemoteWriteConfig endpoint;
  endpoint.url = url;
  return endpoint;
}

// A store whose commits go to remote write.
struct Sender {
  explicit Sender(absl::Duration drain) : writers(outbox, drain) { storage.SetOutbox(&outbox); }

  void Enqueue(const std::vector<SeriesSample>& samples) {
    const auto appender = storage.NewAppender();
    for (const SeriesSample& sample : samples) {
      EXPECT_TRUE(appender->Append(sample.labels, sample.timestamp_ms, sample.value).ok());
    }
    CommitExtras extras;
    extras.is_sent = true;
    EXPECT_TRUE(appender->CommitWith(extras).ok());
  }

  MemoryStorage storage;
  Outbox outbox{storage, {}};
  RemoteWriters writers;
};

Config With(std::vector<RemoteWriteConfig> endpoints,
            std::map<std::string, std::string> external_labels = {}) {
  Config config;
  config.remote_write = std::move(endpoints);
  config.global.external_labels = std::move(external_labels);
  return config;
}

void Install(RemoteWriters& writers, const Config& config) {
  auto change = writers.Prepare(config);
  ASSERT_TRUE(change.ok()) << change.status();
  writers.Install(*std::move(change));
}

std::vector<int64_t> TimesOf(const WriteEndpoint& endpoint, const std::string& series = "m") {
  const auto arrived = endpoint.Arrived();
  const auto found = arrived.find(series);
  return found == arrived.end() ? std::vector<int64_t>() : found->second;
}

bool WaitForTime(const WriteEndpoint& endpoint, int64_t time_ms, const std::string& series = "m") {
  return endpoint.WaitFor([&](const auto&) {
    const std::vector<int64_t> times = TimesOf(endpoint, series);
    return std::find(times.begin(), times.end(), time_ms) != times.end();
  });
}

int64_t Pending(const RemoteWriters& writers) {
  int64_t pending = 0;
  for (const auto& [name, stats] : writers.Stats()) pending += stats.samples_pending;
  return pending;
}

TEST(RemoteWriters, EveryEndpointGetsEverySample) {
  WriteEndpoint a, b;
  Sender sender(absl::Seconds(5));
  RemoteWriters& writers = sender.writers;
  sender.Enqueue(At(1));  // there is none yet
  Install(writers, With({To(a.url()), To(b.url())}));
  sender.Enqueue(At(2));
  writers.Stop();
  sender.Enqueue(At(3));
  EXPECT_THAT(TimesOf(a), ElementsAre(2));
  EXPECT_THAT(TimesOf(b), ElementsAre(2));
  EXPECT_THAT(writers.Stats(), IsEmpty());
}

TEST(RemoteWriters, AnErrorChangesNothing) {
  WriteEndpoint a, b;
  Sender sender(absl::Seconds(5));
  RemoteWriters& writers = sender.writers;
  Install(writers, With({To(a.url())}));
  RemoteWriteConfig bad = To(b.url());
  bad.http.tls_config.ca_file = "/nowhere/ca.pem";
  bad.url = "https://127.0.0.1:1/write";
  const auto change = writers.Prepare(With({To(b.url()), bad}));
  ASSERT_FALSE(change.ok());
  EXPECT_THAT(std::string(change.status().message()),
              HasSubstr("remote_write https://127.0.0.1:1/write: "));
  EXPECT_THAT(std::string(change.status().message()), HasSubstr("/nowhere/ca.pem"));
  sender.Enqueue(At(1));
  writers.Stop();
  EXPECT_THAT(TimesOf(a), ElementsAre(1));
  EXPECT_THAT(TimesOf(b), IsEmpty());
}

TEST(RemoteWriters, UnchangedEndpointsKeepTheirQueueAndWriter) {
  WriteEndpoint a, b;
  a.is_down = true;
  Sender sender(absl::Seconds(5));
  RemoteWriters& writers = sender.writers;
  Install(writers, With({To(a.url())}));
  sender.Enqueue(At(1));
  sender.Enqueue(At(2));
  Install(writers, With({To(b.url()), To(a.url())}));
  ASSERT_EQ(writers.Stats().size(), 2u);
  EXPECT_EQ(writers.Stats()[1].second.samples_pending, 2);
  EXPECT_EQ(writers.Stats()[0].second.samples_pending, 0);  // b has none of the older ones
  sender.Enqueue(At(3));
  a.is_down = false;
  EXPECT_TRUE(WaitForTime(a, 3));
  writers.Stop();
  EXPECT_THAT(TimesOf(a), ElementsAre(1, 2, 3));
  EXPECT_THAT(TimesOf(b), ElementsAre(3));
}

TEST(RemoteWriters, AChangedEndpointTakesOverTheQueue) {
  WriteEndpoint a;
  a.is_down = true;
  Sender sender(absl::ZeroDuration());
  RemoteWriters& writers = sender.writers;
  Install(writers, With({To(a.url())}));
  sender.Enqueue(At(1));
  absl::SleepFor(absl::Milliseconds(50));  // the first is under way
  sender.Enqueue(At(2));
  RemoteWriteConfig changed = To(a.url());
  changed.remote_timeout = absl::Seconds(7);
  Install(writers, With({changed}));
  EXPECT_EQ(Pending(writers), 2);
  sender.Enqueue(At(3));
  a.is_down = false;
  EXPECT_TRUE(WaitForTime(a, 3));
  EXPECT_THAT(TimesOf(a), ElementsAre(1, 2, 3));
}

TEST(RemoteWriters, ExternalLabelsChangeForNewSamples) {
  WriteEndpoint a;
  Sender sender(absl::Seconds(5));
  RemoteWriters& writers = sender.writers;
  Install(writers, With({To(a.url())}, {{"region", "eu"}}));
  sender.Enqueue(At(1));
  ASSERT_TRUE(WaitForTime(a, 1, "m{region=\"eu\"}"));
  Install(writers, With({To(a.url())}, {{"region", "us"}}));
  sender.Enqueue(At(2));
  writers.Stop();
  EXPECT_THAT(TimesOf(a, "m{region=\"eu\"}"), ElementsAre(1));
  EXPECT_THAT(TimesOf(a, "m{region=\"us\"}"), ElementsAre(2));
}

TEST(RemoteWriters, RemovedEndpointsSendWhatIsLeft) {
  WriteEndpoint slow;
  slow.delay_ms = 100;
  Sender sender(absl::Seconds(5));
  Install(sender.writers, With({To(slow.url())}));
  sender.Enqueue(At(1));
  absl::SleepFor(absl::Milliseconds(50));
  sender.Enqueue(At(2));
  Install(sender.writers, With({}));
  EXPECT_THAT(sender.writers.Stats(), IsEmpty());
  sender.Enqueue(At(3));
  EXPECT_THAT(TimesOf(slow), ElementsAre(1, 2));
  EXPECT_EQ(sender.outbox.Stats().entries, 0);
}

TEST(RemoteWriters, WhatARemovedEndpointCouldNotSendIsForgotten) {
  WriteEndpoint down;
  down.is_down = true;
  Sender sender(absl::Milliseconds(50));
  Install(sender.writers, With({To(down.url())}));
  sender.Enqueue(At(1));
  Install(sender.writers, With({}));
  down.is_down = false;
  Install(sender.writers, With({To(down.url())}));
  sender.Enqueue(At(2));
  EXPECT_TRUE(WaitForTime(down, 2));
  EXPECT_THAT(TimesOf(down), ElementsAre(2));
}

TEST(RemoteWriters, DrainingEndsAtItsLimit) {
  WriteEndpoint a, b;
  a.is_down = b.is_down = true;
  Sender sender(absl::Milliseconds(300));
  RemoteWriters& writers = sender.writers;
  Install(writers, With({To(a.url()), To(b.url())}));
  sender.Enqueue(At(1));
  const absl::Time start = absl::Now();
  writers.Stop();
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(290));
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(590));  // side by side
  EXPECT_THAT(TimesOf(a), IsEmpty());
}

TEST(RemoteWriters, NoSampleIsLostWhileTicksWriteDuringReloads) {
  constexpr int64_t kSamples = 400;
  WriteEndpoint a;
  Sender sender(absl::Seconds(5));
  RemoteWriters& writers = sender.writers;
  Install(writers, With({To(a.url())}));
  std::thread ticks([&] {
    for (int64_t t = 1; t <= kSamples; ++t) {
      sender.Enqueue(At(t));
      absl::SleepFor(absl::Milliseconds(1));
    }
  });
  for (int i = 0; i < 20; ++i) {
    RemoteWriteConfig changed = To(a.url());
    changed.remote_timeout = absl::Seconds(10 + i);
    Install(writers, With({changed}));
    writers.Stats();
    absl::SleepFor(absl::Milliseconds(10));
  }
  ticks.join();
  writers.Stop();
  // A request that was cut off may have been taken in: its samples come again.
  std::vector<int64_t> first_arrivals;
  std::set<int64_t> seen;
  for (const int64_t time : TimesOf(a)) {
    if (seen.insert(time).second) first_arrivals.push_back(time);
  }
  std::vector<int64_t> all(kSamples);
  for (int64_t t = 1; t <= kSamples; ++t) all[t - 1] = t;
  EXPECT_EQ(first_arrivals, all);
}

}  // namespace
}  // namespace sloburn::cli
