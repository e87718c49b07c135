// SPDX-License-Identifier: Apache-2.0
// Lists of relabelling rules in the configuration file. Private to cli/config.
#pragma once

#include <string_view>
#include <vector>

#include "cli/config_fields.h"
#include "engine/model/relabel.h"

namespace sloburn::cli {

// Reads the list under `key`. `empty_message` is what an entry without content is answered with.
// Each problem goes to `log`; entries that have one are left out.
void ReadRelabelRules(ConfigFields& fields, std::string_view key, std::string_view empty_message,
                      ConfigLog& log, std::vector<RelabelRule>& rules);

}  // namespace sloburn::cli
