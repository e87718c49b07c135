// SPDX-License-Identifier: Apache-2.0
// Adds every endpoint to a router: Prometheus' paths and JSON under /api/v1, health, reload and
// metrics.
//
//   Router router;
//   RETURN_IF_ERROR(AddApi(router, dependencies));
//
// `dependencies` is borrowed and must outlive the router.
#pragma once

#include "absl/status/status.h"
#include "web/dependencies.h"
#include "web/router.h"

namespace sloburn::web {

// Errors: InvalidArgument when dependencies.cors_origin is not a regular expression.
absl::Status AddApi(Router& router, const Dependencies& dependencies);

}  // namespace sloburn::web
