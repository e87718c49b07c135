// SPDX-License-Identifier: Apache-2.0
// Pulls all selectors of a Sync at once.
#pragma once

#include "absl/status/status.h"
#include "engine/remote/sync.h"

namespace sloburn::remote {

inline absl::Status PullAll(Sync& sync, int64_t t_ms) {
  return sync.PullUpTo(t_ms, sync.Behind(t_ms));
}

}  // namespace sloburn::remote
