// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/remote_read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "base/str_cat.h"
#include "engine/model/histogram.h"
#include "engine/model/stale.h"
#include "engine/remote/histogram_chunk_encode.h"
#include "engine/remote/snappy_block.h"
#include "tests/engine/remote/fake_server.h"
#include "tests/engine/remote/prometheus_wire.h"

namespace sloburn::remote {
namespace {

using testing::HasSubstr;

constexpr std::string_view kStreamed =
    "Content-Type: application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse\r\n";

std::string Message(const absl::Status& status) { return std::string(status.message()); }

std::vector<Sample> Samples(int64_t from, int64_t to, int64_t step = 1000) {
  std::vector<Sample> samples;
  for (int64_t t = from; t <= to; t += step) samples.push_back({t, static_cast<double>(t) / 3});
  return samples;
}

// A frame with one series; `query_index` is left out where it is 0, as Prometheus does.
std::string SeriesFrame(std::string_view name, const std::vector<std::string>& chunks,
                        int query_index = 0) {
  std::string series = LabelFields({{"__name__", std::string(name)}});
  for (const std::string& chunk : chunks) series += BytesField(2, chunk);
  return Frame(BytesField(1, series) +
               (query_index > 0 ? VarintField(2, static_cast<uint64_t>(query_index)) : ""));
}

std::string Chunk(const std::vector<Sample>& samples) {
  return ChunkMessage(samples, 1, XorChunk(samples));
}

struct Outcome {
  std::vector<ReadSeries> series;
  absl::StatusOr<ReadStats> stats;
};

Outcome Read(const FakeAnswer& answer, RemoteReadOptions options = {}, size_t queries = 1,
             HttpClientOptions http = {}) {
  FakeServer server([&](const FakeRequest&) { return answer; });
  http.url = server.url();
  const auto client = *HttpClient::Create(http);
  RemoteReader reader(client.get(), options);
  Outcome outcome;
  outcome.stats = reader.Read(std::vector<ReadQuery>(queries, ReadQuery{0, 100'000, {}}),
                              [&](ReadSeries series) {
                                outcome.series.push_back(std::move(series));
                                return absl::OkStatus();
                              });
  return outcome;
}

TEST(RemoteReadTest, AsksAsPrometheusDoes) {
  FakeServer server([](const FakeRequest&) { return Answer(200, "", kStreamed); });
  const auto client = *HttpClient::Create({.url = server.url("/p")});
  ASSERT_TRUE(RemoteReader(client.get())
                  .Read({{1, 2, {}}}, [](ReadSeries) { return absl::OkStatus(); })
                  .ok());
  const FakeRequest request = server.requests().at(0);
  EXPECT_EQ(request.target, "/p/api/v1/read");
  EXPECT_EQ(request.Header("content-encoding"), "snappy");
  EXPECT_EQ(request.Header("content-type"), "application/x-protobuf");
  EXPECT_EQ(request.Header("x-prometheus-remote-read-version"), "0.1.0");
  EXPECT_EQ(*SnappyDecompress(request.body, 1000),
            EncodeReadRequest({{1, 2, {}}},
                              {ReadResponseType::kStreamedXorChunks, ReadResponseType::kSamples}));
}

TEST(RemoteReadTest, SeriesSpanFramesAndQueries) {
  const std::vector<Sample> first = Samples(0, 9000), second = Samples(10'000, 19'000);
  const Outcome outcome =
      Read(Answer(200,
                  SeriesFrame("a", {Chunk(first)}) + SeriesFrame("a", {Chunk(second)}) +
                      SeriesFrame("b", {Chunk(first), Chunk(second)}) +
                      SeriesFrame("b", {Chunk(first)}, 1),
                  kStreamed),
           {}, 2);
  ASSERT_TRUE(outcome.stats.ok()) << outcome.stats.status();
  EXPECT_TRUE(outcome.stats->is_streamed);
  EXPECT_EQ(outcome.stats->frames, 4);
  EXPECT_EQ(outcome.stats->samples, 50);
  ASSERT_EQ(outcome.series.size(), 3u);
  EXPECT_EQ(outcome.series[0].labels.Get("__name__"), "a");
  EXPECT_EQ(outcome.series[0].samples.size(), 20u);
  EXPECT_EQ(outcome.series[1].samples.size(), 20u);
  EXPECT_EQ(outcome.series[2].query_index, 1u);
  EXPECT_EQ(outcome.series[2].samples.size(), 10u);
}

TEST(RemoteReadTest, ChunksAreCutToTheRangeSortedAndDistinct) {
  std::vector<Sample> stale = Samples(95'000, 105'000);
  stale[1].value = StaleMarker();
  const Outcome outcome = Read(Answer(
      200,
      SeriesFrame("a", {Chunk(stale), Chunk(Samples(-3000, 3000)), Chunk(Samples(2000, 5000))}),
      kStreamed));
  ASSERT_TRUE(outcome.stats.ok()) << outcome.stats.status();
  ASSERT_EQ(outcome.series.size(), 1u);
  std::vector<int64_t> times;
  for (const Sample& sample : outcome.series[0].samples) times.push_back(sample.timestamp_ms);
  EXPECT_THAT(times, testing::ElementsAre(0, 1000, 2000, 3000, 4000, 5000, 95'000, 96'000, 97'000,
                                          98'000, 99'000, 100'000));
  EXPECT_TRUE(IsStale(outcome.series[0].samples[7].value));
}

TEST(RemoteReadTest, ChunksThatCannotBeReadAreReportedPerSeries) {
  const std::vector<Sample> samples = Samples(0, 5000);
  const Outcome outcome =
      Read(Answer(200,
                  SeriesFrame("h", {ChunkMessage(samples, 5, "whatever")}) +
                      SeriesFrame("x", {ChunkMessage(samples, 99, "whatever"), Chunk(samples)}) +
                      SeriesFrame("z", {ChunkMessage(samples, 4, Xor2Chunk(samples))}),
                  kStreamed));
  ASSERT_TRUE(outcome.stats.ok()) << outcome.stats.status();
  ASSERT_EQ(outcome.series.size(), 3u);
  EXPECT_TRUE(absl::IsUnimplemented(outcome.series[0].status));
  EXPECT_THAT(Message(outcome.series[0].status), HasSubstr("histogram with start timestamps chunks (type 5)"));
  EXPECT_THAT(Message(outcome.series[1].status), HasSubstr("unknown type 99"));
  EXPECT_EQ(outcome.series[1].samples.size(), 6u);
  EXPECT_TRUE(outcome.series[2].status.ok());
  EXPECT_EQ(outcome.series[2].samples.size(), 6u);
}

TEST(RemoteReadTest, HistogramsComeBesideFloats) {
  Histogram h;
  h.positive = {{{0, 1}}, {2}};
  h.count = 2;
  std::vector<HistogramPtr> histograms(6, std::make_shared<const Histogram>(h));
  const int64_t times[] = {-1000, 1000, 2000, 100'000, 100'001, 100'002};
  const std::vector<Sample> samples = Samples(3000, 5000);
  const Outcome outcome =
      Read(Answer(200,
                  SeriesFrame("h", {ChunkMessage(samples, 3,
                                                 EncodeHistogramChunk(times, histograms.data(), 6)),
                                    Chunk(samples)}),
                  kStreamed));
  ASSERT_TRUE(outcome.stats.ok()) << outcome.stats.status();
  ASSERT_EQ(outcome.series.size(), 1u);
  EXPECT_TRUE(outcome.series[0].status.ok()) << outcome.series[0].status;
  EXPECT_EQ(outcome.series[0].samples.size(), 3u);
  ASSERT_EQ(outcome.series[0].histograms.size(), 3u);  // the others are outside of the range
  EXPECT_EQ(outcome.series[0].histograms[0].timestamp_ms, 1000);
  EXPECT_TRUE(*outcome.series[0].histograms[0].histogram == h);
  EXPECT_EQ(outcome.stats->samples, 6);
}

TEST(RemoteReadTest, FaultsAreErrors) {
  const std::string good = SeriesFrame("a", {Chunk(Samples(0, 9000))});
  std::string flipped = good;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 4);
  EXPECT_TRUE(absl::IsDataLoss(Read(Answer(200, flipped, kStreamed)).stats.status()));
  EXPECT_TRUE(absl::IsDataLoss(
      Read(Answer(200, good.substr(0, good.size() - 3), kStreamed)).stats.status()));
  EXPECT_TRUE(
      absl::IsDataLoss(Read(Answer(200, Frame("\x0a\xff garbage"), kStreamed)).stats.status()));
  EXPECT_TRUE(absl::IsDataLoss(
      Read(Answer(200, SeriesFrame("a", {Chunk(Samples(0, 9000))}, 7), kStreamed)).stats.status()));
  const std::vector<Sample> samples = Samples(0, 9000);
  const std::string cut = XorChunk(samples).substr(0, 20);
  const absl::Status chunk =
      Read(Answer(200, SeriesFrame("a", {ChunkMessage(samples, 1, cut)}), kStreamed))
          .stats.status();
  EXPECT_TRUE(absl::IsDataLoss(chunk));
  EXPECT_THAT(Message(chunk), HasSubstr("series a: XOR chunk"));
  // The connection ends within the body.
  FakeAnswer lost = Answer(200, good + good, kStreamed);
  lost.bytes.resize(lost.bytes.size() - good.size());
  lost.closes = true;
  EXPECT_TRUE(absl::IsUnavailable(Read(lost).stats.status()));
  FakeAnswer slow = Answer(200, good, kStreamed);
  slow.delay = absl::Seconds(5);
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      Read(slow, {}, 1, {.idle_timeout = absl::Milliseconds(100)}).stats.status()));
}

TEST(RemoteReadTest, LimitsHold) {
  EXPECT_TRUE(absl::IsResourceExhausted(
      Read(Answer(200, "\xff\xff\xff\xff\x0f", kStreamed)).stats.status()));
  const std::string series = SeriesFrame("a", {Chunk(Samples(0, 9000))});
  EXPECT_TRUE(absl::IsResourceExhausted(
      Read(Answer(200, series, kStreamed), {.limits = {.max_samples = 5}}).stats.status()));
  // 4 GiB - 1 declared.
  EXPECT_TRUE(absl::IsResourceExhausted(
      Read(Answer(200, std::string_view("\xff\xff\xff\xff\x0f\x00\x61", 7))).stats.status()));
}

TEST(RemoteReadTest, SampledAnswers) {
  std::string series = LabelFields({{"__name__", "a"}});
  for (const auto& [time, value] : Samples(-1000, 3000)) {
    series += BytesField(2, DoubleField(1, value) + VarintField(2, static_cast<uint64_t>(time)));
  }
  // A good histogram, and one of a schema that is none.
  series += BytesField(4, VarintField(1, 0) + VarintField(15, 500));
  series += BytesField(4, VarintField(1, 0) + VarintField(4, 199) + VarintField(15, 700));
  const std::string message = BytesField(1, BytesField(1, series));
  const Outcome outcome =
      Read(Answer(200, SnappyCompress(message), "Content-Type: application/x-protobuf\r\n"));
  ASSERT_TRUE(outcome.stats.ok()) << outcome.stats.status();
  EXPECT_FALSE(outcome.stats->is_streamed);
  ASSERT_EQ(outcome.series.size(), 1u);
  EXPECT_EQ(outcome.series[0].samples.size(), 4u);
  ASSERT_EQ(outcome.series[0].histograms.size(), 1u);
  EXPECT_EQ(outcome.series[0].histograms[0].timestamp_ms, 500);
  EXPECT_THAT(Message(outcome.series[0].status), HasSubstr("invalid schema"));
  EXPECT_TRUE(absl::IsDataLoss(Read(Answer(200, "<html>Login</html>")).stats.status()));
  EXPECT_TRUE(absl::IsDataLoss(Read(Answer(200, SnappyCompress("\x0a\xff"))).stats.status()));
}

TEST(RemoteReadTest, StatusCodes) {
  const std::tuple<int, const char*, absl::StatusCode> cases[] = {
      {404, "404 page not found", absl::StatusCode::kUnimplemented},
      {405, "", absl::StatusCode::kUnimplemented},
      {415, "", absl::StatusCode::kUnimplemented},
      {501, "", absl::StatusCode::kUnimplemented},
      {400, "unsupported path requested: \"/api/v1/read\"", absl::StatusCode::kUnimplemented},
      {400, "exceeded sample limit (50000000)", absl::StatusCode::kResourceExhausted},
      {400, "bad matcher", absl::StatusCode::kInvalidArgument},
      {401, "", absl::StatusCode::kUnauthenticated},
      {500, "boom", absl::StatusCode::kUnavailable},
      {503, "boom", absl::StatusCode::kUnavailable},
  };
  for (const auto& [status, body, code] : cases) {
    const absl::Status got = Read(Answer(status, body)).stats.status();
    EXPECT_EQ(got.code(), code) << status << " " << body << " -> " << got;
    EXPECT_THAT(Message(got), HasSubstr(body));
  }
}

TEST(RemoteReadTest, TheReceiversErrorEndsTheRead) {
  FakeServer server([](const FakeRequest&) {
    const std::vector<Sample> samples = Samples(0, 9000);
    return Answer(200, SeriesFrame("a", {Chunk(samples)}) + SeriesFrame("b", {Chunk(samples)}),
                  kStreamed);
  });
  const auto client = *HttpClient::Create({.url = server.url()});
  int calls = 0;
  const auto stats = RemoteReader(client.get()).Read({{0, 100'000, {}}}, [&](ReadSeries) {
    ++calls;
    return absl::AbortedError("enough");
  });
  EXPECT_TRUE(absl::IsAborted(stats.status()));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace sloburn::remote
