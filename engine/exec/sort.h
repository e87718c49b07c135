// SPDX-License-Identifier: Apache-2.0
// sort, sort_desc, sort_by_label and sort_by_label_desc: the order of an instant vector.
#pragma once

#include <string>
#include <vector>

#include "engine/exec/operator.h"

namespace sloburn::engine {

// By value, NaN last in both directions; histograms are left out. REQUIRES: one step.
OperatorPtr MakeSort(OperatorPtr input, bool is_descending);

// What MakeSort leaves of the samples, over any number of steps, in the order they come.
OperatorPtr MakeFloatsOnly(OperatorPtr input);

// By the values of `labels` in natural order, then by all labels. REQUIRES: one step.
OperatorPtr MakeSortByLabel(OperatorPtr input, std::vector<std::string> labels,
                            bool is_descending);

}  // namespace sloburn::engine
