// SPDX-License-Identifier: Apache-2.0
// Where a server shows an expression. Threads: pure function.
#pragma once

#include <string>
#include <string_view>

#include "base/form_escape.h"
#include "base/str_cat.h"

namespace sloburn::rules {

enum class GraphTab { kGraph = 0, kTable = 1 };

// "/graph?g0.expr=up&g0.tab=1", below the server's URL.
inline std::string GraphPath(std::string_view expr, GraphTab tab) {
  return StrCat("/graph?g0.expr=", FormEscape(expr), "&g0.tab=", static_cast<int>(tab));
}

}  // namespace sloburn::rules
