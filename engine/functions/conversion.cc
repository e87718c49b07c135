// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "engine/functions/family.h"

namespace sloburn::engine {
namespace {

constexpr FunctionRow kRows[] = {
    {"scalar", {kV}, 1, 0, kS, VectorFunction::kScalar, nullptr, false, false,
     "The value of the only sample, else NaN."},
    {"vector", {kS}, 1, 0, kV, VectorFunction::kVector, nullptr, false, false,
     "A scalar as a sample without labels."},
};

}  // namespace

Family ConversionFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
