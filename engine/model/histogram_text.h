// SPDX-License-Identifier: Apache-2.0
// Native histograms as text: the form of results and messages, and the form of test files.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/model/histogram.h"

namespace sloburn {

// "{count:3, sum:5, [-2,-1):1, [-0.001,0.001]:1, (1,2]:1}"; empty buckets are left out.
std::string ToString(const Histogram& histogram);

// "{{schema:0 count:3 sum:5 buckets:[1 2]}}", with each side as one span.
std::string ToTestExpression(const Histogram& histogram);

struct HistogramText {
  Histogram histogram;
  bool has_reset_hint = false;  // it was written
};

// Reads the form of test files. Errors: InvalidArgument, naming the key.
absl::StatusOr<HistogramText> ParseTestExpression(std::string_view text);

}  // namespace sloburn
