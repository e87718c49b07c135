// SPDX-License-Identifier: Apache-2.0
// A service level objective: what is measured, how good it must be, over which window.
// Plain values; every dialect of SLO files is read into these.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "engine/model/labels.h"

namespace sloburn::rules {

struct Slo {
  std::string service;
  std::string name;
  std::string description;
  double objective = 0;  // a ratio: 0.999
  absl::Duration window = absl::Hours(24 * 30);
  std::vector<Label> labels;
  // PromQL in which {{.window}} stands for a range. Either error and total, or the ratio alone.
  std::string error_query, total_query;
  std::string error_ratio_query;
  std::string file;  // where it is defined
  int line = 0, column = 0;

  // The allowed ratio of errors.
  double error_budget() const { return 1 - objective; }
  // The ratio of errors over `window`, as PromQL.
  std::string ErrorRatio(absl::Duration over) const;
};

// The windows that burn rates are given for: 5m 30m 1h 2h 6h 1d 3d 30d.
const std::vector<absl::Duration>& BurnRateWindows();

}  // namespace sloburn::rules
