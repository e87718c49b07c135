// SPDX-License-Identifier: Apache-2.0
// Text as a value in a URL's query or a form: Go's url.QueryEscape. Threads: pure function.
#pragma once

#include <string>
#include <string_view>

namespace sloburn {

// A space becomes '+'; letters, digits and -_.~ stay.
std::string FormEscape(std::string_view text);

}  // namespace sloburn
