// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/prometheus_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "engine/model/stale.h"
#include "tests/engine/remote/prometheus_wire.h"

namespace sloburn::remote {
namespace {

using testing::HasSubstr;

Labels Name(std::string name) { return Labels::FromPairs({{"__name__", std::move(name)}}); }

std::string SampleMessage(int64_t time, double value) {
  return DoubleField(1, value) + VarintField(2, static_cast<uint64_t>(time));
}

std::string Series(const std::vector<Label>& labels, const std::vector<Sample>& samples) {
  std::string out = LabelFields(labels);
  for (const auto& [time, value] : samples) out += BytesField(2, SampleMessage(time, value));
  return out;
}

TEST(WriteRequestTest, EncodesWhatPrometheusReads) {
  const SeriesSamples series{Labels::FromPairs({{"__name__", "up"}, {"job", "a"}}),
                             {{-5, 1.5}, {1000, StaleMarker()}}};
  const std::string want =
      BytesField(1, Series({{"__name__", "up"}, {"job", "a"}}, series.samples));
  EXPECT_EQ(EncodeWriteRequest({series}), want);
}

TEST(WriteRequestTest, RoundTripsToTheBit) {
  std::vector<SeriesSamples> all;
  for (int i = 0; i < 50; ++i) {
    all.push_back({Labels::FromPairs({{"__name__", "m"}, {"i", std::to_string(i)}, {"é", "ü\n"}}),
                   {{i, NormalNan()}, {i + 1, StaleMarker()}, {i + 2, -0.0}, {i + 3, 0.1 * i}}});
  }
  const auto request = DecodeWriteRequest(EncodeWriteRequest(all), {});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->samples, 200);
  ASSERT_EQ(request->series.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(request->series[i].labels, all[i].labels);
    for (size_t k = 0; k < all[i].samples.size(); ++k) {
      EXPECT_EQ(request->series[i].samples[k].timestamp_ms, all[i].samples[k].timestamp_ms);
      EXPECT_EQ(std::bit_cast<uint64_t>(request->series[i].samples[k].value),
                std::bit_cast<uint64_t>(all[i].samples[k].value));
    }
  }
}

TEST(WriteRequestTest, SkipsInvalidSeriesAsPrometheusDoes) {
  const std::vector<Sample> one = {{1, 1}};
  const std::string message =
      BytesField(1, Series({{"job", "a"}}, one)) +                                 // no name
      BytesField(1, Series({{"__name__", ""}}, one)) +                             // empty name
      BytesField(1, Series({{"__name__", "a"}, {"x", "1"}, {"x", "2"}}, one)) +    // duplicate
      BytesField(1, Series({{"__name__", "a"}, {"", "1"}}, one)) +                 // empty label
      BytesField(1, Series({{"__name__", "a"}, {"x", "\xff"}}, one)) +             // not UTF-8
      BytesField(1, Series({{"x", "1"}, {"__name__", "good"}, {"e", ""}}, one)) +  // unsorted
      BytesField(1, Series({{"__name__", "dots.and spaces"}}, one));
  const auto request = DecodeWriteRequest(message, {});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->invalid_series, 5);
  EXPECT_THAT(request->first_invalid, HasSubstr("without a metric name"));
  ASSERT_EQ(request->series.size(), 2u);
  EXPECT_EQ(request->series[0].labels.ToString(), "good{x=\"1\"}");
  EXPECT_EQ(request->series[1].labels.Get("__name__"), "dots.and spaces");
}

TEST(WriteRequestTest, CountsWhatItDoesNotDecode) {
  const std::string histogram = LabelFields({{"__name__", "h"}}) + BytesField(4, "anything");
  const std::string exemplar = Series({{"__name__", "e"}}, {{1, 2}}) + BytesField(3, "x");
  const auto request = DecodeWriteRequest(
      BytesField(1, exemplar) + BytesField(1, histogram) + BytesField(3, "metadata"), {});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->histograms, 1);
  EXPECT_EQ(request->first_histogram_series, Name("h"));
  EXPECT_EQ(request->exemplars, 1);
  EXPECT_EQ(request->metadata, 1);
  EXPECT_EQ(request->series.size(), 1u);
}

TEST(WriteRequestTest, LimitsHold) {
  std::string series = LabelFields({{"__name__", "m"}});
  for (int i = 0; i < 10; ++i) series += BytesField(2, SampleMessage(i, i));
  const std::string message = BytesField(1, series) + BytesField(1, series);
  EXPECT_TRUE(DecodeWriteRequest(message, {.max_series = 2, .max_samples = 20}).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(DecodeWriteRequest(message, {.max_series = 1}).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(DecodeWriteRequest(message, {.max_samples = 19}).status()));
  const std::string wide = LabelFields({{"__name__", "m"}, {"a", "1"}, {"b", "2"}});
  EXPECT_TRUE(absl::IsResourceExhausted(
      DecodeWriteRequest(BytesField(1, wide), {.max_labels_per_series = 2}).status()));
}

TEST(WriteRequestTest, RefusesGarbage) {
  const std::string good = BytesField(1, Series({{"__name__", "m"}}, {{1, 2}}));
  for (size_t size = 1; size < good.size(); ++size) {
    EXPECT_TRUE(absl::IsInvalidArgument(DecodeWriteRequest(good.substr(0, size), {}).status()))
        << size;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(DecodeWriteRequest(VarintField(1, 5), {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      DecodeWriteRequest(BytesField(1, BytesField(2, VarintField(1, 5))), {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(DecodeWriteRequest("<html>no</html>", {}).status()));
}

TEST(WriteRequestTest, SurvivesMutations) {
  const std::string good = BytesField(1, Series({{"__name__", "m"}, {"l", "v"}}, {{1, 2}, {3, 4}}));
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    for (int flips = 0; flips < 3; ++flips) {
      bad[random() % bad.size()] = static_cast<char>(random());
    }
    const auto request = DecodeWriteRequest(bad, {});
    if (!request.ok()) {
      ++refused;
    } else {
      EXPECT_LE(request->samples, 2);
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(ReadRequestTest, EncodesQueriesAndTypes) {
  ReadQuery query{1, 2, {Matcher::Plain(parser::MatchType::kEqual, "__name__", "up")}};
  query.matchers.push_back(*Matcher::Create(parser::MatchType::kNotRegex, "job", "a.*"));
  const std::string want =
      BytesField(
          1,
          VarintField(1, 1) + VarintField(2, 2) +
              BytesField(3, VarintField(1, 0) + BytesField(2, "__name__") + BytesField(3, "up")) +
              BytesField(3, VarintField(1, 3) + BytesField(2, "job") + BytesField(3, "a.*"))) +
      VarintField(2, 1) + VarintField(2, 0);
  EXPECT_EQ(EncodeReadRequest({query},
                              {ReadResponseType::kStreamedXorChunks, ReadResponseType::kSamples}),
            want);
}

TEST(ReadResponseTest, DecodesEveryQuery) {
  const std::string message =
      BytesField(1, BytesField(1, Series({{"__name__", "a"}}, {{1, 2}}))) + BytesField(1, "") +
      BytesField(1, BytesField(1, Series({{"__name__", "b"}}, {{3, 4}}) + BytesField(4, "h")));
  const auto series = DecodeReadResponse(message, {});
  ASSERT_TRUE(series.ok()) << series.status();
  ASSERT_EQ(series->size(), 2u);
  EXPECT_EQ((*series)[0].query_index, 0u);
  EXPECT_EQ((*series)[1].query_index, 2u);
  EXPECT_EQ((*series)[1].histograms, 1);
  EXPECT_EQ((*series)[1].series.samples[0].value, 4);
}

TEST(ChunkedReadResponseTest, DecodesChunks) {
  const std::vector<Sample> samples = {{1, 2}, {3, 4}};
  const std::string message =
      BytesField(1, LabelFields({{"__name__", "a"}}) +
                        BytesField(2, ChunkMessage(samples, 1, XorChunk(samples)))) +
      VarintField(2, 9);
  const auto response = DecodeChunkedReadResponse(message, {});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->query_index, 9);
  ASSERT_EQ(response->series.size(), 1u);
  EXPECT_EQ(response->series[0].labels, Name("a"));
  ASSERT_EQ(response->series[0].chunks.size(), 1u);
  EXPECT_EQ(response->series[0].chunks[0].max_ms, 3);
  EXPECT_EQ(response->series[0].chunks[0].data, XorChunk(samples));
}

}  // namespace
}  // namespace sloburn::remote
