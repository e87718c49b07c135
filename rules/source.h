// SPDX-License-Identifier: Apache-2.0
// What the rules ask of the place their data comes from. Implemented by the sync from a Prometheus;
// without one (data is pushed to us, or generated) both pointers are null.
//
// Threads: all functions may be called from several groups at the same time.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "engine/engine.h"

namespace sloburn::rules {

class Coverage {
 public:
  virtual ~Coverage() = default;
  // Whether the store holds all that `selector` reads in an evaluation at `eval_ms` (the query's
  // time, Unix ms). If not, *why tells it to a user: "window of 30d is loaded back to ...". Of what
  // lies after eval_ms (a negative offset) nothing is asked: as in Prometheus, a query finds of it
  // what has happened.
  virtual bool Covers(const engine::PreparedQuery::Selector& selector, int64_t eval_ms,
                      std::string* why) const = 0;
};

class SourcePull {
 public:
  virtual ~SourcePull() = default;
  // Brings the store up to `t_ms` (the query's time of the tick, or later). On an error the rules
  // of the group show its message, and the tick writes nothing: no sample, no staleness marker, no
  // change of an alert.
  virtual absl::Status BeforeTick(int64_t t_ms) = 0;
};

}  // namespace sloburn::rules
