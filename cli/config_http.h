// SPDX-License-Identifier: Apache-2.0
// How other servers are spoken to, read from the configuration file. Private to cli/config.
#pragma once

#include <map>
#include <string>

#include "cli/config.h"
#include "cli/config_fields.h"

namespace sloburn::cli {

// `path` as seen from `folder`, where it is relative and not empty.
std::string ResolvePath(const std::string& folder, const std::string& path);

// Reads headers, basic_auth, authorization and tls_config. Each problem goes to `log`.
void ReadHttpClient(ConfigFields& fields, const std::string& folder, ConfigLog& log,
                    std::map<std::string, Secret>& headers, HttpClientConfig& http);

}  // namespace sloburn::cli
