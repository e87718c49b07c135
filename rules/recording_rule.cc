// SPDX-License-Identifier: Apache-2.0
#include "rules/recording_rule.h"

#include <unordered_set>
#include <variant>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/label_builder.h"

namespace sloburn::rules {

absl::StatusOr<InstantVector> ToVector(QueryValue result) {
  if (auto* vector = std::get_if<InstantVector>(&result)) return std::move(*vector);
  if (const auto* scalar = std::get_if<ScalarResult>(&result)) {
    return InstantVector{{Labels(), scalar->timestamp_ms, scalar->value}};
  }
  return absl::FailedPreconditionError("rule result is not a vector or scalar");
}

bool HasDuplicateLabels(const InstantVector& vector) {
  if (vector.size() < 2) return false;
  std::unordered_set<Labels, LabelsHash> seen(vector.size());
  for (const SeriesSample& sample : vector) {
    if (!seen.insert(sample.labels).second) return true;
  }
  return false;
}

absl::StatusOr<std::vector<SeriesSample>> RecordingRule::ToSamples(QueryValue result,
                                                                   int64_t time_ms,
                                                                   int64_t limit) const {
  ASSIGN_OR_RETURN(InstantVector vector, ToVector(std::move(result)));
  for (SeriesSample& sample : vector) {
    LabelBuilder builder(sample.labels);
    builder.Set(kMetricName, name_);
    for (const Label& label : labels_) builder.Set(label.name, label.value);
    sample.labels = builder.Build();
    sample.timestamp_ms = time_ms;
  }
  if (HasDuplicateLabels(vector)) {
    return absl::FailedPreconditionError(
        "vector contains metrics with the same labelset after applying rule labels");
  }
  const int64_t count = static_cast<int64_t>(vector.size());
  if (limit > 0 && count > limit) {
    return absl::ResourceExhaustedError(
        StrCat("exceeded limit of ", limit, " with ", count, " series"));
  }
  return vector;
}

bool operator==(const RecordingRule& a, const RecordingRule& b) {
  return a.name_ == b.name_ && a.labels_ == b.labels_ && a.query_.text() == b.query_.text();
}

}  // namespace sloburn::rules
