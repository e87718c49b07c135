// SPDX-License-Identifier: Apache-2.0
// Since when alerts are active, from the series ALERTS_FOR_STATE that an earlier process, or another
// rule engine, has written: what Prometheus does at its start. Where the state itself was kept
// (rule_record.h), it is not needed.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/model/matcher.h"
#include "engine/model/sample.h"
#include "engine/storage/storage.h"
#include "rules/alert_state.h"
#include "rules/alerting_rule.h"

namespace sloburn::rules {

// Another place that knows ALERTS_FOR_STATE. Thread-safe.
class AlertHistory {
 public:
  virtual ~AlertHistory() = default;
  // All samples in [from_ms, to_ms], staleness markers included.
  virtual absl::StatusOr<std::vector<SeriesSamples>> Read(const Matchers& matchers,
                                                          int64_t from_ms, int64_t to_ms) = 0;
};

struct RestoreOptions {
  absl::Duration outage_tolerance = absl::Hours(1);    // --rules.alert.for-outage-tolerance
  absl::Duration for_grace_period = absl::Minutes(10);  // --rules.alert.for-grace-period
  AlertHistory* history = nullptr;  // asked where the store knows nothing; null: nobody
};

// Moves active_at of the alerts in `states` back to when they became active, as far as that is
// known. The time that nobody looked is not counted for `for`, and an alert that would fire less than
// the grace period after the start waits for that long. Rules whose `for` is shorter are left alone.
absl::Status RestoreActiveAt(const AlertingRule& rule, const Storage& storage,
                             absl::Time eval_time, const RestoreOptions& options,
                             AlertStates& states);

}  // namespace sloburn::rules
