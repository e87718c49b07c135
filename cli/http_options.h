// SPDX-License-Identifier: Apache-2.0
// Configured endpoints -> options of the HTTP client and of the sender of remote write.
#pragma once

#include "cli/config.h"
#include "engine/remote/http_client.h"
#include "engine/remote/write_sender.h"

namespace sloburn::cli {

remote::HttpClientOptions ToHttpOptions(const std::string& url, const HttpClientConfig& http,
                                        const std::map<std::string, Secret>& headers,
                                        absl::Duration timeout);

remote::WriteSenderOptions ToSenderOptions(const RemoteWriteConfig& endpoint);

}  // namespace sloburn::cli
