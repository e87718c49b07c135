// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/write_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "absl/time/clock.h"
#include "base/str_cat.h"
#include "engine/model/histogram.h"
#include "tests/engine/remote/fake_receiver.h"

namespace sloburn::remote {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Fault = FakeReceiver::Fault;

const FakeAnswer kLostAnswer{"", true};

Labels Series(int i, bool is_bad = false) {
  std::vector<Label> pairs = {{"__name__", "m"}, {"i", std::to_string(1000 + i)}};
  if (is_bad) pairs.push_back({FakeReceiver::kBadLabel, "1"});
  return Labels::FromPairs(pairs);
}

double Value(int i, int64_t time) {
  return static_cast<double>(10 * i) + static_cast<double>(time);
}

// Of each series the ticks from `first` to `last`.
WriteBatch Ticks(int series, int64_t first, int64_t last, bool may_be_written = false) {
  WriteBatch batch;
  batch.may_be_written = may_be_written;
  for (int i = 0; i < series; ++i) {
    SeriesSamples one{Series(i), {}};
    for (int64_t time = first; time <= last; ++time) one.samples.push_back({time, Value(i, time)});
    AddSeries(std::move(one), batch);
  }
  return batch;
}

// Each sample of Ticks(series, 1, last), once.
void ExpectAll(const FakeReceiver& receiver, int series, int64_t last) {
  const auto stored = receiver.Stored();
  EXPECT_EQ(stored.size(), static_cast<size_t>(series));
  for (int i = 0; i < series; ++i) {
    std::vector<std::string> wanted;
    for (int64_t time = 1; time <= last; ++time) {
      wanted.push_back(StrCat(time, "=", Value(i, time)));
    }
    EXPECT_EQ(stored.at(Series(i).ToString()), wanted);
  }
}

std::unique_ptr<WriteSender> Sender(const std::string& url, WriteMessage message,
                                    WriteSenderOptions options = {}) {
  options.http.url = url;
  options.message = message;
  options.min_backoff = absl::Milliseconds(2);
  options.max_backoff = absl::Milliseconds(10);
  auto sender = WriteSender::Create(std::move(options));
  EXPECT_TRUE(sender.ok()) << sender.status();
  return *std::move(sender);
}

class WriteSenderTest : public testing::TestWithParam<WriteMessage> {
 protected:
  bool is_v2() const { return GetParam() == WriteMessage::kVersion2; }
};

INSTANTIATE_TEST_SUITE_P(Versions, WriteSenderTest, testing::ValuesIn(kWriteMessages),
                         [](const auto& param) {
                           return param.param == WriteMessage::kVersion1 ? "V1" : "V2";
                         });

TEST_P(WriteSenderTest, TheHeaders) {
  FakeReceiver receiver;
  const auto sender = Sender(receiver.url(), GetParam());
  ASSERT_TRUE(sender->Deliver(Ticks(2, 1, 3)));
  ExpectAll(receiver, 2, 3);
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].Header("content-encoding"), "snappy");
  EXPECT_EQ(requests[0].Header("content-type"),
            is_v2() ? "application/x-protobuf;proto=io.prometheus.write.v2.Request"
                    : "application/x-protobuf");
  EXPECT_EQ(requests[0].Header("x-prometheus-remote-write-version"), is_v2() ? "2.0.0" : "0.1.0");
  const RemoteWriteStats stats = sender->Stats();
  EXPECT_EQ(stats.samples_sent, 6);
  EXPECT_EQ(stats.samples_pending, 0);
  EXPECT_EQ(stats.highest_ms, 3);
  EXPECT_EQ(stats.highest_sent_ms, 3);
  EXPECT_EQ(stats.request_durations.count, 1);
  EXPECT_EQ(stats.url, receiver.url());
  EXPECT_THAT(sender->TakeUnsent(), IsEmpty());
}

TEST_P(WriteSenderTest, OnlyRefusedSeriesAreDropped) {
  FakeReceiver receiver;
  const auto sender = Sender(receiver.url(), GetParam());
  WriteBatch batch = Ticks(100, 1, 2);
  AddSeries({Series(200, /*is_bad=*/true), {{1, 1}, {2, 2}}}, batch);
  std::swap(batch.series[40], batch.series.back());
  ASSERT_TRUE(sender->Deliver(std::move(batch)));
  ExpectAll(receiver, 100, 2);
  EXPECT_EQ(sender->Stats().samples_sent, 200);
  EXPECT_EQ(sender->Stats().samples_failed, 2);
  EXPECT_EQ(sender->Stats().samples_written_before, 0);
  EXPECT_LE(receiver.requests().size(), is_v2() ? 1u : 20u);
}

TEST_P(WriteSenderTest, OnlyRefusedSamplesOfASeriesAreDropped) {
  FakeReceiver receiver;
  const auto sender = Sender(receiver.url(), GetParam());
  ASSERT_TRUE(sender->Deliver(Ticks(1, 1, 5)));
  WriteBatch batch = Ticks(1, 3, 9);  // three that are refused, one that it has
  for (Sample& sample : batch.series[0].samples) {
    if (sample.timestamp_ms < 5) sample.value = -1;
  }
  ASSERT_TRUE(sender->Deliver(std::move(batch)));
  ExpectAll(receiver, 1, 9);
  EXPECT_EQ(sender->Stats().samples_failed, 2);
  EXPECT_EQ(sender->Stats().samples_pending, 0);
}

// Everything, nothing, a part by time and a part by series was written before.
TEST_P(WriteSenderTest, WhatMayBeWrittenIsNeitherLostNorTwice) {
  const struct {
    int written_series;
    int64_t written_ticks;
  } cases[] = {{10, 6}, {0, 0}, {10, 3}, {4, 6}, {4, 2}, {10, 1}, {1, 5}};
  for (const auto& [series, ticks] : cases) {
    FakeReceiver receiver;
    ASSERT_TRUE(Sender(receiver.url(), GetParam())->Deliver(Ticks(series, 1, ticks)));
    const auto sender = Sender(receiver.url(), GetParam(), {.max_isolation_requests = 1});
    ASSERT_TRUE(sender->Deliver(Ticks(10, 1, 6, /*may_be_written=*/true)));
    ExpectAll(receiver, 10, 6);
    const RemoteWriteStats stats = sender->Stats();
    EXPECT_EQ(stats.samples_failed, 0);
    EXPECT_EQ(stats.samples_sent + stats.samples_written_before, 60);
    // The newest of a series is taken a second time, and nothing comes of it.
    EXPECT_EQ(stats.samples_written_before, ticks == 0 ? 0 : series * (ticks - 1));
    EXPECT_THAT(stats.last_error, IsEmpty());
    EXPECT_LE(receiver.requests().size(), is_v2() ? 2u : 122u);
  }
}

TEST_P(WriteSenderTest, BadSamplesOfWhatMayBeWrittenAreFailed) {
  FakeReceiver receiver;
  ASSERT_TRUE(Sender(receiver.url(), GetParam())->Deliver(Ticks(3, 1, 4)));
  const auto sender = Sender(receiver.url(), GetParam());
  WriteBatch batch = Ticks(3, 1, 4, /*may_be_written=*/true);
  AddSeries({Series(9, /*is_bad=*/true), {{1, 1}, {2, 2}}}, batch);
  ASSERT_TRUE(sender->Deliver(std::move(batch)));
  ExpectAll(receiver, 3, 4);
  EXPECT_EQ(sender->Stats().samples_failed, 2);
  EXPECT_EQ(sender->Stats().samples_written_before, 9);
  EXPECT_THAT(sender->Stats().last_error, HasSubstr(is_v2() ? "out of order" : "bad series"));
}

TEST_P(WriteSenderTest, ALostAnswerMakesNothingLostOrTwice) {
  for (const bool was_stored : {true, false}) {
    for (const FakeAnswer& answer :
         {kLostAnswer, Answer(502, "bad gateway"), FakeAnswer{"HTTP/1.1 20", true}}) {
      FakeReceiver receiver([&](int number, const FakeRequest&) -> std::optional<Fault> {
        if (number != 1) return std::nullopt;
        return Fault{answer, was_stored};
      });
      const auto sender = Sender(receiver.url(), GetParam());
      ASSERT_TRUE(sender->Deliver(Ticks(3, 1, 2)));  // a connection is there
      ASSERT_TRUE(sender->Deliver(Ticks(3, 3, 7)));
      ExpectAll(receiver, 3, 7);
      EXPECT_EQ(sender->Stats().samples_failed, 0);
      EXPECT_EQ(sender->Stats().samples_written_before, was_stored ? 12 : 0);
    }
  }
}

// One sample of each series in a request: what is sent again is taken again, and no search is
// needed.
TEST_P(WriteSenderTest, ALostAnswerCostsOneRequestWhereTicksGoApart) {
  FakeReceiver receiver([&](int number, const FakeRequest&) -> std::optional<Fault> {
    if (number % 2 != 0) return std::nullopt;
    return Fault{kLostAnswer, /*stores_first=*/true};
  });
  const auto sender = Sender(receiver.url(), GetParam(), {.one_sample_per_series = true});
  ASSERT_TRUE(sender->Deliver(Ticks(50, 1, 6)));
  ExpectAll(receiver, 50, 6);
  EXPECT_EQ(receiver.requests().size(), is_v2() ? 2u : 12u);
  EXPECT_EQ(sender->Stats().samples_failed, 0);
  EXPECT_EQ(sender->Stats().samples_written_before, is_v2() ? 250 : 0);
}

TEST_P(WriteSenderTest, A2xxIsASuccessWhateverItsBody) {
  const std::string headers = "X-Prometheus-Remote-Write-Samples-Written: 2\r\n";
  const std::string head = StrCat("HTTP/1.1 200 OK\r\n", headers);
  for (const std::string& answer : {
           StrCat(head, "Content-Length: 3\r\n\r\nabc"),
           StrCat(head, "Content-Length: 300\r\n\r\nabc"),  // breaks off
           StrCat(head, "Content-Length: 3000000\r\n\r\n", std::string(3'000'000, 'x')),
           StrCat(head, "Transfer-Encoding: chunked\r\n\r\nnonsense"),
           StrCat(head, "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
           StrCat(head, "\r\nuntil it closes"),
       }) {
    FakeServer server([&](const FakeRequest&) { return FakeAnswer{answer, true}; });
    const auto sender = Sender(server.url(), GetParam());
    ASSERT_TRUE(sender->Deliver(Ticks(2, 1, 1)));
    EXPECT_EQ(sender->Stats().samples_sent, 2);
    EXPECT_EQ(server.requests().size(), 1u);
  }
}

TEST_P(WriteSenderTest, TooLargeIsHalvedUntilItFits) {
  FakeReceiver receiver([](int, const FakeRequest& request) -> std::optional<Fault> {
    size_t samples = 0;
    for (const SeriesSamples& series : DecodeSeries(request)) samples += series.samples.size();
    if (samples <= 4) return std::nullopt;
    return Fault{Answer(413, "too large")};
  });
  const auto sender = Sender(receiver.url(), GetParam(), {.max_isolation_requests = 0});
  ASSERT_TRUE(sender->Deliver(Ticks(3, 1, 40)));
  ExpectAll(receiver, 3, 40);
  EXPECT_EQ(sender->Stats().samples_failed, 0);
}

TEST_P(WriteSenderTest, WhereNothingFitsTheSearchEnds) {
  FakeServer server([](const FakeRequest&) { return Answer(413, "no"); });
  const auto sender = Sender(server.url(), GetParam());
  ASSERT_TRUE(sender->Deliver(Ticks(2000, 1, 1)));
  EXPECT_LE(server.requests().size(), 40u);
  EXPECT_EQ(sender->Stats().samples_failed, 2000);
}

TEST_P(WriteSenderTest, TheSearchForRefusedSamplesIsBounded) {
  FakeServer server([](const FakeRequest&) { return Answer(400, "never"); });
  const auto sender = Sender(server.url(), GetParam(), {.max_isolation_requests = 8});
  ASSERT_TRUE(sender->Deliver(Ticks(1000, 1, 1)));
  EXPECT_LE(server.requests().size(), 17u);
  EXPECT_EQ(sender->Stats().samples_failed, 1000);
  const auto none = Sender(server.url(), GetParam(), {.max_isolation_requests = 0});
  ASSERT_TRUE(none->Deliver(Ticks(1000, 1, 1)));
  EXPECT_EQ(none->Stats().requests, 1);
}

TEST_P(WriteSenderTest, ARefused429IsDroppedOnlyIfToldTo) {
  for (const bool retries : {true, false}) {
    FakeReceiver receiver([](int number, const FakeRequest&) -> std::optional<Fault> {
      if (number >= 3) return std::nullopt;
      return Fault{Answer(429, "slow down")};
    });
    const auto sender = Sender(receiver.url(), GetParam(), {.retry_on_http_429 = retries});
    ASSERT_TRUE(sender->Deliver(Ticks(2, 1, 1)));
    EXPECT_EQ(sender->Stats().samples_sent, retries ? 2 : 0);
    EXPECT_EQ(sender->Stats().samples_failed, retries ? 0 : 2);
    EXPECT_EQ(sender->Stats().samples_retried, retries ? 6 : 0);
  }
}

TEST_P(WriteSenderTest, OldSamplesAreDroppedAlsoWhileTheyWait) {
  std::atomic<bool> is_down = true;
  FakeReceiver receiver([&](int, const FakeRequest&) -> std::optional<Fault> {
    if (!is_down) return std::nullopt;
    return Fault{Answer(503, "")};
  });
  const auto sender =
      Sender(receiver.url(), GetParam(), {.sample_age_limit = absl::Milliseconds(1500)});
  const int64_t now = absl::ToUnixMillis(absl::Now());
  WriteBatch batch;
  AddSeries({Series(0), {{now - 5000, 1}, {now - 1000, 2}, {now + 60'000, 3}}}, batch);
  std::thread end([&] {
    absl::SleepFor(absl::Milliseconds(800));
    is_down = false;
  });
  ASSERT_TRUE(sender->Deliver(std::move(batch)));
  end.join();
  EXPECT_EQ(sender->Stats().samples_too_old, 2);
  EXPECT_EQ(sender->Stats().samples_sent, 1);
  EXPECT_EQ(sender->Stats().samples_pending, 0);
  EXPECT_THAT(receiver.Stored().at(Series(0).ToString()),
              ElementsAre(StrCat(now + 60'000, "=", 3.0)));
}

TEST_P(WriteSenderTest, CancelGivesBackWhatHasNoVerdict) {
  FakeReceiver receiver([](int number, const FakeRequest&) -> std::optional<Fault> {
    if (number == 0) return Fault{Answer(413, "")};
    if (number == 1) return std::nullopt;
    return Fault{Answer(503, "")};
  });
  const auto sender = Sender(receiver.url(), GetParam());
  std::thread end([&] {
    while (sender->Stats().requests < 4) absl::SleepFor(absl::Milliseconds(1));
    sender->Cancel();
  });
  EXPECT_FALSE(sender->Deliver(Ticks(4, 1, 2)));
  end.join();
  EXPECT_EQ(sender->Stats().samples_sent, 4);
  EXPECT_EQ(sender->Stats().samples_pending, 4);
  const auto unsent = sender->TakeUnsent();
  ASSERT_EQ(unsent.size(), 1u);
  EXPECT_EQ(unsent[0].samples, 4u);
  EXPECT_TRUE(unsent[0].may_be_written);
  EXPECT_FALSE(sender->Deliver(Ticks(1, 9, 9)));
}

HistogramPtr MakeHistogram(bool is_custom) {
  Histogram histogram;
  histogram.count = histogram.sum = 1;
  histogram.positive = {{{0, 1}}, {1}};
  if (is_custom) {
    histogram.schema = kCustomBucketsSchema;
    histogram.custom_values = {1};
  }
  return std::make_shared<const Histogram>(histogram);
}

WriteBatch WithHistograms() {
  WriteBatch batch = Ticks(1, 1, 1);
  const HistogramPtr custom = MakeHistogram(true), plain = MakeHistogram(false);
  // A series that goes stale: a float after its histograms.
  AddSeries({Series(1), {{3, 0}}, {{1, plain}, {2, plain}}}, batch);
  AddSeries({Series(2), {}, {{1, custom}}}, batch);
  return batch;
}

TEST_P(WriteSenderTest, HistogramsGoInOrderAndApartFromFloats) {
  FakeReceiver receiver;
  const auto sender = Sender(receiver.url(), GetParam());
  ASSERT_TRUE(sender->Deliver(WithHistograms()));
  const auto stored = receiver.Stored();
  EXPECT_THAT(stored.at(Series(1).ToString()), ElementsAre("1=h", "2=h", "3=0"));
  EXPECT_EQ(stored.count(Series(2).ToString()), is_v2() ? 1u : 0u);  // 1.0 has no custom buckets
  for (const FakeRequest& request : receiver.requests()) {
    for (const SeriesSamples& series : DecodeSeries(request)) {
      EXPECT_TRUE(series.samples.empty() || series.histograms.empty());
    }
  }
  EXPECT_EQ(sender->Stats().histograms_sent, is_v2() ? 3 : 2);
  EXPECT_EQ(sender->Stats().histograms_unsupported, is_v2() ? 0 : 1);
  EXPECT_EQ(sender->Stats().samples_sent, is_v2() ? 5 : 4);
  EXPECT_EQ(sender->Stats().samples_pending, 0);
  EXPECT_EQ(sender->Stats().histograms_pending, 0);
}

TEST_P(WriteSenderTest, HistogramsThatAreNotWanted) {
  FakeReceiver receiver;
  const auto sender = Sender(receiver.url(), GetParam(), {.send_native_histograms = false});
  ASSERT_TRUE(sender->Deliver(WithHistograms()));
  EXPECT_EQ(sender->Stats().histograms_not_sent, 3);
  EXPECT_EQ(sender->Stats().samples_sent, 2);
  WriteBatch nothing;
  AddSeries({Series(1), {}, {{9, MakeHistogram(false)}}}, nothing);
  const int64_t requests = sender->Stats().requests;
  ASSERT_TRUE(sender->Deliver(std::move(nothing)));
  EXPECT_EQ(sender->Stats().requests, requests);
  EXPECT_EQ(sender->Stats().samples_pending, 0);
}

// A receiver that takes version 1 alone, in two ways.
TEST(WriteSenderFallbackTest, TheOtherMessageIsUsedForGood) {
  for (const FakeAnswer& answer : {Answer(415, "not accepted"), Answer(204, "")}) {
    FakeReceiver receiver([&](int, const FakeRequest& request) -> std::optional<Fault> {
      if (MessageOf(request) == WriteMessage::kVersion1) return std::nullopt;
      return Fault{answer};
    });
    const auto sender = Sender(receiver.url(), WriteMessage::kVersion2);
    for (int64_t tick = 1; tick <= 3; ++tick) ASSERT_TRUE(sender->Deliver(Ticks(2, tick, tick)));
    ExpectAll(receiver, 2, 3);
    const auto requests = receiver.requests();
    ASSERT_EQ(requests.size(), 4u);
    for (size_t i = 0; i < requests.size(); ++i) {
      EXPECT_EQ(requests[i].Header("x-prometheus-remote-write-version"),
                i == 0 ? "2.0.0" : "0.1.0");
      EXPECT_EQ(requests[i].Header("retry-attempt"), "");
    }
    EXPECT_EQ(sender->Stats().samples_sent, 6);
    EXPECT_EQ(sender->Stats().samples_failed, 0);
  }
}

TEST(WriteSenderFallbackTest, AReceiverThatWroteButDidNotSaySo) {
  FakeReceiver receiver([&](int, const FakeRequest& request) -> std::optional<Fault> {
    if (MessageOf(request) == WriteMessage::kVersion1) return std::nullopt;
    return Fault{Answer(200, ""), /*stores_first=*/true};
  });
  const auto sender = Sender(receiver.url(), WriteMessage::kVersion2);
  ASSERT_TRUE(sender->Deliver(Ticks(3, 1, 4)));
  ExpectAll(receiver, 3, 4);
  EXPECT_EQ(sender->Stats().samples_failed, 0);
  EXPECT_EQ(sender->Stats().samples_written_before, 9);
}

TEST(WriteSenderFallbackTest, WhatTheHeadersSay) {
  const auto with = [](int status, const std::string& headers) {
    return Answer(status, "some words\n", headers);
  };
  const std::string name = "X-Prometheus-Remote-Write-Samples-Written: ";
  const struct {
    FakeAnswer answer;
    int64_t sent, requests;
  } cases[] = {
      {with(200, name + "4\r\n"), 4, 1},
      {with(200, name + "99\r\n"), 4, 1},
      {with(200, name + "1\r\n"), 1, 1},
      {with(200, name + "0\r\n"), 0, 1},
      {with(200, name + "many\r\n"), 0, 1},
      {with(400, name + "3\r\n"), 3, 1},
      {with(422, name + "3\r\n"), 3, 1},
      {with(400, "X-Prometheus-Remote-Write-Histograms-Written: 0\r\n"), 0, 1},
      {with(400, ""), 0, 7},  // nothing was written, so each is tried
      {with(404, name + "3\r\n"), 0, 1},
  };
  for (const auto& one : cases) {
    FakeServer server([&](const FakeRequest&) { return one.answer; });
    const auto sender = Sender(server.url(), WriteMessage::kVersion2);
    ASSERT_TRUE(sender->Deliver(Ticks(4, 1, 1)));
    EXPECT_EQ(sender->Stats().samples_sent, one.sent) << one.answer.bytes;
    EXPECT_EQ(sender->Stats().samples_failed, 4 - one.sent) << one.answer.bytes;
    EXPECT_EQ(sender->Stats().requests, one.requests) << one.answer.bytes;
    EXPECT_EQ(sender->Stats().last_error.empty(), one.sent == 4);
  }
}

}  // namespace
}  // namespace sloburn::remote
