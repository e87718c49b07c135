// SPDX-License-Identifier: Apache-2.0
// How a query was evaluated, as JSON: what /api/v1/query and /api/v1/query_range add with
// `explain=true`.
#pragma once

#include <string>
#include <vector>

#include "engine/explain.h"

namespace sloburn::web {

// [{"depth":0,"operation":"sum","notes":[],"series":1,"samplesRead":0,"threads":1,
//   "totalTime":0.25,"selfTime":0.01},...], times in seconds.
void AppendExplanationJson(std::string& out, const std::vector<engine::ExplainRow>& rows);

}  // namespace sloburn::web
