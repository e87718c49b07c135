// SPDX-License-Identifier: Apache-2.0
// The notifier's counters as metric families, under Prometheus' own names, which dashboards and
// alerts about Alertmanager use.
#pragma once

#include <vector>

#include "rules/notifier/notifier.h"
#include "web/metrics.h"

namespace sloburn::cli {

// `discovered`: Alertmanagers that are configured. Where one url is configured twice with different
// options, its counters are summed.
void AddNotifierMetrics(const rules::Notifier& notifier, size_t discovered,
                        std::vector<web::MetricFamily>& families);

}  // namespace sloburn::cli
