// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/histogram_totals.h"

#include "base/utf8.h"
#include "engine/exec/annotation_texts.h"

namespace sloburn::engine {

void HistogramTotals::Add(size_t cell, const HistogramPtr& histogram, bool has_float,
                          std::string_view metric) {
  const auto [position, is_new] = entries_.try_emplace(cell);
  Entry& entry = position->second;
  if (is_new) {
    if (!has_float) entry.total.emplace(*histogram, is_mean_);
    return;
  }
  if (entry.is_broken || !entry.total || entry.total->Add(*histogram)) return;
  entry.is_broken = true;
  context_.annotations.Warn(place_, StrCat(notes::kMixedSchemas, " ", GoQuote(metric)));
}

bool HistogramTotals::IsBroken(size_t cell) const {
  const auto found = entries_.find(cell);
  return found != entries_.end() && found->second.is_broken;
}

HistogramTotals::Outcome HistogramTotals::Take(size_t cell, bool has_float, HistogramPtr* total) {
  const auto found = entries_.find(cell);
  if (found == entries_.end()) return Outcome::kNoHistogram;
  Entry& entry = found->second;
  if (entry.total && entry.total->has_reconciled_bounds()) {
    context_.annotations.Inform(place_, StrCat(notes::kBoundsReconciled, " aggregation"));
  }
  if (has_float) {
    context_.annotations.Warn(place_, notes::kMixedInAggregation);
    return Outcome::kNothing;
  }
  if (entry.is_broken) return Outcome::kNothing;
  Histogram result = entry.total->Result();
  result.Compact();
  *total = std::make_shared<const Histogram>(std::move(result));
  if (entry.total->has_reset_collision()) {
    context_.annotations.Warn(place_, StrCat(notes::kResetCollision, " aggregation"));
  }
  return Outcome::kHistogram;
}

}  // namespace sloburn::engine
