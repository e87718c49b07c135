// SPDX-License-Identifier: Apache-2.0
// Texts made fit for HTML and JavaScript, as Go does it; for URLs see base/form_escape.h. Pure;
// any thread.
#pragma once

#include <string>
#include <string_view>

namespace sloburn::rules {

std::string EscapeHtml(std::string_view text);
std::string EscapeJs(std::string_view text);

}  // namespace sloburn::rules
