// SPDX-License-Identifier: Apache-2.0
// Builds one label set from another. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/labels.h"

namespace sloburn {

class LabelBuilder {
 public:
  explicit LabelBuilder(const Labels& base = {}) : pairs_(base.ToPairs()) {}

  // An empty value deletes.
  LabelBuilder& Set(std::string_view name, std::string_view value);
  LabelBuilder& Delete(std::string_view name);
  LabelBuilder& Delete(const std::vector<std::string>& names);
  LabelBuilder& Keep(const std::vector<std::string>& names);
  // __name__, __type__ and __unit__.
  LabelBuilder& DropMetricName();
  std::string_view Get(std::string_view name) const;

  Labels Build() const { return Labels::FromPairs(pairs_); }

 private:
  std::vector<Label> pairs_;
};

// The common cases without a builder.
Labels DropMetricName(const Labels& labels);
// `names` must be sorted.
Labels KeepLabels(const Labels& labels, const std::vector<std::string>& names);
Labels WithoutLabels(const Labels& labels, const std::vector<std::string>& names);

// `labels` and those of `added` whose names it lacks.
Labels AddMissingLabels(const Labels& labels, const std::vector<Label>& added);

}  // namespace sloburn
