// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/rule_flags.h"

#include "base/status_macros.h"
#include "cli/commands/query_flags.h"

namespace sloburn::cli {

void RuleFlags::AddTo(CLI::App& command) {
  command.add_option("--rules.gap-repair", gap_repair_,
                     "Evaluate recording rules also at ticks that were missed (a restart, a source "
                     "or disk that failed), this far back; 0: never");
  command.add_option("--rules.alert.for-outage-tolerance", for_outage_tolerance_,
                     "Outage after which the time that an alert was active is not restored from "
                     "ALERTS_FOR_STATE");
  command.add_option("--rules.alert.for-grace-period", for_grace_period_,
                     "Least time between such a restored alert and its firing; rules whose `for` is "
                     "shorter are not restored");
}

absl::Status RuleFlags::ApplyTo(SidecarOptions& options) const {
  ASSIGN_OR_RETURN(options.gap_repair, ParseDurationFlag("--rules.gap-repair", gap_repair_));
  ASSIGN_OR_RETURN(
      options.restore.outage_tolerance,
      ParseDurationFlag("--rules.alert.for-outage-tolerance", for_outage_tolerance_));
  ASSIGN_OR_RETURN(options.restore.for_grace_period,
                   ParseDurationFlag("--rules.alert.for-grace-period", for_grace_period_));
  return absl::OkStatus();
}

}  // namespace sloburn::cli
