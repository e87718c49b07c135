// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include <utility>

#include "web/metrics.h"

namespace sloburn::web {

void AddMetrics(Router& router, const Dependencies& deps,
                std::vector<MetricsProvider> own_metrics) {
  router.Add({"GET"}, "/metrics", Lane::kHealth,
             [&deps, own_metrics = std::move(own_metrics)](const Request&) {
               std::vector<MetricFamily> families;
               for (const MetricsProvider& provider : own_metrics) provider(families);
               for (const MetricsProvider& provider : deps.metrics) provider(families);
               Response response = Response::Text(200, WriteExposition(std::move(families)));
               response.SetHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
               return response;
             });
}

}  // namespace sloburn::web
