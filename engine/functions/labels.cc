// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "engine/functions/family.h"

namespace sloburn::engine {
namespace {

constexpr FunctionRow kRows[] = {
    {"label_replace",
     {kV, kT, kT, kT, kT},
     5,
     0,
     kV,
     VectorFunction::kLabelReplace,
     nullptr,
     true,
     false,
     "Sets a label from a regular expression match on another."},
    {"label_join",
     {kV, kT, kT, kT},
     4,
     -1,
     kV,
     VectorFunction::kLabelJoin,
     nullptr,
     true,
     false,
     "Sets a label to the joined values of others."},
};

}  // namespace

Family LabelFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
