// SPDX-License-Identifier: Apache-2.0
// Constants in templates, read as Go's strconv reads them. Pure; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "rules/alert_template/lexer.h"
#include "rules/alert_template/tree.h"

namespace sloburn::rules {

// `literal` with its quotes, double or back. InvalidArgument: "invalid syntax".
absl::StatusOr<std::string> UnquoteGoString(std::string_view literal);

// REQUIRES: the token is a kNumber, kCharConstant or kComplex.
// InvalidArgument: `illegal number syntax: "0x"`, `integer overflow: "1..."`.
absl::StatusOr<std::unique_ptr<NumberNode>> ReadGoNumber(const TemplateToken& token);

}  // namespace sloburn::rules
