// SPDX-License-Identifier: Apache-2.0
#include "cli/sidecar_metrics.h"

#include <algorithm>

#include "base/float_text.h"
#include "base/str_cat.h"

namespace sloburn::cli {
namespace {

using web::MetricType;

void Add(std::vector<web::MetricFamily>& families, std::string_view name, std::string_view help,
         MetricType type, double value, std::vector<Label> labels = {},
         std::string_view suffix = "") {
  const auto found = std::find_if(families.begin(), families.end(),
                                  [name](const web::MetricFamily& f) { return f.name == name; });
  web::MetricSample sample;
  sample.labels = std::move(labels);
  sample.value = value;
  sample.suffix = std::string(suffix);
  if (found != families.end()) {
    found->samples.push_back(std::move(sample));
    return;
  }
  web::MetricFamily family;
  family.name = std::string(name);
  family.help = std::string(help);
  family.type = type;
  family.samples.push_back(std::move(sample));
  families.push_back(std::move(family));
}

double Seconds(absl::Time time) {
  return time == absl::InfinitePast() ? 0 : absl::ToDoubleSeconds(time - absl::UnixEpoch());
}

}  // namespace

void AddStorageMetrics(const StorageStats& stats, std::vector<web::MetricFamily>& families) {
  Add(families, "sloburn_storage_series", "Series in the store.", MetricType::kGauge,
      static_cast<double>(stats.series));
  Add(families, "sloburn_storage_samples", "Samples in the store.", MetricType::kGauge,
      static_cast<double>(stats.samples));
  const auto gauge = [&](std::string_view name, std::string_view help, int64_t value) {
    Add(families, name, help, MetricType::kGauge, static_cast<double>(value));
  };
  gauge("sloburn_storage_head_samples", "Of them, those that are not in chunks yet.",
        stats.memory.head_samples);
  gauge("sloburn_storage_chunks", "Chunks in memory.", stats.memory.chunks);
  gauge("sloburn_storage_chunk_bytes", "Bytes of the chunks in memory, without their summaries.",
        stats.memory.chunk_bytes);
  gauge("sloburn_storage_summary_bytes", "Bytes of the chunks' summaries in memory.",
        stats.memory.summary_bytes);
  Add(families, "sloburn_storage_samples_appended_total", "Samples appended.",
      MetricType::kCounter, static_cast<double>(stats.appended));
  Add(families, "sloburn_storage_late_samples_appended_total",
      "Samples appended that were older than the newest of their series.", MetricType::kCounter,
      static_cast<double>(stats.late));
  Add(families, "sloburn_storage_out_of_order_samples_total", "Samples refused as out of order.",
      MetricType::kCounter, static_cast<double>(stats.out_of_order));
}

void AddDurableMetrics(const DurableStats& stats, std::vector<web::MetricFamily>& families) {
  const auto gauge = [&](std::string_view name, std::string_view help, int64_t value) {
    Add(families, name, help, MetricType::kGauge, static_cast<double>(value));
  };
  const auto counter = [&](std::string_view name, std::string_view help, int64_t value) {
    Add(families, name, help, MetricType::kCounter, static_cast<double>(value));
  };
  gauge("sloburn_storage_database_bytes",
        "Pages in use of the database, at the start or the last checkpoint.",
        stats.database_bytes);
  gauge("sloburn_storage_wal_bytes", "Size of the database's write-ahead log.", stats.wal_bytes);
  gauge("sloburn_storage_journal_bytes", "Commits since the last checkpoint.",
        stats.journal_bytes);
  gauge("sloburn_storage_chunk_rows", "Chunks in the database.", stats.chunks);
  gauge("sloburn_storage_quarantined_values", "Values that were found damaged and set aside.",
        stats.quarantined);
  gauge("sloburn_storage_start_problems", "Damage that was found when the store was opened.",
        stats.problems);
  counter("sloburn_storage_checkpoints_total", "Checkpoints.", stats.checkpoints);
  counter("sloburn_storage_failed_syncs_total", "Commits that could not be forced to the disk.",
          stats.failed_syncs);
  counter("sloburn_storage_failed_commits_total", "Commits that could not be written.",
          stats.failed_commits);
}

void AddSummary(std::vector<web::MetricFamily>& families, std::string_view name,
                std::string_view help, const LatencySummary& summary) {
  web::MetricFamily family{std::string(name), std::string(help), MetricType::kSummary, {}};
  for (size_t i = 0; i < summary.kQuantiles.size(); ++i) {
    family.samples.push_back(
        {{{"quantile", FormatFloatG(summary.kQuantiles[i])}}, summary.seconds[i], ""});
  }
  family.samples.push_back({{}, summary.sum_seconds, "_sum"});
  family.samples.push_back({{}, static_cast<double>(summary.count), "_count"});
  families.push_back(std::move(family));
}

void AddRuleMetrics(const std::vector<rules::GroupMetrics>& groups,
                    const rules::DurationSummaries& durations,
                    std::vector<web::MetricFamily>& families) {
  for (const rules::GroupMetrics& group : groups) {
    const std::vector<Label> labels = {{"rule_group", group.key}};
    const auto counter = [&](std::string_view name, std::string_view help, double value) {
      Add(families, name, help, MetricType::kCounter, value, labels);
    };
    const auto gauge = [&](std::string_view name, std::string_view help, double value) {
      Add(families, name, help, MetricType::kGauge, value, labels);
    };
    counter("prometheus_rule_group_iterations_total",
            "The total number of scheduled rule group evaluations, whether executed or missed.",
            static_cast<double>(group.iterations));
    counter("prometheus_rule_group_iterations_missed_total",
            "The total number of rule group evaluations missed due to slow rule group evaluation.",
            static_cast<double>(group.iterations_missed));
    counter("prometheus_rule_evaluations_total", "The total number of rule evaluations.",
            static_cast<double>(group.evaluations));
    counter("prometheus_rule_evaluation_failures_total",
            "The total number of rule evaluation failures.",
            static_cast<double>(group.evaluation_failures));
    gauge("prometheus_rule_group_last_duration_seconds",
          "The duration of the last rule group evaluation.",
          absl::ToDoubleSeconds(group.last_duration));
    gauge("prometheus_rule_group_last_rule_duration_sum_seconds",
          "The sum of time in seconds it took to evaluate each rule in the group.",
          absl::ToDoubleSeconds(group.last_rule_duration_sum));
    gauge("prometheus_rule_group_last_evaluation_timestamp_seconds",
          "The timestamp of the last rule group evaluation in seconds.",
          Seconds(group.last_evaluation));
    gauge("prometheus_rule_group_interval_seconds", "The interval of a rule group.",
          absl::ToDoubleSeconds(group.interval));
    gauge("prometheus_rule_group_last_evaluation_samples",
          "The number of samples returned during the last rule group evaluation.",
          static_cast<double>(group.last_samples));
    gauge("prometheus_rule_group_rules", "The number of rules.", static_cast<double>(group.rules));
  }
  AddSummary(families, "prometheus_rule_evaluation_duration_seconds",
             "The duration for a rule to execute.", durations.rules);
  AddSummary(families, "prometheus_rule_group_duration_seconds",
             "The duration of rule group evaluations.", durations.ticks);
}

namespace {

constexpr std::string_view kRemoteStorage = "prometheus_remote_storage_";

// Families of one endpoint, labelled with it, under Prometheus' names.
class EndpointMetrics {
 public:
  EndpointMetrics(const std::string& name, const std::string& url,
                  std::vector<web::MetricFamily>& families)
      : labels_{{"remote_name", name}, {"url", url}}, families_(families) {}

  void Counter(std::string_view name, std::string_view help, int64_t value,
               std::string_view reason = "") {
    std::vector<Label> labels = labels_;
    if (!reason.empty()) labels.push_back({"reason", std::string(reason)});
    Add(families_, StrCat(kRemoteStorage, name), help, MetricType::kCounter,
        static_cast<double>(value), std::move(labels));
  }

  void Gauge(std::string_view name, std::string_view help, double value) {
    Add(families_, StrCat(kRemoteStorage, name), help, MetricType::kGauge, value, labels_);
  }

  void Histogram(std::string_view name, std::string_view help,
                 const remote::DurationHistogram& values) {
    const std::string full = StrCat(kRemoteStorage, name);
    int64_t total = 0;
    const auto add = [&](std::string_view suffix, double value, std::string_view bound = "") {
      std::vector<Label> labels = labels_;
      if (!bound.empty()) labels.push_back({"le", std::string(bound)});
      Add(families_, full, help, MetricType::kHistogram, value, std::move(labels), suffix);
    };
    for (size_t i = 0; i < values.kBounds.size(); ++i) {
      total += values.counts[i];
      add("_bucket", static_cast<double>(total), StrCat(values.kBounds[i]));
    }
    add("_bucket", static_cast<double>(values.count), "+Inf");
    add("_sum", values.sum_seconds);
    add("_count", static_cast<double>(values.count));
  }

 private:
  const std::vector<Label> labels_;
  std::vector<web::MetricFamily>& families_;
};

double AsSeconds(int64_t time_ms) { return static_cast<double>(time_ms) / 1000; }

void AddSampleCounters(const remote::RemoteWriteStats& stats, EndpointMetrics& metrics) {
  const int64_t sent = stats.samples_sent + stats.samples_written_before;
  const int64_t sent_histograms = stats.histograms_sent + stats.histograms_written_before;
  metrics.Counter("samples_total", "Samples that the endpoint has, histograms not included.",
                  sent - sent_histograms);
  metrics.Counter("samples_failed_total", "Samples that the endpoint refused for good.",
                  stats.samples_failed - stats.histograms_failed);
  metrics.Counter("samples_retried_total", "Samples sent again after an error that may pass.",
                  stats.samples_retried - stats.histograms_retried);
  metrics.Counter("samples_written_before_total",
                  "Samples sent again, after an answer was lost, that the endpoint already had. "
                  "Prometheus has no such metric.",
                  stats.samples_written_before);
  const std::string_view dropped = "Samples dropped before they were sent.";
  metrics.Counter("samples_dropped_total", dropped, stats.samples_dropped, "outbox");
  metrics.Counter("samples_dropped_total", dropped, stats.samples_relabelled_away,
                  "dropped_series");
  metrics.Counter("samples_dropped_total", dropped,
                  stats.samples_too_old - stats.histograms_too_old, "too_old");
  metrics.Counter("histograms_total", "Native histograms that the endpoint has.", sent_histograms);
  metrics.Counter("histograms_failed_total", "Native histograms that it refused for good.",
                  stats.histograms_failed);
  metrics.Counter("histograms_retried_total",
                  "Native histograms sent again after an error that may pass.",
                  stats.histograms_retried);
  const std::string_view dropped_histograms = "Native histograms dropped before they were sent.";
  metrics.Counter("histograms_dropped_total", dropped_histograms, stats.histograms_too_old,
                  "too_old");
  metrics.Counter("histograms_dropped_total", dropped_histograms, stats.histograms_not_sent,
                  "send_native_histograms_off");
  metrics.Counter("histograms_dropped_total", dropped_histograms, stats.histograms_unsupported,
                  "nhcb_in_rw1_not_supported");
}

void AddQueueGauges(const remote::RemoteWriteStats& stats, EndpointMetrics& metrics) {
  metrics.Gauge("samples_pending", "Samples that wait or are under way, histograms not included.",
                static_cast<double>(stats.samples_pending - stats.histograms_pending));
  metrics.Gauge("histograms_pending", "Native histograms that wait or are under way.",
                static_cast<double>(stats.histograms_pending));
  metrics.Gauge("queue_highest_timestamp_seconds", "Newest timestamp that came to be sent.",
                AsSeconds(stats.highest_ms));
  metrics.Gauge("queue_highest_sent_timestamp_seconds", "Newest timestamp that was accepted.",
                AsSeconds(stats.highest_sent_ms));
  metrics.Gauge("shards", "Connections that send side by side.", 1);
  metrics.Gauge("shards_min", "Fewest connections.", 1);
  metrics.Gauge("shards_max", "Most connections: one keeps the order of samples.", 1);
  metrics.Gauge("shards_desired", "Connections that are wanted.", 1);
  if (stats.capacity > 0) {
    metrics.Gauge("shard_capacity", "Samples that may wait.", static_cast<double>(stats.capacity));
  }
  if (stats.max_samples_per_send > 0) {
    metrics.Gauge("max_samples_per_send", "Most samples of one request.",
                  static_cast<double>(stats.max_samples_per_send));
  }
}

// One sample for all endpoints, as in Prometheus.
void RaiseHighestTimestamp(int64_t time_ms, std::vector<web::MetricFamily>& families) {
  const std::string name = StrCat(kRemoteStorage, "highest_timestamp_in_seconds");
  const auto found = std::find_if(families.begin(), families.end(),
                                  [&](const web::MetricFamily& f) { return f.name == name; });
  if (found == families.end()) {
    Add(families, name, "Newest timestamp that came to be sent to any endpoint.",
        MetricType::kGauge, AsSeconds(time_ms));
    return;
  }
  double& value = found->samples.front().value;
  value = std::max(value, AsSeconds(time_ms));
}

}  // namespace

void AddWriterMetrics(const std::string& name, const remote::RemoteWriteStats& stats,
                      std::vector<web::MetricFamily>& families) {
  EndpointMetrics metrics(name, stats.url, families);
  AddSampleCounters(stats, metrics);
  AddQueueGauges(stats, metrics);
  metrics.Counter("bytes_total", "Compressed bytes sent.", stats.bytes_sent);
  metrics.Histogram("sent_batch_duration_seconds", "Duration of requests, failed ones included.",
                    stats.request_durations);
  RaiseHighestTimestamp(stats.highest_ms, families);
}

namespace {

void AddHistoryMetrics(const remote::SyncStats& stats, std::vector<web::MetricFamily>& families) {
  const auto gauge = [&](std::string_view name, std::string_view help, double value) {
    Add(families, name, help, MetricType::kGauge, value);
  };
  const remote::SyncProgress& progress = stats.progress;
  gauge("sloburn_source_history_loading", "Whether history is being loaded.", stats.is_loading);
  gauge("sloburn_source_history_loaded_ratio",
        "How much of the time to be covered the load under way, or the last one, has loaded.",
        progress.fraction);
  gauge("sloburn_source_history_samples_per_second", "The pace of that load.",
        progress.samples_per_second);
  gauge("sloburn_source_history_remaining_seconds",
        "When that load ends if it keeps its pace; 0 where none is under way.",
        stats.is_loading ? absl::ToDoubleSeconds(progress.remaining) : 0);
}

}  // namespace

void AddSourceMetrics(const remote::SyncStats& stats, std::vector<web::MetricFamily>& families) {
  Add(families, "sloburn_source_up",
      "Whether the last pull of every selector from the source succeeded.", MetricType::kGauge,
      stats.last_error.ok() ? 1 : 0);
  Add(families, "sloburn_source_requests_total", "Requests to the source.", MetricType::kCounter,
      static_cast<double>(stats.requests));
  Add(families, "sloburn_source_request_failures_total", "Failed requests to the source.",
      MetricType::kCounter, static_cast<double>(stats.failures));
  Add(families, "sloburn_source_samples_total", "Samples taken from the source.",
      MetricType::kCounter, static_cast<double>(stats.samples_appended));
  Add(families, "sloburn_source_selectors", "Selectors that are pulled.", MetricType::kGauge,
      static_cast<double>(stats.selectors));
  Add(families, "sloburn_source_selectors_loaded", "Selectors whose history is loaded.",
      MetricType::kGauge, static_cast<double>(stats.selectors_loaded));
  Add(families, "sloburn_source_last_success_timestamp_seconds", "Time of the last success.",
      MetricType::kGauge, Seconds(stats.last_success_time));
  Add(families, "sloburn_source_samples_fetched_total",
      "Samples that the source sent, those included that were here already.", MetricType::kCounter,
      static_cast<double>(stats.samples_fetched));
  Add(families, "sloburn_source_samples_known_total", "Samples fetched that were here already.",
      MetricType::kCounter, static_cast<double>(stats.samples_known));
  Add(families, "sloburn_source_samples_refused_total",
      "Samples fetched that the store could not take.", MetricType::kCounter,
      static_cast<double>(stats.samples_refused + stats.samples_too_old));
  Add(families, "sloburn_source_selectors_resumed",
      "Selectors whose loading went on where an earlier process had ended.", MetricType::kGauge,
      static_cast<double>(stats.selectors_resumed));
  AddHistoryMetrics(stats, families);
  Add(families, "sloburn_source_histogram_series_total",
      "Series of which something was left out: native histograms by the query API, or "
      "chunks that cannot be read.", MetricType::kCounter,
      static_cast<double>(stats.histogram_series));
}

void AddReloadMetrics(bool last_succeeded, absl::Time loaded_at,
                      std::vector<web::MetricFamily>& families) {
  Add(families, "prometheus_config_last_reload_successful",
      "Whether the last configuration reload attempt was successful.", MetricType::kGauge,
      last_succeeded ? 1 : 0);
  Add(families, "prometheus_config_last_reload_success_timestamp_seconds",
      "Timestamp of the last successful configuration reload.", MetricType::kGauge,
      absl::ToDoubleSeconds(loaded_at - absl::UnixEpoch()));
}

void AddWebConfigMetrics(bool last_reload_succeeded, std::vector<web::MetricFamily>& families) {
  Add(families, "sloburn_web_config_last_reload_successful",
      "Whether the newest web configuration is in force.", MetricType::kGauge,
      last_reload_succeeded ? 1 : 0);
}

}  // namespace sloburn::cli
