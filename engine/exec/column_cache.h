// SPDX-License-Identifier: Apache-2.0
// Random access to the series of an operator that yields them in order: a column is kept from the
// time it passes until its last announced use.
#pragma once

#include <vector>

#include "engine/exec/context.h"
#include "engine/exec/operator.h"

namespace sloburn::engine {

class ColumnCache {
 public:
  // `uses[i]`: how many times series i will be got. Both must outlive the cache.
  ColumnCache(Operator& input, std::vector<int> uses, ExecContext& context)
      : input_(input), uses_(std::move(uses)), columns_(uses_.size()), context_(context) {}

  // Valid until Release(index).
  absl::StatusOr<const Column*> Get(size_t index);
  // Ends one use.
  void Release(size_t index);

 private:
  Operator& input_;
  std::vector<int> uses_;
  std::vector<Column> columns_;
  size_t read_ = 0;
  ExecContext& context_;
};

}  // namespace sloburn::engine
