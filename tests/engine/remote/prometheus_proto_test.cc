// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/prometheus_proto.h"

#include "engine/model/histogram_text.h"

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
  EXPECT_EQ(request->first_invalid, "invalid metric name or labels, got {job=\"a\"}");
  ASSERT_EQ(request->series.size(), 2u);
  EXPECT_EQ(request->series[0].labels.ToString(), "good{x=\"1\"}");
  EXPECT_EQ(request->series[1].labels.Get("__name__"), "dots.and spaces");
}

TEST(WriteRequestTest, CountsExemplarsAndReadsMetadata) {
  const std::string exemplar = Series({{"__name__", "e"}}, {{1, 2}}) + BytesField(3, "x");
  const std::string metadata = VarintField(1, 2) + BytesField(2, "m") + BytesField(4, "what\n") +
                               BytesField(5, "bytes");
  const auto request =
      DecodeWriteRequest(BytesField(1, exemplar) + BytesField(3, metadata), {});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->exemplars, 1);
  ASSERT_EQ(request->metadata.size(), 1u);
  EXPECT_EQ(request->metadata[0].metric, "m");
  EXPECT_EQ(request->metadata[0].type, 2);
  EXPECT_EQ(request->metadata[0].help, "what\n");
  EXPECT_EQ(request->metadata[0].unit, "bytes");
  EXPECT_EQ(request->series.size(), 1u);
}

TEST(WriteRequestTest, MetadataIsLimitedAndItsTypeNamed) {
  const std::string one = BytesField(3, BytesField(2, "m"));
  ProtoLimits limits;
  limits.max_metadata = 2;
  EXPECT_TRUE(DecodeWriteRequest(one + one, limits).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(DecodeWriteRequest(one + one + one, limits).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(DecodeWriteRequest(BytesField(3, "junk"), limits).status()));
  EXPECT_EQ(MetricTypeName(1), "counter");
  EXPECT_EQ(MetricTypeName(7), "stateset");
  for (const int32_t type : {0, 8, -1}) EXPECT_EQ(MetricTypeName(type), "unknown");
}

Histogram HistogramOf(std::string_view text) {
  const auto parsed = ParseTestExpression(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? parsed->histogram : Histogram();
}

TEST(WriteRequestTest, HistogramsComeBackAsTheyWent) {
  for (const std::string_view text :
       {"{{schema:2 count:9 sum:-1.5 z_bucket:1 z_bucket_w:0.01 counter_reset_hint:gauge offset:-3 "
        "buckets:[1 0 2] n_offset:4 n_buckets:[5]}}",
        "{{schema:-53 count:3.5 sum:4 custom_values:[1 2.5] buckets:[1 1 1.5]}}"}) {
    const auto histogram = std::make_shared<const Histogram>(HistogramOf(text));
    const auto request =
        DecodeWriteRequest(EncodeWriteRequest({{Name("h"), {}, {{42, histogram}}}}), {});
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(request->histograms, 1);
    ASSERT_EQ(request->series.size(), 1u);
    ASSERT_EQ(request->series[0].histograms.size(), 1u);
    EXPECT_EQ(request->series[0].histograms[0].timestamp_ms, 42);
    EXPECT_EQ(ToTestExpression(*request->series[0].histograms[0].histogram), text);
  }
}

// An integer histogram: deltas 2, -1 (zigzag 4, 1) in the buckets (0.5,1] and (1,2].
TEST(WriteRequestTest, IntegerHistogramsAreConverted) {
  const auto message = [](int64_t count) {
    return BytesField(1, LabelFields({{"__name__", "h"}}) +
                             BytesField(4, VarintField(1, count) +
                                               BytesField(11, VarintField(1, 0) + VarintField(2, 2)) +
                                               BytesField(12, std::string("\x04\x01", 2)) +
                                               VarintField(15, 7)));
  };
  const auto request = DecodeWriteRequest(message(3), {});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(ToTestExpression(*request->series[0].histograms[0].histogram),
            "{{count:3 buckets:[2 1]}}");
  EXPECT_THAT(std::string(DecodeWriteRequest(message(4), {}).status().message()),
              HasSubstr("3 observations found in buckets, but the Count field is 4: histogram's "
                        "observation count should equal the number of observations"));
}

TEST(WriteRequestTest, BadHistogramsAreNamed) {
  const auto error = [](const std::string& histogram) {
    const auto request = DecodeWriteRequest(
        BytesField(1, LabelFields({{"__name__", "h"}}) + BytesField(4, histogram)), {});
    return std::string(request.status().message());
  };
  EXPECT_THAT(error("anything"), HasSubstr("not a "));
  EXPECT_THAT(error(VarintField(4, 19)), HasSubstr("got schema -10"));
  EXPECT_THAT(error(BytesField(11, VarintField(1, 0) + VarintField(2, 4'000'000'000))),
              HasSubstr("spans need 4000000000 buckets, have 0 buckets"));
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
      BytesField(1, BytesField(1, Series({{"__name__", "b"}}, {{3, 4}})));
  const auto series = DecodeReadResponse(message, {});
  ASSERT_TRUE(series.ok()) << series.status();
  ASSERT_EQ(series->size(), 2u);
  EXPECT_EQ((*series)[0].query_index, 0u);
  EXPECT_EQ((*series)[1].query_index, 2u);
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
