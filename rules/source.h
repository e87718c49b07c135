// SPDX-License-Identifier: Apache-2.0
// What the rules ask of the place their data comes from. Implemented by the sync from a Prometheus;
// without one (data is pushed to us, or generated) both pointers are null.
//
// Threads: all functions may be called from several groups at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/engine.h"

namespace sloburn::rules {

// What the rules of a group read: made once, as the group is loaded.
struct GroupReads {
  std::vector<std::string> selectors;  // SelectorText of their matchers, each once
  std::vector<std::string> metrics;    // the names that selectors are bound to, each once
};

// A group as the source's dependency: what it reads, writes, and how late it asks.
struct GroupSeries {
  std::shared_ptr<const GroupReads> reads;
  std::set<std::string> writes;  // metric names, ALERTS and ALERTS_FOR_STATE where it has alerts
  absl::Duration query_offset;
};

// The metric name that all series which match have; "" where they may have several.
std::string_view MetricOf(const Matchers& matchers);

GroupReads ReadsOf(const std::vector<engine::PreparedQuery::Selector>& selectors);

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
  // Brings what a group reads up to `t_ms` (the query's time of the tick, or later). On an error the
  // rules of the group show its message, and the tick writes nothing: no sample, no staleness marker,
  // no change of an alert.
  virtual absl::Status BeforeTick(const GroupReads& reads, int64_t t_ms) = 0;
};

}  // namespace sloburn::rules
