// SPDX-License-Identifier: Apache-2.0
// Configured endpoints -> options of the HTTP client.
#pragma once

#include "cli/config.h"
#include "engine/remote/http_client.h"

namespace sloburn::cli {

remote::HttpClientOptions ToHttpOptions(const std::string& url, const HttpClientConfig& http,
                                        const std::map<std::string, Secret>& headers,
                                        absl::Duration timeout);

}  // namespace sloburn::cli
