// SPDX-License-Identifier: Apache-2.0
// Short forms for the rows of function families. Private to engine/functions.
#pragma once

#include "engine/functions/function.h"

namespace sloburn::engine {

inline constexpr ValueType kS = ValueType::kScalar;
inline constexpr ValueType kV = ValueType::kInstantVector;
inline constexpr ValueType kM = ValueType::kRangeVector;
inline constexpr ValueType kT = ValueType::kString;

// The families, each in the file of its name.
struct Family {
  const FunctionRow* rows;
  size_t size;
};
Family MathFunctions();
Family TrigFunctions();
Family RateFunctions();
Family OverTimeFunctions();
Family RegressionFunctions();
Family QuantileFunctions();
Family TimeFunctions();
Family LabelFunctions();
Family HistogramFunctions();
Family SortFunctions();
Family AbsentFunctions();
Family ConversionFunctions();
Family InfoFunctions();

constexpr FunctionRow Point(std::string_view name, PointFunction function,
                            std::string_view description) {
  return {name, {kV}, 1, 0, kV, function, nullptr, false, false, description};
}

constexpr FunctionRow OverTime(std::string_view name, WindowFunction function,
                               std::string_view description) {
  return {name, {kM}, 1, 0, kV, function, nullptr, false, false, description};
}

// A function of windows that has a faster way over all windows of a series.
constexpr FunctionRow Sliding(SeriesFunction sliding, FunctionRow row) {
  row.sliding = sliding;
  return row;
}

// A function of windows that facts about them are enough for.
constexpr FunctionRow OfFacts(uint32_t kinds, FactsFunction of_facts, FunctionRow row) {
  row.of_facts = of_facts;
  row.facts = kinds;
  return row;
}

// A function of windows that has something to do with histograms.
constexpr FunctionRow Mixed(MixedWindowFunction mixed, FunctionRow row) {
  row.mixed = mixed;
  return row;
}

}  // namespace sloburn::engine
