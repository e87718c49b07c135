// SPDX-License-Identifier: Apache-2.0
// --web.external-url and --web.route-prefix, with Prometheus' defaults. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sloburn::cli {

struct ExternalUrl {
  std::string url;           // without a slash at the end: "http://host:9099/ruler"
  std::string route_prefix;  // "" or "/ruler"
};

// `url` empty: http (https with TLS), this machine's name and the port of `listen_address`.
// `route_prefix` empty: the path of the URL; "/" is none. Errors: InvalidArgument that names the
// flag.
absl::StatusOr<ExternalUrl> ComputeExternalUrl(const std::string& url,
                                               const std::string& route_prefix,
                                               const std::string& listen_address, bool uses_tls);

}  // namespace sloburn::cli
