// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/column_cache.h"

#include "base/status_macros.h"

namespace sloburn::engine {

absl::StatusOr<const Column*> ColumnCache::Get(size_t index) {
  while (read_ <= index) {
    Column& column = columns_[read_];
    RETURN_IF_ERROR(input_.Next(column));
    if (uses_[read_] == 0) {
      column = Column();
    } else {
      RETURN_IF_ERROR(context_.Hold(HeldSamples(column)));
    }
    ++read_;
  }
  return &columns_[index];
}

void ColumnCache::Release(size_t index) {
  if (--uses_[index] > 0) return;
  context_.Release(HeldSamples(columns_[index]));
  columns_[index] = Column();
}

}  // namespace sloburn::engine
