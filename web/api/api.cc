// SPDX-License-Identifier: Apache-2.0
#include "web/api/api.h"

#include <memory>

#include "base/status_macros.h"
#include "web/api/endpoints.h"
#include "web/compression.h"
#include "web/cross_origin.h"
#include "web/request_metrics.h"

namespace sloburn::web {
namespace {

absl::Status AddSharedHeaders(Router& router, const Dependencies& deps) {
  router.AddFinisher([](const Request&, Response& response) {
    // A label value may hold HTML: no browser shall guess that an answer is a page.
    response.SetHeader("X-Content-Type-Options", "nosniff");
  });
  if (!deps.cors_origin.empty()) {
    ASSIGN_OR_RETURN(Router::Finisher cors, CorsFinisher(deps.cors_origin));
    router.AddFinisher(std::move(cors));
  }
  if (deps.enable_compression) router.AddFinisher(CompressResponse);
  return absl::OkStatus();
}

}  // namespace

absl::Status AddApi(Router& router, const Dependencies& deps) {
  RETURN_IF_ERROR(AddSharedHeaders(router, deps));
  auto request_metrics = std::make_shared<RequestMetrics>();
  router.SetObserver(
      [request_metrics](std::string_view pattern, int status, double seconds, size_t body_bytes) {
        request_metrics->Observe(pattern, status, seconds, body_bytes);
      });

  AddHealth(router, deps);
  AddReload(router, deps);
  AddQuery(router, deps);
  AddQueryRange(router, deps);
  AddQueryExemplars(router, deps);
  AddFormatQuery(router, deps);
  AddParseQuery(router, deps);
  AddSeries(router, deps);
  AddLabels(router, deps);
  AddLabelValues(router, deps);
  AddMetadata(router, deps);
  AddRules(router, deps);
  AddAlerts(router, deps);
  AddSlos(router, deps);
  AddStatusBuildinfo(router, deps);
  AddStatusProcess(router, deps);
  AddStatusTsdb(router, deps);
  AddDiscovery(router, deps);
  AddFeatures(router, deps);
  MetricsProvider read_metrics = AddRead(router, deps);
  MetricsProvider write_metrics = AddWrite(router, deps);
  AddMetrics(router, deps,
             {[request_metrics](std::vector<MetricFamily>& families) {
                request_metrics->Collect(families);
              },
              std::move(read_metrics), std::move(write_metrics)});
  router.Add({"OPTIONS"}, "/api/v1/*", Lane::kHealth,
             [](const Request&) { return Response::NoContent(); });
  return absl::OkStatus();
}

}  // namespace sloburn::web
