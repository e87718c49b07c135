// SPDX-License-Identifier: Apache-2.0
// A series as test files write it: `http_requests{job="api"} 0+10x5 _ stale NaN 1e3`.
//
//   value   number, NaN, Inf, -Inf, stale, or a native histogram {{...}}
//   _  _xN  one or N samples left out
//   vxN     v and N repeats of it
//   v+dxN   v, v+d, ... v+N*d (also v-dxN)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "parser/parser.h"

namespace sloburn::parser {

struct SeriesValue {
  bool is_omitted = false;
  bool is_histogram = false;  // `value` has no meaning
  double value = 0;
  std::string histogram;  // its text; of `{{a}}+{{b}}xN` that of a
  std::string increment;  // the text of b; empty without one
  bool subtracts = false;
  uint64_t step = 0;  // how often b is added (taken away)
};

struct SeriesDescription {
  std::vector<LabelPair> labels;  // sorted by name
  std::vector<SeriesValue> values;
};

// Errors: InvalidArgument, as "1:5: parse error: ..." in Prometheus' words; also where there are
// more than `max_values` values.
absl::StatusOr<SeriesDescription> ParseSeriesDescription(std::string_view line,
                                                         size_t max_values = 1'000'000);

// Only the values, as in `expect` lines and rule tests.
absl::StatusOr<std::vector<SeriesValue>> ParseSeriesValues(std::string_view text,
                                                           size_t max_values = 1'000'000);

}  // namespace sloburn::parser
