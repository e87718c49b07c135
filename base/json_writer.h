// SPDX-License-Identifier: Apache-2.0
// Appends JSON text to a string. For large streamed answers; small documents use nlohmann_json.
#pragma once

#include <string>
#include <string_view>

namespace sloburn {

// Appends `text` quoted. Bytes that are not UTF-8 become U+FFFD, so the result is always valid
// JSON. With `html_escape`, < > & and U+2028/2029 are written as \u escapes, as Go's encoder does.
void AppendJsonString(std::string& out, std::string_view text, bool html_escape = false);

}  // namespace sloburn
