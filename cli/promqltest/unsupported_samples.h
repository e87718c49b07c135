// SPDX-License-Identifier: Apache-2.0
// The samples of a script that this version cannot hold (start timestamps), and
// whether a query reads one of them. A case that does is failed with the reason, never passed by
// luck. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/promqltest/script.h"
#include "engine/engine.h"

namespace sloburn::cli {

class UnsupportedSamples {
 public:
  void Clear() { series_.clear(); }

  // Takes what it cannot hold from one series of `load`.
  void Add(const LoadCommand& load, const ScriptSeries& series);

  // Why `query`, evaluated over `range`, is not supported; unset where it reads floats only.
  std::optional<std::string> ReasonFor(const engine::PreparedQuery& query,
                                       const TimeRange& range) const;

 private:
  struct Series {
    Labels labels;
    std::string reason;
    std::vector<int64_t> times_ms;
  };
  std::vector<Series> series_;
};

}  // namespace sloburn::cli
