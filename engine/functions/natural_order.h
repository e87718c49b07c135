// SPDX-License-Identifier: Apache-2.0
// The order of sort_by_label: "node-9" before "node-10".
#pragma once

#include <string_view>

namespace sloburn::engine {

// Whether `a` comes before `b`. Texts are compared run by run, of digits or of anything else: two
// runs that are int64 numbers by value, others byte by byte; the text that ends first comes first.
// As in Prometheus, an empty text comes before nothing.
bool PrecedesNaturally(std::string_view a, std::string_view b);

}  // namespace sloburn::engine
