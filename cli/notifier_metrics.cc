// SPDX-License-Identifier: Apache-2.0
#include "cli/notifier_metrics.h"

#include <map>
#include <string>

#include "base/float_text.h"

namespace sloburn::cli {
namespace {

using web::MetricType;

using StatsByUrl = std::map<std::string, rules::AlertmanagerStats>;

StatsByUrl SumByUrl(const std::vector<rules::AlertmanagerStats>& all) {
  StatsByUrl sums;
  for (const rules::AlertmanagerStats& stats : all) {
    const auto [found, is_new] = sums.emplace(stats.url, stats);
    if (is_new) continue;
    rules::AlertmanagerStats& sum = found->second;
    sum.sent += stats.sent;
    sum.errors += stats.errors;
    sum.dropped += stats.dropped;
    sum.queue_length += stats.queue_length;
    sum.latency.sum_seconds += stats.latency.sum_seconds;
    sum.latency.count += stats.latency.count;
  }
  return sums;
}

web::MetricFamily PerAlertmanager(std::string_view name, std::string_view help, MetricType type,
                                  const StatsByUrl& all, int64_t rules::AlertmanagerStats::*value) {
  web::MetricFamily family{std::string(name), std::string(help), type, {}};
  for (const auto& [url, stats] : all) {
    family.samples.push_back({{{"alertmanager", url}}, static_cast<double>(stats.*value), ""});
  }
  return family;
}

web::MetricFamily Latency(const StatsByUrl& all) {
  web::MetricFamily family{"prometheus_notifications_latency_seconds",
                           "Latency quantiles for sending alert notifications.",
                           MetricType::kSummary,
                           {}};
  for (const auto& [url, stats] : all) {
    const LatencySummary& latency = stats.latency;
    for (size_t i = 0; i < latency.kQuantiles.size(); ++i) {
      family.samples.push_back(
          {{{"alertmanager", url}, {"quantile", FormatFloatG(latency.kQuantiles[i])}},
           latency.seconds[i],
           ""});
    }
    family.samples.push_back({{{"alertmanager", url}}, latency.sum_seconds, "_sum"});
    family.samples.push_back(
        {{{"alertmanager", url}}, static_cast<double>(latency.count), "_count"});
  }
  return family;
}

}  // namespace

void AddNotifierMetrics(const rules::Notifier& notifier, size_t discovered,
                        std::vector<web::MetricFamily>& families) {
  using Stats = rules::AlertmanagerStats;
  const StatsByUrl all = SumByUrl(notifier.Stats());
  families.push_back(PerAlertmanager("prometheus_notifications_sent_total", "Alerts sent.",
                                     MetricType::kCounter, all, &Stats::sent));
  families.push_back(PerAlertmanager("prometheus_notifications_errors_total",
                                     "Alerts in requests that failed, counted at each try.",
                                     MetricType::kCounter, all, &Stats::errors));
  families.push_back(PerAlertmanager(
      "prometheus_notifications_dropped_total",
      "Alerts that were not sent: refused, expired, for want of room, or left at the end.",
      MetricType::kCounter, all, &Stats::dropped));
  families.push_back(PerAlertmanager("prometheus_notifications_queue_length",
                                     "Alerts waiting to be sent.", MetricType::kGauge, all,
                                     &Stats::queue_length));
  families.push_back(web::SingleMetric(
      "prometheus_notifications_queue_capacity", "How many alerts may wait for one Alertmanager.",
      MetricType::kGauge, static_cast<double>(notifier.queue_capacity())));
  families.push_back(web::SingleMetric("prometheus_notifications_alertmanagers_discovered",
                                       "Alertmanagers that are told of alerts.", MetricType::kGauge,
                                       static_cast<double>(discovered)));
  if (!all.empty()) families.push_back(Latency(all));
}

}  // namespace sloburn::cli
