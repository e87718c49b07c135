// SPDX-License-Identifier: Apache-2.0
// Metric families as plain values and their text exposition (format version 0.0.4).
//
// Whoever counts something fills families in a MetricsProvider; GET /metrics calls all providers
// and writes what they gave. Families of one name from several providers are joined.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/labels.h"

namespace sloburn::web {

enum class MetricType { kCounter, kGauge, kHistogram, kSummary, kUntyped };

struct MetricSample {
  std::vector<Label> labels;  // in the order they shall be written
  double value = 0;
  std::string suffix;  // "_bucket", "_sum", "_count" of a histogram or summary; else empty
};

struct MetricFamily {
  std::string name;
  std::string help;
  MetricType type = MetricType::kUntyped;
  std::vector<MetricSample> samples;
};

// Appends families. Called from any thread, also while the process is busy; must not block.
using MetricsProvider = std::function<void(std::vector<MetricFamily>&)>;

// One family with one sample without labels.
MetricFamily SingleMetric(std::string_view name, std::string_view help, MetricType type,
                          double value);

// The exposition text of all families, in order of their names.
std::string WriteExposition(std::vector<MetricFamily> families);

}  // namespace sloburn::web
