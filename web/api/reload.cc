// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include "base/str_cat.h"
#include "web/api/error_response.h"
#include "web/cross_origin.h"

namespace sloburn::web {
namespace {

Response Reload(const Request& request, const Dependencies& deps) {
  if (!deps.enable_lifecycle || !deps.reload) {
    return Response::Text(403, "Lifecycle API is not enabled.");
  }
  if (IsCrossSite(request)) {
    return Response::PlainError(403, "a page of another site may not reload the configuration");
  }
  const absl::Status status = deps.reload();
  if (status.ok()) return Response::Text(200, "");
  return Response::PlainError(500, StrCat("failed to reload config: ", status.message()));
}

}  // namespace

void AddReload(Router& router, const Dependencies& deps) {
  router.Add({"POST", "PUT"}, "/-/reload", Lane::kControl,
             [&deps](const Request& request) { return Reload(request, deps); });
  router.Add({"GET"}, "/-/reload", Lane::kHealth, [](const Request&) {
    return Response::Text(405, "Only POST or PUT requests allowed");
  });
}

}  // namespace sloburn::web
