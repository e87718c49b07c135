// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/cell_rows.h"

namespace sloburn::engine {

StepSpan SpanOf(const Column& column) {
  size_t begin = 0, end = column.steps();
  while (begin < end && !column.has_sample(begin)) ++begin;
  while (end > begin && !column.has_sample(end - 1)) --end;
  return {begin, end};
}

}  // namespace sloburn::engine
