// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/rule_flags.h"

#include "base/status_macros.h"
#include "cli/commands/flag_checks.h"
#include "cli/commands/query_flags.h"

namespace sloburn::cli {

void RuleFlags::AddTo(CLI::App& command) {
  command.add_option("--rules.gap-repair", gap_repair_,
                     "Evaluate recording rules also at ticks that were missed (a restart, a source "
                     "or disk that failed), this far back; 0: never");
  command
      .add_option("--rules.max-concurrent-evals", max_concurrent_evals_,
                  "Threads that help to evaluate the rules of a group which do not depend on each "
                  "other; 0: one after the other. Results are the same")
      ->check(WholeNumber(0, 1000));
  AddTemplateLimits(command);
  command.add_option("--rules.alert.for-outage-tolerance", for_outage_tolerance_,
                     "Outage after which the time that an alert was active is not restored from "
                     "ALERTS_FOR_STATE");
  command.add_option("--rules.alert.for-grace-period", for_grace_period_,
                     "Least time between such a restored alert and its firing; rules whose `for` is "
                     "shorter are not restored");
  command.add_option("--rules.alert.resend-delay", resend_delay_,
                     "Least time between two messages to Alertmanager about an alert");
  command
      .add_option("--alertmanager.notification-queue-capacity", notification_capacity_,
                  "Alerts that may wait for one Alertmanager; the oldest are dropped")
      ->check(WholeNumber(1, 10'000'000));
  command
      .add_option("--alertmanager.notification-batch-size", notification_batch_size_,
                  "Alerts of one request to Alertmanager")
      ->check(WholeNumber(1, 1'000'000));
  command
      .add_flag("--alertmanager.drain-notification-queue-on-shutdown,"
                "!--no-alertmanager.drain-notification-queue-on-shutdown",
                drains_notifications_, "Send waiting alerts at the end, for at most 5 s")
      ->default_str("true");
}

void RuleFlags::AddTemplateLimits(CLI::App& command) {
  command.add_option("--rules.template.max-text-size", max_template_text_,
                     "Text of a template of a label or annotation of an alert");
  command.add_option("--rules.template.max-output-size", max_template_output_,
                     "What a template may become, and any text on the way to it");
  command
      .add_option("--rules.template.max-nesting", templates_.max_nesting,
                  "Parentheses and control structures of a template in one another")
      ->check(WholeNumber(1, 400));
  command
      .add_option("--rules.template.max-steps", templates_.max_steps,
                  "Steps of one expansion: nodes, rounds of a range, 64 bytes a function reads")
      ->check(WholeNumber(1));
  command
      .add_option("--rules.template.max-queries", templates_.max_queries,
                  "Queries of one expansion")
      ->check(WholeNumber(0, 1'000'000));
}

absl::Status RuleFlags::ApplyTo(SidecarOptions& options) const {
  ASSIGN_OR_RETURN(options.gap_repair, ParseDurationFlag("--rules.gap-repair", gap_repair_));
  ASSIGN_OR_RETURN(
      options.restore.outage_tolerance,
      ParseDurationFlag("--rules.alert.for-outage-tolerance", for_outage_tolerance_));
  ASSIGN_OR_RETURN(options.restore.for_grace_period,
                   ParseDurationFlag("--rules.alert.for-grace-period", for_grace_period_));
  ASSIGN_OR_RETURN(options.resend_delay,
                   ParseDurationFlag("--rules.alert.resend-delay", resend_delay_));
  options.max_concurrent_rules = max_concurrent_evals_;
  options.templates = templates_;
  ASSIGN_OR_RETURN(options.templates.max_text_bytes,
                   ParseBytesFlag("--rules.template.max-text-size", max_template_text_));
  ASSIGN_OR_RETURN(options.templates.max_output_bytes,
                   ParseBytesFlag("--rules.template.max-output-size", max_template_output_));
  options.notifier.queue.capacity = notification_capacity_;
  options.notifier.queue.max_batch_size = notification_batch_size_;
  if (!drains_notifications_) options.notifier.drain = absl::ZeroDuration();
  return absl::OkStatus();
}

}  // namespace sloburn::cli
