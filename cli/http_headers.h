// SPDX-License-Identifier: Apache-2.0
// Headers of the configuration: which names may be set, and `http_headers` of an HTTP client.
// Private to cli/config.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "cli/config.h"
#include "cli/config_fields.h"

namespace sloburn::cli {

// True for what the client sets itself. `lower` is in lower case.
bool IsReservedHeader(std::string_view lower);
bool IsHeaderName(std::string_view name);

// The value of `http_headers`: name -> {values, secrets, files}. Relative files start at `folder`.
void ReadHttpHeaders(const YamlNode* node, const std::filesystem::path& folder, ConfigLog& log,
                     std::map<std::string, HttpHeaderConfig>& headers);

}  // namespace sloburn::cli
