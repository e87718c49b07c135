// SPDX-License-Identifier: Apache-2.0
// Prometheus' template functions over numbers, times and durations.
#include <cmath>

#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "parser/printer.h"
#include "rules/alert_template/functions.h"
#include "rules/alert_template/go_format.h"
#include "rules/alert_template/go_time.h"

namespace sloburn::rules {
namespace {

using Args = std::span<const Value>;
using Result = absl::StatusOr<Value>;

constexpr std::string_view kLarge[] = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
constexpr std::string_view kSmall[] = {"m", "u", "n", "p", "f", "a", "z", "y"};
constexpr std::string_view kBinary[] = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};

// Numbers of any kind, and texts that are numbers.
absl::StatusOr<double> ToFloat(const Value& held) {
  const Value value = held.Unwrapped();
  if (!value.is_pointer()) {
    switch (value.type()) {
      case GoType::kFloat64:
        return value.number();
      case GoType::kInt:
      case GoType::kInt64:
        return static_cast<double>(value.integer());
      case GoType::kDuration: {
        // As Go's Seconds: whole seconds and the rest apart.
        const int64_t whole = value.integer() / 1'000'000'000;
        return static_cast<double>(whole) +
               static_cast<double>(value.integer() % 1'000'000'000) / 1e9;
      }
      case GoType::kString: {
        bool is_out_of_range = false;
        const auto number = ParseGoFloat(value.text(), &is_out_of_range);
        if (number && !is_out_of_range) return *number;
        return absl::InvalidArgumentError(
            StrCat("strconv.ParseFloat: parsing ", GoQuote(value.text()), ": ",
                   is_out_of_range ? "value out of range" : "invalid syntax"));
      }
      default:
        break;
    }
  }
  return absl::InvalidArgumentError(StrCat("can't convert ", TypeName(value), " to float"));
}

// %.4g
std::string FourDigits(double value) {
  FormatFlags flags;
  flags.precision = 4;
  std::string text;
  AppendGoFloat(flags, value, 'g', text);
  return text;
}

std::string WithLargePrefix(double value, double unit, std::span<const std::string_view> prefixes) {
  std::string_view prefix;
  for (const std::string_view next : prefixes) {
    if (std::fabs(value) < unit) break;
    prefix = next;
    value /= unit;
  }
  return StrCat(FourDigits(value), prefix);
}

std::string WithSmallPrefix(double value) {
  std::string_view prefix;
  for (const std::string_view next : kSmall) {
    if (std::fabs(value) >= 1) break;
    prefix = next;
    value *= 1000;
  }
  return StrCat(FourDigits(value), prefix);
}

Result Humanize(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const double value, ToFloat(args[0]));
  if (value == 0 || !std::isfinite(value)) return Value::String(FourDigits(value));
  return Value::String(std::fabs(value) >= 1 ? WithLargePrefix(value, 1000, kLarge)
                                             : WithSmallPrefix(value));
}

Result Humanize1024(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const double value, ToFloat(args[0]));
  if (std::fabs(value) <= 1 || !std::isfinite(value)) return Value::String(FourDigits(value));
  return Value::String(WithLargePrefix(value, 1024, kBinary));
}

Result HumanizePercentage(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const double value, ToFloat(args[0]));
  return Value::String(FourDigits(value * 100) + "%");
}

std::string DurationText(double value) {
  if (!std::isfinite(value)) return FourDigits(value);
  if (value == 0) return FourDigits(value) + "s";
  if (std::fabs(value) < 1) return WithSmallPrefix(value) + "s";
  const char* const sign = value < 0 ? "-" : "";
  value = std::fabs(value);
  const int64_t whole = GoInt64(value);
  const int64_t seconds = whole % 60, minutes = whole / 60 % 60, hours = whole / 3600 % 24;
  const int64_t days = whole / 86400;
  if (days != 0) return StrCat(sign, days, "d ", hours, "h ", minutes, "m ", seconds, "s");
  if (hours != 0) return StrCat(sign, hours, "h ", minutes, "m ", seconds, "s");
  if (minutes != 0) return StrCat(sign, minutes, "m ", seconds, "s");
  return StrCat(sign, FourDigits(value), "s");
}

Result HumanizeDuration(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const double value, ToFloat(args[0]));
  return Value::String(DurationText(value));
}

// Seconds -> a time to the millisecond.
absl::StatusOr<GoTime> ToGoTime(double seconds) {
  const double nanoseconds = seconds * 1e9;
  if (nanoseconds > 0x1p63 || nanoseconds < -0x1p63) {
    return absl::InvalidArgumentError(
        StrCat(FormatFloatG(seconds),
               " cannot be represented as a nanoseconds timestamp since it overflows int64"));
  }
  const int64_t ms = GoInt64(nanoseconds) / 1'000'000;
  return GoTime{absl::FromUnixMillis(ms), absl::UTCTimeZone()};
}

Result HumanizeTimestamp(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const double value, ToFloat(args[0]));
  if (!std::isfinite(value)) return Value::String(FourDigits(value));
  ASSIGN_OR_RETURN(const GoTime time, ToGoTime(value));
  return Value::String(GoTimeText(time));
}

Result ToTime(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const double value, ToFloat(args[0]));
  if (!std::isfinite(value)) return absl::InvalidArgumentError("value is NaN or Inf");
  ASSIGN_OR_RETURN(const GoTime time, ToGoTime(value));
  return Value::Time(time).Pointer();
}

Result ToDuration(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const double value, ToFloat(args[0]));
  return Value::Int(GoInt64(value * 1e9), GoType::kDuration).Pointer();
}

Result Now(CallContext& context, Args) {
  return Value::Float(static_cast<double>(context.environment.timestamp_ms) / 1000.0);
}

Result ParseDuration(CallContext&, Args args) {
  std::string_view text = args[0].text();
  const bool is_negative = !text.empty() && text[0] == '-';
  if (is_negative) text.remove_prefix(1);
  ASSIGN_OR_RETURN(const int64_t ms, parser::ParseDuration(text));
  const double seconds = static_cast<double>(ms) * 1e6 / 1e9;
  return Value::Float(is_negative && ms != 0 ? -seconds : seconds);
}

constexpr TemplateFunction kFunctions[] = {
    {"humanize", kOneAny, false, Humanize},
    {"humanize1024", kOneAny, false, Humanize1024},
    {"humanizeDuration", kOneAny, false, HumanizeDuration},
    {"humanizePercentage", kOneAny, false, HumanizePercentage},
    {"humanizeTimestamp", kOneAny, false, HumanizeTimestamp},
    {"now", {}, false, Now},
    {"parseDuration", kOneString, false, ParseDuration},
    {"toDuration", kOneAny, false, ToDuration},
    {"toTime", kOneAny, false, ToTime},
};

}  // namespace

std::span<const TemplateFunction> NumberFunctions() { return kFunctions; }

}  // namespace sloburn::rules
