// SPDX-License-Identifier: Apache-2.0
// The values of a script's series, with native histograms built from their texts.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/model/sample.h"
#include "parser/series_description.h"

namespace sloburn::cli {

struct ScriptValue {
  bool is_omitted = false;
  double value = 0;
  HistogramPtr histogram = nullptr;  // then `value` has no meaning
  bool has_reset_hint = false;       // the histogram's was written, so it is compared too
  std::optional<int64_t> start_offset_ms = {};  // when it began to count, after its time
};

// Errors: InvalidArgument.
absl::StatusOr<std::vector<ScriptValue>> ToScriptValues(
    const std::vector<parser::SeriesValue>& values);

}  // namespace sloburn::cli
