// SPDX-License-Identifier: Apache-2.0
// Metric families as OpenMetrics sees them: their types, and which samples belong to one.
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sloburn::openmetrics {

enum class FamilyType {
  kUnknown, kGauge, kCounter, kHistogram, kGaugeHistogram, kSummary, kInfo, kStateSet
};

// "unknown", "gauge", "counter", ...; nullopt for other words.
std::optional<FamilyType> ParseFamilyType(std::string_view word);
std::string_view ToText(FamilyType type);

// Whether a sample of that name is one of the family's: `foo_total` of the counter `foo`.
bool IsSampleOf(std::string_view sample, std::string_view family, FamilyType type);

// "foo_total or foo_created", for messages.
std::string SampleNames(std::string_view family, FamilyType type);

}  // namespace sloburn::openmetrics
