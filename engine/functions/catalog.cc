// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "engine/functions/family.h"

namespace sloburn::engine {
namespace {

const std::vector<const FunctionRow*>& SortedRows() {
  static const std::vector<const FunctionRow*>* const rows = [] {
    auto* const all = new std::vector<const FunctionRow*>();
    for (const Family& family :
         {MathFunctions(), TrigFunctions(), RateFunctions(), OverTimeFunctions(),
          RegressionFunctions(), QuantileFunctions(), TimeFunctions(), LabelFunctions(),
          HistogramFunctions(), SortFunctions(), AbsentFunctions(), ConversionFunctions(),
          InfoFunctions()}) {
      for (size_t i = 0; i < family.size; ++i) all->push_back(&family.rows[i]);
    }
    std::sort(all->begin(), all->end(),
              [](const FunctionRow* a, const FunctionRow* b) { return a->name < b->name; });
    return all;
  }();
  return *rows;
}

}  // namespace

std::string_view TypeName(ValueType type) {
  switch (type) {
    case ValueType::kScalar: return "scalar";
    case ValueType::kString: return "string";
    case ValueType::kInstantVector: return "instant vector";
    case ValueType::kRangeVector: return "range vector";
  }
  return "";
}

const FunctionRow* FindFunction(std::string_view name) {
  const auto& rows = SortedRows();
  const auto row =
      std::lower_bound(rows.begin(), rows.end(), name,
                       [](const FunctionRow* a, std::string_view b) { return a->name < b; });
  return row != rows.end() && (*row)->name == name ? *row : nullptr;
}

FunctionRows AllFunctions() { return {SortedRows().data(), SortedRows().size()}; }

}  // namespace sloburn::engine
