// SPDX-License-Identifier: Apache-2.0
#include "engine/openmetrics/metric_family.h"

#include <vector>

#include "base/str_cat.h"

namespace sloburn::openmetrics {
namespace {

struct Row {
  FamilyType type;
  std::string_view word;
  std::vector<std::string_view> suffixes;
};

const std::vector<Row>& Rows() {
  static const auto* const rows = new std::vector<Row>{
      {FamilyType::kUnknown, "unknown", {""}},
      {FamilyType::kGauge, "gauge", {""}},
      {FamilyType::kCounter, "counter", {"_total", "_created"}},
      {FamilyType::kHistogram, "histogram", {"_bucket", "_count", "_sum", "_created"}},
      {FamilyType::kGaugeHistogram, "gaugehistogram", {"_bucket", "_gcount", "_gsum"}},
      {FamilyType::kSummary, "summary", {"", "_count", "_sum", "_created"}},
      {FamilyType::kInfo, "info", {"_info"}},
      {FamilyType::kStateSet, "stateset", {""}},
  };
  return *rows;
}

const Row& RowOf(FamilyType type) { return Rows()[static_cast<size_t>(type)]; }

}  // namespace

std::optional<FamilyType> ParseFamilyType(std::string_view word) {
  for (const Row& row : Rows()) {
    if (row.word == word) return row.type;
  }
  return std::nullopt;
}

std::string_view ToText(FamilyType type) { return RowOf(type).word; }

bool IsSampleOf(std::string_view sample, std::string_view family, FamilyType type) {
  if (!sample.starts_with(family)) return false;
  const std::string_view rest = sample.substr(family.size());
  for (const std::string_view suffix : RowOf(type).suffixes) {
    if (rest == suffix) return true;
  }
  return false;
}

std::string SampleNames(std::string_view family, FamilyType type) {
  const auto& suffixes = RowOf(type).suffixes;
  std::string names;
  for (size_t i = 0; i < suffixes.size(); ++i) {
    const std::string_view joint = i == 0 ? "" : i + 1 == suffixes.size() ? " or " : ", ";
    StrAppend(&names, joint, family, suffixes[i]);
  }
  return names;
}

}  // namespace sloburn::openmetrics
