// SPDX-License-Identifier: Apache-2.0
// The native histograms in sum and avg: their totals per group and step, beside those of floats,
// and what is to be said where the two do not go together.
//
// Holds entries only for groups and steps that have histograms. Threads: one.
#pragma once

#include <unordered_map>

#include "engine/exec/context.h"
#include "engine/functions/histogram_total.h"
#include "parser/source_range.h"

namespace sloburn::engine {

class HistogramTotals {
 public:
  // `place` is that of the aggregated expression.
  HistogramTotals(bool is_mean, parser::SourceRange place, ExecContext& context)
      : is_mean_(is_mean), place_(place), context_(context) {}

  bool empty() const { return entries_.empty(); }

  // `cell` is a group at a step; `has_float` tells whether a float came before.
  void Add(size_t cell, const HistogramPtr& histogram, bool has_float, std::string_view metric);

  // Incompatible histograms came before: whatever follows is not looked at.
  bool IsBroken(size_t cell) const;

  enum class Outcome { kNoHistogram, kNothing, kHistogram };
  // The total of a cell, with its annotations; takes it.
  Outcome Take(size_t cell, bool has_float, HistogramPtr* total);

 private:
  struct Entry {
    std::optional<HistogramTotal> total;  // unset where a float came first
    bool is_broken = false;
  };

  const bool is_mean_;
  const parser::SourceRange place_;
  ExecContext& context_;
  std::unordered_map<size_t, Entry> entries_;
};

}  // namespace sloburn::engine
