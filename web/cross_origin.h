// SPDX-License-Identifier: Apache-2.0
// What pages of other origins may do: CORS headers where the operator allows an origin, and the
// refusal of state-changing requests that a browser sends on behalf of another site.
#pragma once

#include <functional>
#include <string_view>

#include "absl/status/statusor.h"
#include "web/request.h"
#include "web/response.h"

namespace sloburn::web {

// Sets Prometheus' CORS headers on answers under /api/v1: the origin is told to be allowed where it
// fully matches the regular expression `allowed`. They carry "Vary: Origin". Errors:
// InvalidArgument for a bad expression.
absl::StatusOr<std::function<void(const Request&, Response&)>> CorsFinisher(
    std::string_view allowed);

// True when a browser says that the request comes from a page of another origin.
bool IsCrossSite(const Request& request);

}  // namespace sloburn::web
