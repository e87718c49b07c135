// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/write_request_v2_encode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <protozero/pbf_reader.hpp>

#include "engine/model/histogram.h"
#include "engine/model/stale.h"
#include "engine/remote/write_request_v2.h"

namespace sloburn::remote {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Symbols(const std::string& message) {
  std::vector<std::string> symbols;
  protozero::pbf_reader wire(message);
  while (wire.next()) {
    if (wire.tag() == 4) {
      symbols.push_back(wire.get_string());
    } else {
      wire.skip();
    }
  }
  return symbols;
}

std::vector<SymbolizedSeries> Read(const std::string& message) {
  std::vector<SymbolizedSeries> all;
  const auto request = WriteRequestV2::Parse(message, {});
  EXPECT_TRUE(request.ok()) << request.status();
  EXPECT_TRUE(request
                  ->Visit([&](const SymbolizedSeries& series) {
                    all.push_back(series);
                    return absl::OkStatus();
                  })
                  .ok());
  return all;
}

TEST(WriteRequestV2EncodeTest, SymbolsAreToldOnceInOrderOfUse) {
  const std::string message = EncodeWriteRequestV2({
      {Labels::FromPairs({{"job", "a"}, {"__name__", "m"}, {"instance", "a"}}), {{1, 1}}},
      {Labels::FromPairs({{"__name__", "m"}, {"job", "b"}}), {{1, 2}}},
      {Labels::FromPairs({{"job", "__name__"}}), {{1, 3}}},
  });
  EXPECT_THAT(Symbols(message), ElementsAre("", "__name__", "m", "instance", "a", "job", "b"));
  const auto series = Read(message);
  ASSERT_EQ(series.size(), 3u);
  EXPECT_THAT(series[0].label_refs, ElementsAre(1, 2, 3, 4, 5, 4));
  EXPECT_THAT(series[1].label_refs, ElementsAre(1, 2, 5, 6));
  EXPECT_THAT(series[2].label_refs, ElementsAre(5, 1));
  EXPECT_THAT(Symbols(EncodeWriteRequestV2({})), ElementsAre(""));
}

TEST(WriteRequestV2EncodeTest, SamplesKeepTheirBits) {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<Sample> samples = {
      {std::numeric_limits<int64_t>::min(), -0.0},
      {-1, StaleMarker()},
      {0, NormalNan()},
      {1, inf},
      {2, -inf},
      {3, std::numeric_limits<double>::denorm_min()},
      {std::numeric_limits<int64_t>::max(), std::numeric_limits<double>::max()}};
  const auto series =
      Read(EncodeWriteRequestV2({{Labels::FromPairs({{"__name__", "m"}}), samples}}));
  ASSERT_EQ(series.size(), 1u);
  ASSERT_EQ(series[0].samples.size(), samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(series[0].samples[i].timestamp_ms, samples[i].timestamp_ms);
    EXPECT_EQ(std::bit_cast<uint64_t>(series[0].samples[i].value),
              std::bit_cast<uint64_t>(samples[i].value));
    EXPECT_EQ(series[0].samples[i].start_ms, 0);
  }
  EXPECT_THAT(series[0].exemplars, IsEmpty());
  EXPECT_EQ(series[0].type, 0);
  EXPECT_EQ(series[0].help_ref, 0u);
}

TEST(WriteRequestV2EncodeTest, KindsAreNeverMixed) {
  Histogram histogram;
  histogram.count = 3;
  histogram.sum = 4;
  histogram.positive = {{{1, 2}}, {1, 2}};
  const auto made = std::make_shared<const Histogram>(histogram);
  const auto series = Read(EncodeWriteRequestV2(
      {{Labels::FromPairs({{"__name__", "m"}}), {{1, 5}}, {{2, made}, {3, made}}}}));
  ASSERT_EQ(series.size(), 2u);
  EXPECT_EQ(series[0].label_refs, series[1].label_refs);
  EXPECT_EQ(series[0].samples.size(), 1u);
  EXPECT_THAT(series[0].histograms, IsEmpty());
  EXPECT_THAT(series[1].samples, IsEmpty());
  ASSERT_EQ(series[1].histograms.size(), 2u);
  const HistogramSample& read = series[1].histograms[1].sample;
  ASSERT_NE(read.histogram, nullptr) << series[1].histograms[1].verdict;
  EXPECT_EQ(read.timestamp_ms, 3);
  EXPECT_EQ(read.histogram->count, 3);
  EXPECT_THAT(read.histogram->positive.counts, ElementsAre(1, 2));
}

}  // namespace
}  // namespace sloburn::remote
