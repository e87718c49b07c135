// SPDX-License-Identifier: Apache-2.0
#include "engine/model/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/model/histogram_buckets.h"
#include "engine/model/histogram_text.h"

namespace sloburn {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

Histogram Of(std::string_view text) {
  const auto parsed = ParseTestExpression(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? parsed->histogram : Histogram();
}

std::string Sum(std::string_view a, std::string_view b) {
  Histogram sum = Of(a);
  EXPECT_FALSE(sum.Add(Of(b)).incompatible_schema);
  return ToTestExpression(sum);
}

TEST(HistogramText, ReadsWhatItWrites) {
  for (const std::string_view text :
       {"{{}}", "{{schema:1 count:3 sum:5 z_bucket:1 z_bucket_w:0.001 offset:-2 buckets:[1 0 1]}}",
        "{{schema:-53 count:6 sum:2.5 custom_values:[1 2.5] counter_reset_hint:gauge "
        "buckets:[1 2 3]}}",
        "{{count:2 sum:-3 counter_reset_hint:not_reset n_offset:1 n_buckets:[2]}}"}) {
    EXPECT_EQ(ToTestExpression(Of(text)), text);
  }
}

TEST(HistogramText, NamesWhatIsWrong) {
  const auto error = [](std::string_view text) {
    return std::string(ParseTestExpression(text).status().message());
  };
  EXPECT_EQ(error("{{sum:1 sum:2}}"), "histogram description: duplicate key \"sum\" in histogram");
  EXPECT_EQ(error("{{sum}}"), "histogram description: missing `:` for histogram descriptor \"sum\"");
  EXPECT_EQ(error("{{size:1}}"), "histogram description: bad histogram descriptor found: \"size\"");
  EXPECT_EQ(error("{{schema:x}}"), "histogram description: error parsing schema number: x");
  EXPECT_EQ(error("{{buckets:[1 2}}"), "histogram description: missing ] after buckets");
  EXPECT_EQ(error("{{counter_reset_hint:up}}"),
            "histogram description: error parsing counter_reset_hint: unknown value up");
}

TEST(HistogramText, ShowsBucketsWithTheirBounds) {
  EXPECT_EQ(ToString(Of("{{count:7 sum:2 z_bucket:1 z_bucket_w:0.5 buckets:[0 2 3] n_buckets:[1]}}")),
            "{count:7, sum:2, [-1,-0.5):1, [-0.5,0.5]:1, (1,2]:2, (2,4]:3}");
  EXPECT_EQ(ToString(Of("{{schema:-53 count:3 sum:2 custom_values:[5] buckets:[1 2]}}")),
            "{count:3, sum:2, [-Inf,5]:1, (5,+Inf]:2}");
}

TEST(HistogramBuckets, BoundsFollowTheSchema) {
  EXPECT_EQ(ExponentialBound(0, 0), 1);
  EXPECT_EQ(ExponentialBound(3, 0), 8);
  EXPECT_EQ(ExponentialBound(-1, 0), 0.5);
  EXPECT_EQ(ExponentialBound(1, -1), 4);
  EXPECT_EQ(ExponentialBound(2, 1), 2);
  // 2^(1/2) and 2^(3/4) in Prometheus' bits.
  EXPECT_EQ(ExponentialBound(1, 1), 1.414213562373095);
  EXPECT_EQ(ExponentialBound(3, 2), 1.6817928305074288);
  // The last finite bucket ends at the largest double; what is above, at infinity.
  EXPECT_EQ(ExponentialBound(1024, 0), std::numeric_limits<double>::max());
  EXPECT_EQ(ExponentialBound(1025, 0), kInf);
}

TEST(Histogram, AddsAtTheCoarserResolution) {
  EXPECT_EQ(Sum("{{schema:1 count:4 sum:1 buckets:[1 1 1 1]}}", "{{count:2 sum:2 buckets:[1 1]}}"),
            "{{count:6 sum:3 buckets:[2 3 1]}}");
}

TEST(Histogram, WidensTheZeroBucketOverWholeBuckets) {
  // The threshold 1.5 would cut the bucket (1,2], so it becomes 2.
  EXPECT_EQ(Sum("{{count:3 z_bucket:1 z_bucket_w:0.5 buckets:[1 1]}}",
                "{{count:1 z_bucket:1 z_bucket_w:1.5}}"),
            "{{count:4 z_bucket:4 z_bucket_w:2}}");
}

TEST(Histogram, KeepsTheCustomBoundsOfBoth) {
  Histogram sum = Of("{{schema:-53 count:6 custom_values:[1 2 3] buckets:[1 1 1 3]}}");
  const HistogramSum how =
      sum.Add(Of("{{schema:-53 count:4 custom_values:[2 4] buckets:[1 2 1]}}"));
  EXPECT_TRUE(how.bounds_reconciled);
  EXPECT_EQ(ToTestExpression(sum), "{{schema:-53 count:10 custom_values:[2] buckets:[3 7]}}");
}

TEST(Histogram, ExponentialAndCustomBucketsDoNotAdd) {
  Histogram sum = Of("{{count:1 buckets:[1]}}");
  EXPECT_TRUE(sum.Add(Of("{{schema:-53 count:1 custom_values:[1] buckets:[1]}}")).incompatible_schema);
  EXPECT_EQ(ToTestExpression(sum), "{{count:1 buckets:[1]}}");
}

TEST(Histogram, HintsCombine) {
  const auto combined = [](std::string_view a, std::string_view b, bool collides) {
    Histogram sum = Of(a);
    EXPECT_EQ(sum.Add(Of(b)).counter_reset_collision, collides);
    return sum.reset_hint;
  };
  constexpr char kReset[] = "{{counter_reset_hint:reset}}", kNot[] = "{{counter_reset_hint:not_reset}}";
  constexpr char kGauge[] = "{{counter_reset_hint:gauge}}", kUnknown[] = "{{}}";
  EXPECT_EQ(combined(kReset, kReset, false), CounterResetHint::kReset);
  EXPECT_EQ(combined(kReset, kNot, true), CounterResetHint::kUnknown);
  EXPECT_EQ(combined(kNot, kUnknown, false), CounterResetHint::kUnknown);
  EXPECT_EQ(combined(kNot, kGauge, false), CounterResetHint::kGauge);
}

TEST(Histogram, SubtractsAndCompacts) {
  Histogram difference = Of("{{count:4 sum:5 buckets:[1 2 1]}}");
  difference.Sub(Of("{{count:2 sum:1 buckets:[0 2]}}"));
  difference.Compact();
  EXPECT_EQ(difference.positive.spans.size(), 2u);
  EXPECT_EQ(ToTestExpression(difference), "{{count:2 sum:4 buckets:[1 0 1]}}");
}

TEST(Histogram, KahanAddKeepsWhatRoundingLoses) {
  Histogram plain = Of("{{count:1e100 sum:1e100 buckets:[1e100]}}");
  Histogram exact = plain;
  std::optional<Histogram> errors;
  for (const std::string_view text :
       {"{{count:1 sum:1 buckets:[1]}}", "{{count:-1e100 sum:-1e100 buckets:[-1e100]}}"}) {
    plain.Add(Of(text));
    exact.KahanAdd(Of(text), errors);
  }
  EXPECT_EQ(plain.sum, 0);
  ASSERT_TRUE(errors);
  exact.Add(*errors);
  EXPECT_EQ(ToTestExpression(exact), "{{count:1 sum:1 buckets:[1]}}");
}

TEST(Histogram, ScalingTurnsNegativeIntoGauges) {
  Histogram h = Of("{{count:2 sum:3 z_bucket:1 z_bucket_w:1 buckets:[0 1]}}");
  h.Mul(-2);
  EXPECT_EQ(ToTestExpression(h), "{{count:-4 sum:-6 z_bucket:-2 z_bucket_w:1 "
                                 "counter_reset_hint:gauge offset:1 buckets:[-2]}}");
  h.Div(0);
  EXPECT_EQ(h.count, -kInf);
  EXPECT_TRUE(h.positive.empty());
}

TEST(Histogram, DetectsResets) {
  const auto is_reset = [](std::string_view before, std::string_view now) {
    return Of(now).DetectReset(Of(before));
  };
  constexpr char kBefore[] = "{{count:4 z_bucket:1 z_bucket_w:0.1 buckets:[1 2]}}";
  EXPECT_FALSE(is_reset(kBefore, "{{count:5 z_bucket:1 z_bucket_w:0.1 buckets:[1 2 1]}}"));
  EXPECT_TRUE(is_reset(kBefore, "{{count:3 z_bucket:1 z_bucket_w:0.1 buckets:[1 1]}}"));
  EXPECT_TRUE(is_reset(kBefore, "{{count:9 z_bucket:0 z_bucket_w:0.1 buckets:[1 8]}}"));
  EXPECT_TRUE(is_reset(kBefore, "{{count:9 z_bucket:1 z_bucket_w:0.1 buckets:[0 8]}}"));
  EXPECT_TRUE(is_reset(kBefore, "{{schema:1 count:9 z_bucket:1 z_bucket_w:0.1 buckets:[8]}}"));
  EXPECT_FALSE(is_reset(kBefore, "{{count:0 counter_reset_hint:not_reset}}"));
  EXPECT_TRUE(is_reset(kBefore, "{{count:99 z_bucket:99 counter_reset_hint:reset}}"));
  // Rolled up to the common bound 2.
  constexpr char kCustom[] = "{{schema:-53 count:4 custom_values:[1 2] buckets:[1 1 2]}}";
  EXPECT_FALSE(is_reset(kCustom, "{{schema:-53 count:5 custom_values:[2 3] buckets:[2 1 2]}}"));
  EXPECT_TRUE(is_reset(kCustom, "{{schema:-53 count:5 custom_values:[2 3] buckets:[1 2 2]}}"));
}

TEST(Histogram, TrimsBuckets) {
  const auto trimmed = [](std::string_view text, double limit, bool is_upper) {
    Histogram h = Of(text);
    h.TrimBuckets(limit, is_upper);
    return ToTestExpression(h);
  };
  constexpr char kCustom[] = "{{schema:-53 count:6 sum:9 custom_values:[2 4] buckets:[2 2 2]}}";
  EXPECT_EQ(trimmed(kCustom, 3, true),
            "{{schema:-53 count:3 sum:4.5 custom_values:[2 4] buckets:[2 1]}}");
  EXPECT_EQ(trimmed(kCustom, 4, false),
            "{{schema:-53 count:2 sum:8 custom_values:[2 4] offset:2 buckets:[2]}}");
  EXPECT_EQ(trimmed(kCustom, kInf, true), kCustom);  // nothing cut: untouched
  EXPECT_EQ(trimmed("{{count:4 sum:9 buckets:[0 4]}}", std::sqrt(2.0), true).substr(0, 9),
            "{{count:2");
}

TEST(Histogram, EqualityLooksAtEveryBit) {
  const Histogram h = Of("{{count:1 sum:0 buckets:[1]}}");
  Histogram other = h;
  other.reset_hint = CounterResetHint::kGauge;
  EXPECT_TRUE(h == other);
  other.sum = -0.0;
  EXPECT_FALSE(h == other);
}

}  // namespace
}  // namespace sloburn
