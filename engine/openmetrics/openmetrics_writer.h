// SPDX-License-Identifier: Apache-2.0
// OpenMetrics text with timestamps, as `promtool tsdb create-blocks-from openmetrics` reads it.
//
//   OpenMetricsWriter writer(&out);
//   writer.BeginFamily("http_requests", FamilyType::kCounter);
//   writer.BeginSeries(labels);
//   writer.AddSample(1'700'000'000'123, 5);
//   writer.End();
//
// What OpenMetrics demands of the order is the caller's: a family once, its series one after the
// other, their samples in the order of time.
// Ownership: borrows `out`, which may be emptied between calls. Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/model/labels.h"
#include "engine/openmetrics/metric_family.h"

namespace sloburn::openmetrics {

class OpenMetricsWriter {
 public:
  explicit OpenMetricsWriter(std::string* out) : out_(*out) {}

  void BeginFamily(std::string_view name, FamilyType type);
  // REQUIRES: `labels` has a metric name.
  void BeginSeries(const Labels& labels);
  // Floats in the shortest text that gives them back; every NaN is "NaN".
  void AddSample(int64_t timestamp_ms, double value);
  void End();

 private:
  std::string& out_;
  std::string series_;
};

// Seconds with three decimals, or with some more where Prometheus, which cuts the product with
// 1000, would read a millisecond less.
std::string TimestampText(int64_t timestamp_ms);

}  // namespace sloburn::openmetrics
