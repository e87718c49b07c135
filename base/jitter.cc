// SPDX-License-Identifier: Apache-2.0
#include "base/jitter.h"

#include <random>

namespace sloburn {

double Jitter() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(1.0, 1.2)(random);
}

}  // namespace sloburn
