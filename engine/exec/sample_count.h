// SPDX-License-Identifier: Apache-2.0
// The parameter of topk, bottomk and limitk: how many samples, at every step.
#pragma once

#include "absl/status/statusor.h"
#include "engine/exec/operator.h"

namespace sloburn::engine {

// False where nothing is to be chosen at any step. Otherwise FailedPrecondition, in Prometheus'
// words, where a value at some step is NaN or no int64.
absl::StatusOr<bool> ChecksAsSampleCount(const Column& k);

}  // namespace sloburn::engine
