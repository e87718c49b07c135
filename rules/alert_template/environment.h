// SPDX-License-Identifier: Apache-2.0
// What the templates of one evaluation of a rule have in common.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "engine/model/labels.h"
#include "engine/model/sample.h"
#include "rules/alert_template/limits.h"

namespace sloburn::rules {

// PromQL text -> its result at the time of the evaluation, or the error as users shall read it.
using TemplateQuery = std::function<absl::StatusOr<QueryValue>(const std::string& expr)>;

struct TemplateEnvironment {
  Labels external_labels;
  std::string external_url;  // without a slash at the end
  int64_t timestamp_ms = 0;  // what `now` tells
  TemplateQuery query;       // empty: every query fails
  TemplateLimits limits;
};

}  // namespace sloburn::rules
