// SPDX-License-Identifier: Apache-2.0
// POST /api/v1/read without sockets: both forms of answers, limits, errors.
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/str_cat.h"
#include "engine/model/histogram.h"
#include "engine/model/stale.h"
#include "engine/remote/chunked_frames.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/snappy_block.h"
#include "engine/remote/xor_chunk.h"
#include "gmock/gmock.h"
#include "tests/web/api_fixture.h"

namespace sloburn::web {
namespace {

using remote::ReadResponseType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Streamed {
  std::vector<remote::ChunkedReadResponse> frames;
  std::vector<std::string> payloads;  // what the frames point into
  std::vector<size_t> pieces;
};

class ReadTest : public ApiFixture {
 protected:
  static Matchers Name(std::string_view name) {
    return {Matcher::Plain(parser::MatchType::kEqual, "__name__", name)};
  }
  Response SendBody(std::string body) {
    Request request;
    request.method = "POST";
    request.body = std::move(body);
    return Call(std::move(request), "/api/v1/read");
  }
  Response Read(const std::vector<remote::ReadQuery>& queries,
                const std::vector<ReadResponseType>& accepted) {
    return SendBody(remote::SnappyCompress(remote::EncodeReadRequest(queries, accepted)));
  }
  std::vector<remote::SampledSeries> Sampled(const Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.FindHeader("Content-Type"), "application/x-protobuf");
    EXPECT_EQ(response.FindHeader("Content-Encoding"), "snappy");
    const auto message = remote::SnappyDecompress(response.body, 1 << 30);
    EXPECT_TRUE(message.ok());
    const auto series = remote::DecodeReadResponse(*message, {});
    EXPECT_TRUE(series.ok()) << series.status();
    return *series;
  }
  std::unique_ptr<Streamed> ReadStreamed(const std::vector<remote::ReadQuery>& queries) {
    const Response response = Read(queries, {ReadResponseType::kStreamedXorChunks});
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.FindHeader("Content-Type"),
              "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse");
    auto streamed = std::make_unique<Streamed>();
    remote::FrameSplitter splitter(100 << 20);
    EXPECT_TRUE(response.write_body != nullptr);
    const absl::Status status = response.write_body([&](std::string piece) {
      streamed->pieces.push_back(piece.size());
      return splitter.Feed(piece, [&](std::string_view payload) {
        streamed->payloads.emplace_back(payload);
        return absl::OkStatus();
      });
    });
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_TRUE(splitter.Finish().ok());
    for (const std::string& payload : streamed->payloads) {
      auto frame = remote::DecodeChunkedReadResponse(payload, {});
      EXPECT_TRUE(frame.ok()) << frame.status();
      streamed->frames.push_back(*std::move(frame));
    }
    return streamed;
  }
  void AppendHistogram(int64_t offset_ms, double count) {
    auto h = std::make_shared<Histogram>();
    h->count = count;
    h->positive = {{{0, 1}}, {count}};
    auto appender = storage_.NewAppender();
    ASSERT_TRUE(appender
                    ->AppendHistogram(Labels::FromPairs({{"__name__", "m"}, {"k", "h"}}),
                                      kStartMs + offset_ms, std::move(h))
                    .ok());
    ASSERT_TRUE(appender->Commit().ok());
  }
};

TEST_F(ReadTest, SampledSeriesAreSortedAndCutToTheRange) {
  Append({{"__name__", "m"}, {"b", "2"}}, 0, 4);
  Append({{"__name__", "m"}, {"a", "1"}}, -1, 1);
  Append({{"__name__", "m"}, {"a", "1"}}, 0, 2);
  Append({{"__name__", "m"}, {"a", "1"}}, 1, StaleMarker());
  Append({{"__name__", "m"}, {"a", "1"}}, 2, 3);
  Append({{"__name__", "m"}, {"c", "3"}}, 5, 9);  // nothing in the range
  Append({{"__name__", "other"}}, 0, 5);
  Build();
  const std::vector<remote::ReadQuery> queries = {{kStartMs, kStartMs + 1, Name("m")},
                                                  {kStartMs, kStartMs, Name("nothing")},
                                                  {kStartMs, kStartMs, Name("other")}};
  for (const std::vector<ReadResponseType>& accepted :
       {std::vector<ReadResponseType>{}, {ReadResponseType::kSamples}}) {
    const auto series = Sampled(Read(queries, accepted));
    ASSERT_EQ(series.size(), 3u);
    EXPECT_EQ(series[0].series.labels.ToString(), R"(m{a="1"})");
    ASSERT_EQ(series[0].series.samples.size(), 2u);
    EXPECT_EQ(series[0].series.samples[0].value, 2);
    EXPECT_TRUE(IsStale(series[0].series.samples[1].value));
    EXPECT_EQ(series[1].series.labels.ToString(), R"(m{b="2"})");
    EXPECT_EQ(series[2].query_index, 2u);
    EXPECT_EQ(series[2].series.samples.at(0).value, 5);
  }
}

TEST_F(ReadTest, StreamedSeriesAreChunksOf120Samples) {
  for (int i = 0; i < 250; ++i) Append({{"__name__", "m"}, {"a", "1"}}, i, i / 3.0);
  Append({{"__name__", "m"}, {"a", "0"}}, 7, 1);
  Build();
  const auto got = ReadStreamed({{kStartMs, kStartMs + 1000, Name("nothing")},
                                 {kStartMs, kStartMs + 1000, Name("m")}});
  ASSERT_EQ(got->frames.size(), 2u);
  EXPECT_EQ(got->pieces.size(), 1u);
  EXPECT_EQ(got->frames[0].query_index, 1);
  ASSERT_EQ(got->frames[1].series.size(), 1u);
  const remote::ChunkedSeries& series = got->frames[1].series[0];
  EXPECT_EQ(series.labels.ToString(), R"(m{a="1"})");
  ASSERT_EQ(series.chunks.size(), 3u);
  std::vector<Sample> samples;
  for (const remote::EncodedChunk& chunk : series.chunks) {
    EXPECT_EQ(chunk.encoding, 1);
    EXPECT_EQ(chunk.min_ms, kStartMs + static_cast<int64_t>(samples.size()));
    ASSERT_TRUE(remote::DecodeXorChunk(chunk.data, samples).ok());
    EXPECT_EQ(chunk.max_ms, samples.back().timestamp_ms);
  }
  ASSERT_EQ(samples.size(), 250u);
  EXPECT_EQ(samples[249].value, 83);
  EXPECT_THAT(Get("/metrics").body, HasSubstr("sloburn_remote_read_sent_samples_total 251\n"));
  EXPECT_THAT(Get("/metrics").body, HasSubstr("sloburn_remote_read_handler_queries 0\n"));
}

TEST_F(ReadTest, ALongSeriesSpansFrames) {
  deps_.read_limits.max_bytes_in_frame = 1;
  for (int i = 0; i < 250; ++i) Append({{"__name__", "m"}}, i, i);
  Build();
  const auto got = ReadStreamed({{kStartMs, kStartMs + 1000, Name("m")}});
  ASSERT_EQ(got->frames.size(), 3u);
  for (const auto& frame : got->frames) {
    ASSERT_EQ(frame.series.size(), 1u);
    EXPECT_EQ(frame.series[0].labels.ToString(), "m");
    EXPECT_EQ(frame.series[0].chunks.size(), 1u);
  }
}

TEST_F(ReadTest, LargeAnswersComeInPieces) {
  for (int i = 0; i < 3000; ++i) {
    Append({{"__name__", "m"}, {"i", StrCat(std::string(200, 'x'), i)}}, 0, i);
  }
  Build();
  const auto got = ReadStreamed({{kStartMs, kStartMs, Name("m")}});
  EXPECT_EQ(got->frames.size(), 3000u);
  EXPECT_GT(got->pieces.size(), 4u);
  for (const size_t size : got->pieces) EXPECT_LT(size, 256u << 10);
}

TEST_F(ReadTest, NativeHistogramsAreSentInBothForms) {
  Append({{"__name__", "m"}, {"k", "h"}}, 0, 1);
  AppendHistogram(1, 2);
  AppendHistogram(2, 3);
  AppendHistogram(3, 1);  // a reset
  Append({{"__name__", "m"}, {"k", "h"}}, 4, 2);
  Build();
  const std::vector<remote::ReadQuery> query = {{kStartMs, kStartMs + 10, Name("m")}};
  const auto sampled = Sampled(Read(query, {}));
  ASSERT_EQ(sampled.size(), 1u);
  EXPECT_EQ(sampled[0].series.samples.size(), 2u);
  ASSERT_EQ(sampled[0].series.histograms.size(), 3u);
  EXPECT_EQ(sampled[0].series.histograms[1].histogram->count, 3);
  const auto streamed = ReadStreamed(query);
  ASSERT_EQ(streamed->frames.size(), 1u);
  std::vector<std::pair<int, int64_t>> chunks;
  for (const auto& chunk : streamed->frames[0].series[0].chunks) {
    chunks.emplace_back(chunk.encoding, chunk.min_ms - kStartMs);
  }
  EXPECT_THAT(chunks, ElementsAre(std::pair(1, 0), std::pair(3, 1), std::pair(3, 3),
                                  std::pair(1, 4)));
}

TEST_F(ReadTest, ExternalLabelsAreAddedAndMatched) {
  deps_.external_labels = [] {
    return std::map<std::string, std::string>{{"cluster", "one"}, {"zone", "z"}};
  };
  Append({{"__name__", "m"}, {"a", "1"}}, 0, 1);
  Append({{"__name__", "m"}, {"cluster", "two"}}, 0, 2);
  Append({{"__name__", "m"}, {"b", "1"}, {"cluster", "one"}}, 0, 3);
  Build();
  const auto labels = [&](std::string_view cluster) {
    Matchers matchers = Name("m");
    matchers.push_back(Matcher::Plain(parser::MatchType::kEqual, "cluster", cluster));
    std::vector<std::string> texts;
    for (const auto& one : Sampled(Read({{kStartMs, kStartMs, matchers}}, {}))) {
      texts.push_back(one.series.labels.ToString());
    }
    return texts;
  };
  EXPECT_THAT(labels("one"), ElementsAre(R"(m{a="1", cluster="one", zone="z"})",
                                         R"(m{b="1", cluster="one", zone="z"})"));
  EXPECT_THAT(labels("two"), ElementsAre(R"(m{cluster="two", zone="z"})"));
  EXPECT_THAT(labels("three"), ElementsAre());
  const auto streamed = ReadStreamed({{kStartMs, kStartMs, Name("m")}});
  ASSERT_EQ(streamed->frames.size(), 3u);
  EXPECT_EQ(streamed->frames[0].series[0].labels.Get("zone"), "z");
}

TEST_F(ReadTest, LimitsHoldForSampledAnswersOnly) {
  deps_.read_limits.max_samples = 9;
  for (int i = 0; i < 10; ++i) Append({{"__name__", "m"}}, i, i);
  Build();
  EXPECT_EQ(Sampled(Read({{kStartMs, kStartMs + 8, Name("m")}}, {})).size(), 1u);
  const std::vector<remote::ReadQuery> all = {{kStartMs, kStartMs + 9, Name("m")}};
  const Response refused = Read(all, {});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.body, "exceeded sample limit (9)\n");
  EXPECT_EQ(refused.FindHeader("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(ReadStreamed(all)->frames.size(), 1u);
  EXPECT_THAT(Get("/metrics").body,
              HasSubstr("sloburn_remote_read_refused_requests_total 1\n"));
}

TEST_F(ReadTest, ALargeSampledAnswerIsRefused) {
  deps_.max_response_bytes = 100;
  for (int i = 0; i < 10; ++i) Append({{"__name__", "m"}}, i, i);
  Build();
  const Response refused = Read({{kStartMs, kStartMs + 9, Name("m")}}, {});
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("STREAMED_XOR_CHUNKS"));
}

TEST_F(ReadTest, BadRequestsAreAnsweredInPlainText) {
  Build();
  EXPECT_EQ(SendBody("").status, 400);
  EXPECT_EQ(SendBody("\xff\xff\xff\xff\xff").status, 400);
  EXPECT_EQ(SendBody(remote::SnappyCompress("\x0a\xff")).status, 400);
  const Response type = SendBody(remote::SnappyCompress("\x10\x05"));
  EXPECT_EQ(type.status, 400);
  EXPECT_THAT(type.body, HasSubstr("server does not support any of the requested"));
  // A query with the expression "(".
  const Response regex = SendBody(
      remote::SnappyCompress(std::string("\x0a\x0a\x1a\x08\x08\x02\x12\x01\x61\x1a\x01(", 12)));
  EXPECT_EQ(regex.status, 500);
  EXPECT_THAT(regex.body, HasSubstr("error parsing regexp"));
  EXPECT_EQ(Get("/api/v1/read").status, 405);
  EXPECT_TRUE(Sampled(SendBody(remote::SnappyCompress(""))).empty());
}

TEST_F(ReadTest, ASinkThatFailsEndsTheAnswer) {
  deps_.read_limits.max_bytes_in_frame = 1;
  for (int i = 0; i < 2000; ++i) {
    Append({{"__name__", "m"}, {"i", StrCat(std::string(500, 'x'), i)}}, 0, i);
  }
  Build();
  const Response response =
      Read({{kStartMs, kStartMs, Name("m")}}, {ReadResponseType::kStreamedXorChunks});
  int calls = 0;
  const absl::Status status = response.write_body([&](std::string) {
    ++calls;
    return absl::CancelledError("gone");
  });
  EXPECT_TRUE(absl::IsCancelled(status));
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(Get("/metrics").body, HasSubstr("sloburn_remote_read_broken_answers_total 1\n"));
}

}  // namespace
}  // namespace sloburn::web
