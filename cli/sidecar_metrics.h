// SPDX-License-Identifier: Apache-2.0
// The parts' counters as metric families, under Prometheus' names with our prefix; those of remote
// write under Prometheus' own names, so that its dashboards and alerts fit.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "engine/remote/remote_write.h"
#include "engine/remote/sync.h"
#include "engine/storage/durable/durable_storage.h"
#include "engine/storage/memory_storage.h"
#include "rules/manager.h"
#include "web/metrics.h"

namespace sloburn::cli {

void AddStorageMetrics(const StorageStats& stats, std::vector<web::MetricFamily>& families);
void AddDurableMetrics(const DurableStats& stats, std::vector<web::MetricFamily>& families);
void AddRuleMetrics(const std::vector<rules::GroupMetrics>& groups,
                    const rules::DurationSummaries& durations,
                    std::vector<web::MetricFamily>& families);
void AddWriterMetrics(const std::string& name, const remote::RemoteWriteStats& stats,
                      std::vector<web::MetricFamily>& families);
void AddSourceMetrics(const remote::SyncStats& stats, std::vector<web::MetricFamily>& families);
// `loaded_at` is when the configuration in force was read.
void AddReloadMetrics(bool last_succeeded, absl::Time loaded_at,
                      std::vector<web::MetricFamily>& families);
void AddWebConfigMetrics(bool last_reload_succeeded, std::vector<web::MetricFamily>& families);

}  // namespace sloburn::cli
