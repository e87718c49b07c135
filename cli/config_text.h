// SPDX-License-Identifier: Apache-2.0
// The configuration that is in force, as YAML for GET /api/v1/status/config: defaults are filled
// in, paths resolved, what is not set left out, and secrets shown as "<secret>".
//
// A pure function; any thread.
#pragma once

#include <string>

#include "cli/config.h"

namespace sloburn::cli {

std::string ToYaml(const Config& config);

}  // namespace sloburn::cli
