// SPDX-License-Identifier: Apache-2.0
// The section `alerting` of the configuration file. Private to cli/config.
#pragma once

#include <string>

#include "cli/config.h"
#include "cli/config_fields.h"

namespace sloburn::cli {

// `folder` is where relative paths start. Each problem goes to `log`.
void ReadAlerting(const YamlNode* node, const std::string& folder, ConfigLog& log,
                  AlertingConfig& alerting);

}  // namespace sloburn::cli
