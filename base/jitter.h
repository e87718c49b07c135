// SPDX-License-Identifier: Apache-2.0
// The factor that spreads the pauses of many clients. Threads: any.
#pragma once

namespace sloburn {

// Random, in [1, 1.2).
double Jitter();

}  // namespace sloburn
