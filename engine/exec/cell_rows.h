// SPDX-License-Identifier: Apache-2.0
// The cells of a group by step, only as far as there are samples: groups may be many and each live
// for a few steps only.
//
//   CellRow<SumStates> row;
//   RETURN_IF_ERROR(row.Cover(first, end, steps, context));  // steps [first, end)
//   row.states().Add(row.cell(step), value);
//
// Counts what it holds against the query's limit. Threads: one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/status_macros.h"
#include "engine/exec/context.h"

namespace sloburn::engine {

// The steps [begin, end) between the first and the last sample.
struct StepSpan {
  size_t begin = 0, end = 0;
  bool empty() const { return begin == end; }
};
StepSpan SpanOf(const Column& column);

// `States` has Grow(in_front, size): to `size` cells, `in_front` of them new ones before the others.
template <typename States>
class CellRow {
 public:
  // Makes room for `span`, which is not empty, within `steps`.
  absl::Status Cover(StepSpan span, size_t steps, ExecContext& context) {
    if (!is_seen_.empty() && span.begin >= begin_ && span.end <= end()) return absl::OkStatus();
    const size_t size = is_seen_.size();
    size_t begin = span.begin, end = span.end;
    if (size > 0) {
      // Where a row grows time and again it does so by more and more.
      begin = std::min(begin, begin_);
      end = std::max(end, this->end());
      if (begin < begin_) begin = std::min(begin, begin_ - std::min(begin_, size / 2));
      if (end > this->end()) end = std::min(steps, std::max(end, this->end() + size / 2));
    }
    RETURN_IF_ERROR(context.Hold(static_cast<int64_t>(end - begin - size)));
    const size_t in_front = size > 0 ? begin_ - begin : 0;
    states_.Grow(in_front, end - begin);
    is_seen_.insert(is_seen_.begin(), in_front, 0);
    is_seen_.resize(end - begin, 0);
    begin_ = begin;
    return absl::OkStatus();
  }

  bool empty() const { return is_seen_.empty(); }
  size_t begin() const { return begin_; }
  size_t end() const { return begin_ + is_seen_.size(); }
  bool is_seen(size_t step) const {
    return step >= begin_ && step < end() && is_seen_[step - begin_] != 0;
  }
  // REQUIRES: the step is covered.
  void See(size_t step) { is_seen_[step - begin_] = 1; }
  // The first step from `step` on that no sample was seen at; end() where there is none.
  size_t FirstUnseen(size_t step) const {
    const void* const found = std::memchr(is_seen_.data() + cell(step), 0, end() - step);
    if (found == nullptr) return end();
    return begin_ + (static_cast<const uint8_t*>(found) - is_seen_.data());
  }
  size_t cell(size_t step) const { return step - begin_; }
  States& states() { return states_; }
  const States& states() const { return states_; }

  void Clear(ExecContext& context) {
    context.Release(static_cast<int64_t>(is_seen_.size()));
    *this = CellRow();
  }

 private:
  size_t begin_ = 0;
  States states_;
  std::vector<uint8_t> is_seen_;
};

}  // namespace sloburn::engine
