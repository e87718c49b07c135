// SPDX-License-Identifier: Apache-2.0
// One function per endpoint, each in the file of its name; api.cc calls them all. `deps` must
// outlive the router.
#pragma once

#include <vector>

#include "web/dependencies.h"
#include "web/metrics.h"
#include "web/router.h"

namespace sloburn::web {

void AddQuery(Router& router, const Dependencies& deps);
void AddQueryRange(Router& router, const Dependencies& deps);
void AddQueryExemplars(Router& router, const Dependencies& deps);
void AddFormatQuery(Router& router, const Dependencies& deps);
void AddParseQuery(Router& router, const Dependencies& deps);
void AddSeries(Router& router, const Dependencies& deps);
void AddLabels(Router& router, const Dependencies& deps);
void AddLabelValues(Router& router, const Dependencies& deps);
void AddMetadata(Router& router, const Dependencies& deps);
void AddRules(Router& router, const Dependencies& deps);
void AddAlerts(Router& router, const Dependencies& deps);
void AddSlos(Router& router, const Dependencies& deps);
// These return what they count.
MetricsProvider AddRead(Router& router, const Dependencies& deps);
MetricsProvider AddWrite(Router& router, const Dependencies& deps);
void AddStatusBuildinfo(Router& router, const Dependencies& deps);
void AddStatusProcess(Router& router, const Dependencies& deps);
void AddStatusTsdb(Router& router, const Dependencies& deps);
// Targets and Alertmanagers.
void AddDiscovery(Router& router, const Dependencies& deps);
void AddFeatures(Router& router, const Dependencies& deps);
void AddHealth(Router& router, const Dependencies& deps);
void AddReload(Router& router, const Dependencies& deps);
// Serves `own_metrics` and deps.metrics.
void AddMetrics(Router& router, const Dependencies& deps, std::vector<MetricsProvider> own_metrics);

}  // namespace sloburn::web
