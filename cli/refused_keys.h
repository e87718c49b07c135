// SPDX-License-Identifier: Apache-2.0
// Keys of Prometheus' configuration that this program refuses, and why: one table per section.
// Immutable; any thread.
#pragma once

#include <vector>

#include "cli/config_fields.h"

namespace sloburn::cli {

const std::vector<RefusedKey>& RefusedTopKeys();
const std::vector<RefusedKey>& RefusedGlobalKeys();
const std::vector<RefusedKey>& RefusedHttpKeys();  // of remote_write, source and alertmanagers
const std::vector<RefusedKey>& RefusedTlsKeys();
const std::vector<RefusedKey>& RefusedAlertmanagerKeys();  // with those of HTTP
const std::vector<RefusedKey>& RefusedQueueKeys();

}  // namespace sloburn::cli
