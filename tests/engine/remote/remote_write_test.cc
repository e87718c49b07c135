// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/remote_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <bit>
#include <map>

#include "absl/time/clock.h"
#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/snappy_block.h"
#include "tests/engine/remote/fake_server.h"

namespace sloburn::remote {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

WriteRequest Decode(const FakeRequest& request) {
  auto bytes = SnappyDecompress(request.body, 32 << 20);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  auto message = DecodeWriteRequest(*bytes, {});
  EXPECT_TRUE(message.ok()) << message.status();
  return *std::move(message);
}

Labels Series(int i) { return Labels::FromPairs({{"__name__", "m"}, {"i", std::to_string(i)}}); }

std::vector<SeriesSample> Tick(int series, int64_t time) {
  std::vector<SeriesSample> samples;
  for (int i = 0; i < series; ++i) samples.push_back({Series(i), time, static_cast<double>(time)});
  return samples;
}

std::unique_ptr<RemoteWriter> Writer(const FakeServer& server, RemoteWriterOptions options = {}) {
  options.sender.http.url = server.url("/api/v1/write");
  auto writer = RemoteWriter::Create(std::move(options));
  EXPECT_TRUE(writer.ok()) << writer.status();
  return *std::move(writer);
}

// What the server took in, by series, in order of arrival.
std::map<std::string, std::vector<int64_t>> Arrived(const std::vector<FakeRequest>& requests) {
  std::map<std::string, std::vector<int64_t>> arrived;
  for (const FakeRequest& request : requests) {
    for (const SeriesSamples& series : Decode(request).series) {
      for (const Sample& sample : series.samples) {
        arrived[series.labels.ToString()].push_back(sample.timestamp_ms);
      }
    }
  }
  return arrived;
}

TEST(RemoteWriteTest, TheProtocol) {
  FakeServer server([](const FakeRequest&) { return Answer(204, ""); });
  const auto writer = Writer(server);
  writer->Enqueue(
      {{Series(1), -5, StaleMarker()}, {Series(2), 7, NormalNan()}, {Series(1), 8, -0.0}});
  writer->Flush();
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  const FakeRequest& request = requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/api/v1/write");
  EXPECT_EQ(request.Header("content-type"), "application/x-protobuf");
  EXPECT_EQ(request.Header("content-encoding"), "snappy");
  EXPECT_EQ(request.Header("x-prometheus-remote-write-version"), "0.1.0");
  EXPECT_EQ(request.Header("user-agent"), "sloburn");
  EXPECT_EQ(request.Header("retry-attempt"), "");
  const WriteRequest message = Decode(request);
  ASSERT_EQ(message.series.size(), 2u);
  EXPECT_EQ(message.series[0].labels.ToString(), "m{i=\"1\"}");
  ASSERT_EQ(message.series[0].samples.size(), 2u);
  EXPECT_TRUE(IsStale(message.series[0].samples[0].value));
  EXPECT_EQ(message.series[0].samples[0].timestamp_ms, -5);
  EXPECT_EQ(std::bit_cast<uint64_t>(message.series[1].samples[0].value), kNormalNanBits);
  EXPECT_TRUE(std::signbit(message.series[0].samples[1].value));
  const RemoteWriteStats stats = writer->Stats();
  EXPECT_EQ(stats.samples_sent, 3);
  EXPECT_EQ(stats.samples_pending, 0);
  EXPECT_EQ(stats.highest_sent_ms, 8);
  EXPECT_THAT(stats.last_error, IsEmpty());
  EXPECT_GT(stats.last_success_time, absl::Now() - absl::Minutes(1));
}

TEST(RemoteWriteTest, BatchesAndTheirDeadline) {
  FakeServer server([](const FakeRequest&) { return Answer(200, ""); });
  const auto writer =
      Writer(server, {.max_samples_per_send = 10, .batch_send_deadline = absl::Milliseconds(200)});
  const absl::Time start = absl::Now();
  writer->Enqueue(Tick(25, 1000));
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(190));  // the last five waited
  std::vector<int64_t> sizes;
  for (const FakeRequest& request : server.requests()) sizes.push_back(Decode(request).samples);
  EXPECT_THAT(sizes, ElementsAre(10, 10, 5));
  EXPECT_EQ(server.connections(), 1);
}

TEST(RemoteWriteTest, RetriesUntilTheServerIsWellAndKeepsTheOrder) {
  for (const int status : {500, 502, 503, 504, 429, 999}) {
    int calls = 0;
    FakeServer server([&](const FakeRequest&) {
      return ++calls <= 3 ? Answer(status, "not now") : Answer(204, "");
    });
    const auto writer = Writer(server, {.sender = {.min_backoff = absl::Milliseconds(5)}});
    for (int64_t t = 1; t <= 5; ++t) writer->Enqueue(Tick(2, t));
    writer->Flush();
    ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10))) << status;
    const auto requests = server.requests();
    ASSERT_GE(requests.size(), 4u);
    EXPECT_EQ(requests[3].Header("retry-attempt"), "3");
    EXPECT_EQ(requests[3].body, requests[0].body);
    const auto arrived = Arrived({requests.begin() + 3, requests.end()});
    EXPECT_THAT(arrived.at(Series(0).ToString()), ElementsAre(1, 2, 3, 4, 5));
    EXPECT_EQ(writer->Stats().samples_sent, 10);
    EXPECT_EQ(writer->Stats().samples_failed, 0);
    EXPECT_GE(writer->Stats().samples_retried, 3);
  }
}

TEST(RemoteWriteTest, BackoffGrowsFromItsLeastToItsMost) {
  std::vector<absl::Time> times;
  FakeServer server([&](const FakeRequest&) {
    times.push_back(absl::Now());
    return times.size() <= 6 ? Answer(503, "") : Answer(204, "");
  });
  const auto writer = Writer(
      server, {.sender = {.min_backoff = absl::Milliseconds(20),
                          .max_backoff = absl::Milliseconds(160)}});
  writer->Enqueue(Tick(1, 1));
  writer->Flush();
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
  ASSERT_EQ(times.size(), 7u);
  const int64_t least[] = {20, 40, 80, 160, 160, 160};
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_GE(times[i + 1] - times[i], absl::Milliseconds(least[i])) << i;
    EXPECT_LT(times[i + 1] - times[i],
              absl::Milliseconds(least[i]) * 1.2 + absl::Milliseconds(150));
  }
}

TEST(RemoteWriteTest, RetryAfterIsHonoured) {
  std::vector<absl::Time> times;
  FakeServer server([&](const FakeRequest&) {
    times.push_back(absl::Now());
    return times.size() == 1 ? Answer(429, "", "Retry-After: 1\r\n") : Answer(204, "");
  });
  const auto writer = Writer(server);
  writer->Enqueue(Tick(1, 1));
  writer->Flush();
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
  ASSERT_EQ(times.size(), 2u);
  EXPECT_GE(times[1] - times[0], absl::Milliseconds(990));
}

TEST(RemoteWriteTest, RetryAfterValues) {
  const absl::Time now = absl::FromUnixSeconds(1'445'412'480);  // 2015-10-21 07:28:00
  EXPECT_EQ(ParseRetryAfter("120", now), absl::Seconds(120));
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2015 07:28:30 GMT", now), absl::Seconds(30));
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2015 07:20:00 GMT", now), absl::ZeroDuration());
  for (const char* bad : {"", "soon", "-5", "1.5", "Wed, 99 Oct 2015 07:28:30 GMT"}) {
    EXPECT_FALSE(ParseRetryAfter(bad, now).has_value()) << bad;
  }
}

TEST(RemoteWriteTest, RefusalsAreNotRetried) {
  for (const int status : {301, 400, 401, 403, 404, 409, 422}) {
    int calls = 0;
    FakeServer server([&](const FakeRequest&) {
      return ++calls == 1 ? Answer(status, "the words") : Answer(204, "");
    });
    const auto writer = Writer(server);
    writer->Enqueue(Tick(1, 1));
    writer->Flush();
    ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
    EXPECT_EQ(server.requests().size(), 1u) << status;
    EXPECT_EQ(writer->Stats().samples_failed, 1);
    EXPECT_THAT(writer->Stats().last_error, HasSubstr(status == 301 ? "redirect" : "the words"));
    writer->Enqueue(Tick(1, 2));  // goes on
    writer->Flush();
    ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
    EXPECT_EQ(writer->Stats().samples_sent, 1);
    EXPECT_THAT(writer->Stats().last_error, IsEmpty());
  }
}

TEST(RemoteWriteTest, OneBadSeriesDoesNotTakeTheOthersWithIt) {
  std::map<std::string, int> stored;
  FakeServer server([&](const FakeRequest& request) {
    const WriteRequest message = Decode(request);
    for (const SeriesSamples& series : message.series) {
      if (series.labels.Get("i") == "13" || series.labels.Get("i") == "77") {
        return Answer(400, "out of order sample");
      }
    }
    for (const SeriesSamples& series : message.series)
      ++stored[std::string(series.labels.Get("i"))];
    return Answer(204, "");
  });
  const auto writer = Writer(server);
  writer->Enqueue(Tick(100, 1));
  writer->Flush();
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
  EXPECT_EQ(writer->Stats().samples_sent, 98);
  EXPECT_EQ(writer->Stats().samples_failed, 2);
  EXPECT_EQ(stored.size(), 98u);
  EXPECT_FALSE(stored.contains("13"));
  EXPECT_FALSE(stored.contains("77"));
}

TEST(RemoteWriteTest, TheSearchForBadSeriesIsBounded) {
  FakeServer server([](const FakeRequest&) { return Answer(400, "never"); });
  const auto writer = Writer(server, {.sender = {.max_isolation_requests = 8}});
  writer->Enqueue(Tick(1000, 1));
  writer->Flush();
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
  EXPECT_LE(server.requests().size(), 17u);  // 8 refusals in a row, then what they left, as wholes
  EXPECT_EQ(writer->Stats().samples_failed, 1000);
}

TEST(RemoteWriteTest, TooLargeIsHalvedOnce) {
  FakeServer server([](const FakeRequest& request) {
    return Decode(request).samples > 50 ? Answer(413, "too large") : Answer(204, "");
  });
  const auto writer = Writer(server);
  writer->Enqueue(Tick(100, 1));
  writer->Flush();
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
  EXPECT_EQ(server.requests().size(), 3u);
  EXPECT_EQ(writer->Stats().samples_sent, 100);
}

TEST(RemoteWriteTest, AFullQueueDropsTheOldestAndNeverBlocks) {
  FakeServer server([](const FakeRequest&) {
    FakeAnswer answer = Answer(204, "");
    answer.delay = absl::Milliseconds(300);
    return answer;
  });
  const auto writer = Writer(server, {.capacity = 10, .max_samples_per_send = 10});
  writer->Enqueue(Tick(1, 0));
  writer->Flush();
  while (server.requests().empty()) absl::SleepFor(absl::Milliseconds(1));
  const absl::Time start = absl::Now();
  for (int64_t t = 1; t <= 30; ++t) writer->Enqueue(Tick(1, t));
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(200));
  writer->Flush();
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
  EXPECT_EQ(writer->Stats().samples_dropped, 20);
  EXPECT_EQ(writer->Stats().samples_sent, 11);
  EXPECT_THAT(Arrived(server.requests()).at(Series(0).ToString()),
              ElementsAre(0, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30));
}

TEST(RemoteWriteTest, AnOutageLosesNothing) {
  int port = 0;
  {
    port = FakeServer([](const FakeRequest&) { return Answer(204, ""); }).port();
  }
  RemoteWriterOptions options{
      .sender = {.min_backoff = absl::Milliseconds(5), .max_backoff = absl::Milliseconds(20)}};
  options.sender.http.url = StrCat("http://127.0.0.1:", port, "/api/v1/write");
  const auto writer = *RemoteWriter::Create(options);
  for (int64_t t = 1; t <= 10; ++t) writer->Enqueue(Tick(3, t));
  writer->Flush();
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(writer->Stats().samples_pending, 30);
  EXPECT_THAT(writer->Stats().last_error, HasSubstr("connection refused"));
  FakeServer server([](const FakeRequest&) { return Answer(204, ""); }, port);
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
  EXPECT_EQ(writer->Stats().samples_sent, 30);
}

TEST(RemoteWriteTest, ALostAnswerIsSentAgainBitByBit) {
  int calls = 0;
  FakeServer server([&](const FakeRequest&) {
    return ++calls == 1 ? FakeAnswer{"", true} : Answer(204, "");
  });
  const auto writer = Writer(server, {.sender = {.min_backoff = absl::Milliseconds(5)}});
  writer->Enqueue(Tick(5, 1));
  writer->Flush();
  ASSERT_TRUE(writer->WaitUntilSent(absl::Seconds(10)));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].body, requests[1].body);
}

TEST(RemoteWriteTest, StopDrainsThenCountsWhatIsLeft) {
  FakeServer good([](const FakeRequest&) { return Answer(204, ""); });
  const auto drained = Writer(good);
  drained->Enqueue(Tick(10, 1));
  drained->Stop(absl::Seconds(10));
  EXPECT_EQ(drained->Stats().samples_sent, 10);
  EXPECT_EQ(drained->Stats().samples_dropped, 0);
  drained->Enqueue(Tick(1, 2));  // too late
  EXPECT_EQ(drained->Stats().samples_dropped, 1);

  FakeServer hanging([](const FakeRequest&) {
    FakeAnswer answer = Answer(204, "");
    answer.delay = absl::Seconds(20);
    return answer;
  });
  const auto stopped = Writer(hanging, {.max_samples_per_send = 4});
  stopped->Enqueue(Tick(10, 1));
  const absl::Time start = absl::Now();
  stopped->Stop(absl::Milliseconds(100));
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  EXPECT_EQ(stopped->Stats().samples_dropped, 10);
  EXPECT_EQ(stopped->Stats().samples_pending, 0);
  stopped->Stop(absl::Seconds(1));
}

TEST(RemoteWriteTest, OptionsAreChecked) {
  EXPECT_TRUE(absl::IsInvalidArgument(RemoteWriter::Create({}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      RemoteWriter::Create({.sender = {.http = {.url = "http://h"}}, .capacity = 1}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      RemoteWriter::Create(
          {.sender = {.http = {.url = "http://h"}, .min_backoff = absl::ZeroDuration()}})
          .status()));
}

}  // namespace
}  // namespace sloburn::remote
