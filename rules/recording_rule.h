// SPDX-License-Identifier: Apache-2.0
// A recording rule: query result -> samples of the recorded series. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/engine.h"
#include "engine/model/labels.h"
#include "engine/model/sample.h"

namespace sloburn::rules {

class RecordingRule {
 public:
  // `labels` are those of the group and the rule, merged; an empty value deletes.
  RecordingRule(std::string name, std::vector<Label> labels, engine::PreparedQuery query)
      : name_(std::move(name)), labels_(std::move(labels)), query_(std::move(query)) {}

  const std::string& name() const { return name_; }
  const std::vector<Label>& labels() const { return labels_; }
  const engine::PreparedQuery& query() const { return query_; }

  // One sample at `time_ms` per element. `limit` <= 0 is none. Errors (FailedPrecondition,
  // ResourceExhausted) are Prometheus' texts.
  absl::StatusOr<std::vector<SeriesSample>> ToSamples(QueryValue result, int64_t time_ms,
                                                      int64_t limit) const;

  // Same meaning: name, labels and canonical expression.
  friend bool operator==(const RecordingRule& a, const RecordingRule& b);

 private:
  std::string name_;
  std::vector<Label> labels_;
  engine::PreparedQuery query_;
};

// A rule's result as a vector: a scalar is one element without labels. FailedPrecondition
// "rule result is not a vector or scalar" for the other types.
absl::StatusOr<InstantVector> ToVector(QueryValue result);

// Whether two elements have the same labels.
bool HasDuplicateLabels(const InstantVector& vector);

}  // namespace sloburn::rules
