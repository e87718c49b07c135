// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/custom_bucket_load.h"

#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/histogram.h"
#include "engine/model/label_builder.h"

namespace sloburn::cli {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// The buckets, count and sum of one classic histogram at one time.
struct ClassicSample {
  std::map<double, double> buckets;  // cumulative, by upper bound
  std::optional<double> count;
  double sum = 0;

  absl::StatusOr<HistogramPtr> Convert() {
    if (!count) count = buckets.empty() ? 0 : buckets.rbegin()->second;
    buckets.try_emplace(kInf, *count);
    auto histogram = std::make_shared<Histogram>();
    histogram->schema = kCustomBucketsSchema;
    histogram->count = *count;
    histogram->sum = sum;
    histogram->positive.spans = {{0, static_cast<uint32_t>(buckets.size())}};
    double before = 0;
    for (const auto& [bound, cumulative] : buckets) {
      if (cumulative < before) {
        return absl::InvalidArgumentError(
            StrCat("bucket counts are not cumulative: ", cumulative, " < ", before));
      }
      histogram->positive.counts.push_back(cumulative - before);
      before = cumulative;
      if (bound != kInf) histogram->custom_values.push_back(bound);
    }
    if (*count != before) {
      return absl::InvalidArgumentError(
          StrCat("count mismatch: count=", *count, " != le=+Inf count=", before));
    }
    histogram->Compact();
    return HistogramPtr(std::move(histogram));
  }
};

enum class Part { kNone, kBucket, kCount, kSum };

Part PartOf(std::string_view name, std::string_view* base) {
  constexpr std::pair<std::string_view, Part> kSuffixes[] = {
      {"_bucket", Part::kBucket}, {"_count", Part::kCount}, {"_sum", Part::kSum}};
  for (const auto& [suffix, part] : kSuffixes) {
    if (!name.ends_with(suffix)) continue;
    *base = name.substr(0, name.size() - suffix.size());
    return part;
  }
  return Part::kNone;
}

}  // namespace

absl::StatusOr<std::vector<SeriesSamples>> CustomBucketHistograms(const LoadCommand& load) {
  std::map<Labels, std::map<int64_t, ClassicSample>> found;
  for (const ScriptSeries& series : load.series) {
    std::string_view base;
    const Part part = PartOf(series.labels.Get(kMetricName), &base);
    if (part == Part::kNone) continue;
    const auto bound = ParseGoFloat(series.labels.Get(kBucketLabel));
    if (part == Part::kBucket && (!bound || std::isnan(*bound))) continue;
    const Labels labels =
        LabelBuilder(series.labels).Delete(kBucketLabel).Set(kMetricName, base).Build();
    for (size_t i = 0; i < series.values.size(); ++i) {
      const ScriptValue& value = series.values[i];
      if (value.is_omitted || value.histogram != nullptr) continue;
      ClassicSample& sample = found[labels][load.step_ms * static_cast<int64_t>(i)];
      if (part == Part::kBucket) sample.buckets.try_emplace(*bound, value.value);
      if (part == Part::kCount) sample.count = value.value;
      if (part == Part::kSum) sample.sum = value.value;
    }
  }
  std::vector<SeriesSamples> made;
  for (auto& [labels, samples] : found) {
    SeriesSamples series{labels, {}};
    for (auto& [time_ms, sample] : samples) {
      ASSIGN_OR_RETURN(HistogramPtr histogram, sample.Convert());
      series.histograms.push_back({time_ms, std::move(histogram)});
    }
    made.push_back(std::move(series));
  }
  return made;
}

}  // namespace sloburn::cli
