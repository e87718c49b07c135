// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "engine/functions/family.h"

namespace sloburn::engine {
namespace {

constexpr FunctionRow kRows[] = {
    {"absent", {kV}, 1, 0, kV, VectorFunction::kAbsent, nullptr, false, false,
     "1 where the argument has no sample."},
    {"absent_over_time", {kM}, 1, 0, kV, VectorFunction::kAbsentOverTime, nullptr, false, false,
     "1 where the window has no sample of any series."},
};

}  // namespace

Family AbsentFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
