// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "engine/functions/family.h"

namespace sloburn::engine {
namespace {

constexpr FunctionRow kRows[] = {
    {"sort", {kV}, 1, 0, kV, VectorFunction::kSort, nullptr, true, false,
     "Orders an instant vector by value, ascending."},
    {"sort_desc", {kV}, 1, 0, kV, VectorFunction::kSortDesc, nullptr, true, false,
     "Orders an instant vector by value, descending."},
    {"sort_by_label", {kV, kT}, 2, -1, kV, VectorFunction::kSortByLabel, nullptr, true, true,
     "Orders an instant vector by labels, ascending."},
    {"sort_by_label_desc", {kV, kT}, 2, -1, kV, VectorFunction::kSortByLabelDesc, nullptr, true, true,
     "Orders an instant vector by labels, descending."},
};

}  // namespace

Family SortFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
