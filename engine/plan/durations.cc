// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/durations.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace sloburn::engine {
namespace {

using Kind = parser::DurationExpr::Kind;

// The largest duration: 2^63 nanoseconds, in seconds.
constexpr double kMaxSeconds = 9223372036.854775807;

absl::Status ErrorAt(const parser::SourceRange& range, std::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(range.begin, ":", range.end, ": ", std::string(message)));
}

// Nesting is bounded by the parser's limit.
absl::StatusOr<double> Evaluate(const parser::DurationExpr& expr, const TimeRange& query_range) {
  switch (expr.kind) {
    case Kind::kLiteral: return expr.seconds;
    case Kind::kStep:
      return query_range.is_instant() ? 0.0 : static_cast<double>(query_range.step_ms) / 1000;
    case Kind::kRange:
      return static_cast<double>(query_range.end_ms - query_range.start_ms) / 1000;
    default: break;
  }
  double lhs = 0, rhs = 0;
  if (expr.lhs != nullptr) {
    ASSIGN_OR_RETURN(lhs, Evaluate(*expr.lhs, query_range));
  }
  if (expr.rhs != nullptr) {
    ASSIGN_OR_RETURN(rhs, Evaluate(*expr.rhs, query_range));
  }
  switch (expr.kind) {
    case Kind::kPlus: return lhs;
    case Kind::kNegate: return -lhs;
    case Kind::kAdd: return lhs + rhs;
    case Kind::kSubtract: return lhs - rhs;
    case Kind::kMultiply: return lhs * rhs;
    case Kind::kDivide:
      if (rhs == 0) return ErrorAt(expr.range, "division by zero");
      return lhs / rhs;
    case Kind::kModulo:
      if (rhs == 0) return ErrorAt(expr.range, "modulo by zero");
      return std::fmod(lhs, rhs);
    case Kind::kPower: return std::pow(lhs, rhs);
    case Kind::kMinOf: return std::fmin(lhs, rhs);
    default: return std::fmax(lhs, rhs);
  }
}

}  // namespace

absl::StatusOr<int64_t> ResolveDuration(const parser::Duration& duration,
                                        const TimeRange& query_range, DurationUse use) {
  if (duration.expr == nullptr) return duration.ms;
  ASSIGN_OR_RETURN(const double seconds, Evaluate(*duration.expr, query_range));
  const parser::SourceRange& range = duration.expr->range;
  if (!std::isfinite(seconds)) return ErrorAt(range, "duration is NaN or infinite");
  if (use == DurationUse::kRangeOrStep && seconds <= 0) {
    return ErrorAt(range, "duration must be greater than 0");
  }
  if (std::fabs(seconds) > kMaxSeconds) return ErrorAt(range, "duration is out of range");
  return static_cast<int64_t>(seconds * 1000);
}

}  // namespace sloburn::engine
