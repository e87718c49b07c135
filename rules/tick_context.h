// SPDX-License-Identifier: Apache-2.0
// What the ticks of all groups have in common: store, source, clock, limits. A plain value that
// borrows its parts.
#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/worker_pool.h"
#include "engine/engine.h"
#include "engine/storage/storage.h"
#include "rules/alert_restore.h"
#include "rules/alert_template/limits.h"
#include "rules/notification.h"
#include "rules/source.h"

namespace sloburn::rules {

// All pointers outlive the ticks.
struct TickContext {
  Storage* storage = nullptr;
  const Clock* clock = nullptr;
  WorkerPool* workers = nullptr;  // null: the rules of a group one after the other
  // Rules whose last evaluations took less together are evaluated by one thread: others would cost
  // more than they save.
  absl::Duration worth_threads = absl::Milliseconds(1);
  engine::QueryOptions query;
  const Coverage* coverage = nullptr;              // null: everything is covered
  SourcePull* source = nullptr;                    // null: data comes by itself
  AlertSink* alerts = nullptr;                     // null: nobody is told of alerts
  absl::Duration resend_delay = absl::Minutes(1);  // between messages about the same alert
  bool keeps_state = false;  // the states of groups are written with their ticks
  // Recording rules are evaluated at the slots that were missed, this far back; zero: never.
  absl::Duration gap_repair = absl::ZeroDuration();
  const RestoreOptions* restore = nullptr;             // null: alerts begin anew with the process
  std::string external_url;                            // of this server, without a slash at the end
  std::map<std::string, std::string> external_labels;  // for templates
  TemplateLimits templates;
};

}  // namespace sloburn::rules
