// SPDX-License-Identifier: Apache-2.0
// Our senders and readers against a real Prometheus: what is pushed comes back with equal bits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <iostream>
#include <map>
#include <random>

#include "absl/time/clock.h"
#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "engine/remote/query_api.h"
#include "engine/remote/remote_read.h"
#include "engine/remote/remote_write.h"
#include "engine/remote/sync.h"
#include "engine/storage/memory_storage.h"
#include "tests/engine/remote/prometheus_peer.h"
#include "tests/engine/remote/pull_all.h"

namespace sloburn::remote {
namespace {

constexpr int64_t kStep = 15'000;
constexpr int64_t kHour = 3'600'000;
constexpr std::string_view kConfig = "global: {external_labels: {region: eu}}\n";

using SeriesMap = std::map<std::string, std::vector<Sample>>;

class PrometheusPeerTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string binary = FindPeer("prometheus");
    if (binary.empty()) {
      GTEST_SKIP() << "NOTICE: no prometheus binary in PEERS_DIR, ~/.cache/peers or PATH: "
                      "nothing was compared with it";
    }
    peer =
        PrometheusPeer::Start(binary, std::string(kConfig), {"--web.enable-remote-write-receiver"});
    ASSERT_NE(peer, nullptr);
    now = (absl::ToUnixMillis(absl::Now()) / kStep) * kStep;
    client = *HttpClient::Create({.url = peer->url()});
  }

  // An hour of 30 series: counters with resets, gauges of any bits, gaps with staleness markers.
  SeriesMap PushAnHour() {
    std::mt19937_64 random(42);
    SeriesMap pushed;
    auto writer = *RemoteWriter::Create({.sender = {.http = {.url = peer->url("/api/v1/write")}}});
    for (int64_t t = now - kHour; t <= now; t += kStep) {
      std::vector<SeriesSample> tick;
      for (int i = 0; i < 30; ++i) {
        const Labels labels = Labels::FromPairs(
            {{"__name__", "peer_test"}, {"i", std::to_string(i)}, {"odd \"näme\"", "v\n\\"}});
        double value = static_cast<double>((t - now + kHour) / kStep * (i + 1) % (900 + i));
        if (i % 3 == 1) value = std::bit_cast<double>(random());
        if (i % 3 == 1 && std::isnan(value)) value = NormalNan();
        const int64_t phase = (t / kStep + i) % 40;
        if (i % 3 == 2 && phase >= 30) {
          if (phase > 30) continue;
          value = StaleMarker();
        }
        tick.push_back({labels, t, value});
        pushed[labels.ToString()].push_back({t, value});
      }
      writer->Enqueue(std::move(tick));
    }
    writer->Flush();
    EXPECT_TRUE(writer->WaitUntilSent(absl::Seconds(30)));
    EXPECT_EQ(writer->Stats().samples_failed, 0) << writer->Stats().last_error;
    EXPECT_EQ(writer->Stats().samples_dropped, 0);
    return pushed;
  }

  static void ExpectSame(const SeriesMap& got, const SeriesMap& want) {
    ASSERT_EQ(got.size(), want.size());
    for (const auto& [labels, samples] : want) {
      const auto found = got.find(labels);
      ASSERT_NE(found, got.end()) << labels;
      ASSERT_EQ(found->second.size(), samples.size()) << labels;
      for (size_t i = 0; i < samples.size(); ++i) {
        ASSERT_EQ(found->second[i].timestamp_ms, samples[i].timestamp_ms) << labels;
        ASSERT_EQ(std::bit_cast<uint64_t>(found->second[i].value),
                  std::bit_cast<uint64_t>(samples[i].value))
            << labels << " " << i;
      }
    }
  }

  static Matchers Selector() {
    return {Matcher::Plain(parser::MatchType::kEqual, "__name__", "peer_test")};
  }

  SeriesMap ReadBack(bool streamed) {
    SeriesMap got;
    RemoteReader reader(client.get(), {.accept_streamed = streamed});
    const auto stats = reader.Read({{now - kHour, now, Selector()}}, [&](ReadSeries series) {
      EXPECT_TRUE(series.status.ok()) << series.status;
      EXPECT_EQ(series.labels.Get("region"), "eu");
      std::vector<Label> labels = series.labels.ToPairs();
      std::erase_if(labels, [](const Label& label) { return label.name == "region"; });
      got[Labels::FromPairs(labels).ToString()] = series.samples;
      return absl::OkStatus();
    });
    EXPECT_TRUE(stats.ok()) << stats.status();
    EXPECT_EQ(stats->is_streamed, streamed);
    return got;
  }

  static SeriesMap Stored(const Storage& storage) {
    SeriesMap stored;
    const auto snapshot = storage.TakeSnapshot();
    const auto found = snapshot->Select(Selector(), 0, int64_t{1} << 60);
    EXPECT_TRUE(found.ok()) << found.status();
    for (const auto& series : *found) {
      SampleBuffer buffer;
      const auto view = series->Read(0, int64_t{1} << 60, buffer);
      EXPECT_TRUE(view.ok()) << view.status();
      for (size_t i = 0; i < view->size; ++i) {
        stored[series->labels().ToString()].push_back({view->timestamps[i], view->values[i]});
      }
    }
    return stored;
  }

  static SeriesMap WithoutMarkers(SeriesMap series) {
    for (auto& [labels, samples] : series) {
      std::erase_if(samples, [](const Sample& sample) { return IsStale(sample.value); });
    }
    return series;
  }

  std::unique_ptr<PrometheusPeer> peer;
  std::unique_ptr<HttpClient> client;
  int64_t now = 0;
};

TEST_F(PrometheusPeerTest, EqualBitsByEveryWay) {
  const SeriesMap pushed = PushAnHour();
  ExpectSame(ReadBack(true), pushed);
  ExpectSame(ReadBack(false), pushed);

  const auto answer = QueryApi(client.get()).RangeSelector("peer_test", kHour + 1, now);
  ASSERT_TRUE(answer.ok()) << answer.status();
  SeriesMap queried;
  for (const SeriesSamples& series : std::get<Matrix>(answer->value)) {
    queried[series.labels.ToString()] = series.samples;
  }
  ExpectSame(queried, WithoutMarkers(pushed));
}

TEST_F(PrometheusPeerTest, SyncFillsAStoreInBothModes) {
  const SeriesMap pushed = PushAnHour();
  for (const SyncMode mode : {SyncMode::kAuto, SyncMode::kQueryApi}) {
    MemoryStorage storage;
    const auto sync = *Sync::Create({.source = {.url = peer->url()},
                                     .mode = mode,
                                     .first_slice = absl::Minutes(7),
                                     .strip_labels = {"region"}},
                                    &storage);
    sync->SetSelectors({{Selector(), kHour + kStep, 0, "peer_test"}});
    ASSERT_TRUE(sync->LoadHistory(now - kHour / 2).ok());
    for (int64_t t = now - kHour / 2 + kStep; t <= now; t += kStep) {
      const absl::Status status = PullAll(*sync, t);
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_TRUE(sync->Covers(Selector(), t - kHour, t));
    }
    SeriesMap stored = Stored(storage);
    if (mode == SyncMode::kAuto) {
      EXPECT_EQ(sync->Stats().mode, SyncMode::kRemoteRead);
      ExpectSame(stored, pushed);
    } else {
      EXPECT_GT(sync->Stats().staleness_markers, 5);
      ExpectSame(WithoutMarkers(stored), WithoutMarkers(pushed));
      // The markers of the pulls (not of the history) stand where Prometheus has them.
      for (const auto& [labels, samples] : pushed) {
        for (const Sample& sample : samples) {
          if (!IsStale(sample.value) || sample.timestamp_ms <= now - kHour / 2) continue;
          const auto at = std::find_if(
              stored[labels].begin(), stored[labels].end(),
              [&](const Sample& other) { return other.timestamp_ms == sample.timestamp_ms; });
          ASSERT_NE(at, stored[labels].end()) << labels;
          EXPECT_TRUE(IsStale(at->value));
        }
      }
    }
  }
}

TEST_F(PrometheusPeerTest, ErrorsInTheServersWords) {
  const auto bad = QueryApi(client.get()).Instant("sum(", now);
  EXPECT_TRUE(absl::IsInvalidArgument(bad.status()));
  EXPECT_THAT(std::string(bad.status().message()), testing::HasSubstr("parse error"));
  const auto step = QueryApi(client.get()).Range("up", {now - 24 * kHour, now, 1000});
  EXPECT_TRUE(absl::IsResourceExhausted(step.status())) << step.status();
}

TEST_F(PrometheusPeerTest, OneOutOfOrderSeriesDoesNotPoisonABatch) {
  auto writer = *RemoteWriter::Create({.sender = {.http = {.url = peer->url("/api/v1/write")}}});
  const auto series = [](int i) {
    return Labels::FromPairs({{"__name__", "order"}, {"i", std::to_string(i)}});
  };
  writer->Enqueue({{series(3), now, 1}});
  writer->Flush();
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
  std::vector<SeriesSample> batch;
  for (int i = 0; i < 10; ++i) batch.push_back({series(i), now - 1000, 2});
  writer->Enqueue(batch);
  writer->Flush();
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
  EXPECT_EQ(writer->Stats().samples_failed, 1);
  EXPECT_EQ(writer->Stats().samples_sent, 10);
}

TEST(VictoriaMetricsPeerTest, HasNoRemoteReadWeCanUse) {
  const std::string binary = FindPeer("victoria-metrics");
  if (binary.empty()) {
    GTEST_SKIP() << "NOTICE: no victoria-metrics binary in PEERS_DIR, ~/.cache/peers or PATH";
  }
  const auto peer = PrometheusPeer::StartVictoriaMetrics(binary);
  ASSERT_NE(peer, nullptr);
  const int64_t now = (absl::ToUnixMillis(absl::Now()) / kStep) * kStep;
  auto writer = *RemoteWriter::Create({.sender = {.http = {.url = peer->url("/api/v1/write")}}});
  for (int64_t t = now - kHour; t <= now - 60'000; t += kStep) {
    writer->Enqueue(
        {{Labels::FromPairs({{"__name__", "vm_test"}}), t, static_cast<double>(t) / 3}});
  }
  writer->Flush();
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(30)));
  const auto client = *HttpClient::Create({.url = peer->url()});
  ASSERT_TRUE(client->Get("/internal/force_flush").ok());
  MemoryStorage storage;
  const auto sync = *Sync::Create({.source = {.url = peer->url()}}, &storage);
  const Matchers matchers = {Matcher::Plain(parser::MatchType::kEqual, "__name__", "vm_test")};
  sync->SetSelectors({{matchers, kHour + kStep, 0, "vm_test"}});
  const absl::Status status = sync->LoadHistory(now);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(sync->Stats().mode, SyncMode::kQueryApi);
  EXPECT_EQ(sync->Stats().samples_appended, kHour / kStep - 3);
}

}  // namespace
}  // namespace sloburn::remote
