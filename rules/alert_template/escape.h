// SPDX-License-Identifier: Apache-2.0
// Texts made fit for HTML, JavaScript and URLs, as Go does it. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace sloburn::rules {

std::string EscapeHtml(std::string_view text);
std::string EscapeJs(std::string_view text);
std::string EscapeUrlQuery(std::string_view text);

}  // namespace sloburn::rules
