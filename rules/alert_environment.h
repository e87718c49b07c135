// SPDX-License-Identifier: Apache-2.0
// What templates of one rule's evaluation see beside their element: time, external labels and URL,
// and the store, for `query`.
#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"
#include "engine/engine.h"
#include "engine/storage/storage.h"
#include "rules/alert_template/environment.h"

namespace sloburn::rules {

// Queries run at `eval_time` over `view`; a query that several elements make runs once. `view` and
// what `options` points to must outlive the result, which belongs to one thread.
TemplateEnvironment MakeAlertEnvironment(const Snapshot& view, absl::Time eval_time,
                                         const engine::QueryOptions& options,
                                         const std::map<std::string, std::string>& external_labels,
                                         std::string external_url, const TemplateLimits& limits);

}  // namespace sloburn::rules
