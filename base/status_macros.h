// SPDX-License-Identifier: Apache-2.0
// Propagation of absl::Status between functions.
//
//   RETURN_IF_ERROR(DoThis());
//   ASSIGN_OR_RETURN(auto value, ComputeThat());
//
// Both work in functions that return absl::Status or absl::StatusOr<T>.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define SLOBURN_CONCAT_INNER(a, b) a##b
#define SLOBURN_CONCAT(a, b) SLOBURN_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expression)                  \
  do {                                               \
    absl::Status sloburn_status = (expression);      \
    if (!sloburn_status.ok()) return sloburn_status; \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  SLOBURN_ASSIGN_OR_RETURN(SLOBURN_CONCAT(sloburn_result_, __LINE__), declaration, expression)

#define SLOBURN_ASSIGN_OR_RETURN(result, declaration, expression) \
  auto result = (expression);                                     \
  if (!result.ok()) return std::move(result).status();            \
  declaration = std::move(result).value()
