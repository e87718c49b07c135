// SPDX-License-Identifier: Apache-2.0
// The labels of a series as they came over the wire, before they are known to be good.
//
//   if (auto invalid = FindInvalid(views)) return InvalidArgumentError(*invalid);
//   Labels labels = BuildLabels(views);
//
// Views point into the message that was decoded. Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/labels.h"

namespace sloburn::remote {

using LabelViews = std::vector<std::pair<std::string_view, std::string_view>>;

// What makes a receiver leave the series out, in Prometheus' words: no or an empty __name__, an
// empty name, invalid UTF-8, or a name that is there twice. nullopt where the labels are good.
// Sorts them by name.
std::optional<std::string> FindInvalid(LabelViews& views);

// Sorts; without empty values, and of equal names with the last.
Labels BuildLabels(LabelViews& views);

// `{__name__="a", b="c"}`, in the order given.
std::string PrintLabels(const LabelViews& views);

}  // namespace sloburn::remote
