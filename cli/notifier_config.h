// SPDX-License-Identifier: Apache-2.0
// Configuration -> what the notifier needs.
#pragma once

#include "absl/status/statusor.h"
#include "cli/config.h"
#include "rules/notifier/notifier.h"
#include "web/dependencies.h"

namespace sloburn::cli {

// Each endpoint once, however often it is configured alike. Errors: those of ResolveTargets.
absl::StatusOr<rules::NotifierConfig> ToNotifierConfig(const Config& config);

// For the API: as configured. Targets that cannot be resolved are left out.
web::Alertmanagers ListAlertmanagers(const AlertingConfig& alerting);

}  // namespace sloburn::cli
