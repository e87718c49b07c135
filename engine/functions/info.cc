// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "engine/functions/family.h"

namespace sloburn::engine {
namespace {

constexpr FunctionRow kRows[] = {
    {"info", {kV, kV}, 2, 1, kV, VectorFunction::kInfo, nullptr, true, true,
     "Adds the labels of matching info metrics."},
};

}  // namespace

Family InfoFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
