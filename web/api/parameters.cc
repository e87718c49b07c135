// SPDX-License-Identifier: Apache-2.0
#include "web/api/parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/model/time_range.h"
#include "parser/printer.h"
#include "web/api/error_response.h"

namespace sloburn::web {
namespace {

constexpr int64_t kBoundarySeconds = 9223309901257974;
constexpr std::string_view kMinTimeText = "-292273086-05-16T16:47:06Z";
constexpr std::string_view kMaxTimeText = "292277025-08-18T07:12:54.999999999Z";

// Reads `width` digits at `position` and moves past them.
std::optional<int> TakeDigits(std::string_view text, size_t& position, int width) {
  int value = 0;
  for (int i = 0; i < width; ++i, ++position) {
    if (position >= text.size() || !absl::ascii_isdigit(text[position])) return std::nullopt;
    value = value * 10 + (text[position] - '0');
  }
  return value;
}

bool TakeCharacter(std::string_view text, size_t& position, char expected) {
  if (position >= text.size() || text[position] != expected) return false;
  ++position;
  return true;
}

// ".123456789": more digits than nine are cut off.
std::optional<absl::Duration> TakeFraction(std::string_view text, size_t& position) {
  if (position >= text.size() || (text[position] != '.' && text[position] != ',')) {
    return absl::ZeroDuration();
  }
  const size_t begin = ++position;
  int64_t nanoseconds = 0;
  int64_t unit = 100'000'000;
  for (; position < text.size() && absl::ascii_isdigit(text[position]); ++position) {
    nanoseconds += unit * (text[position] - '0');
    unit /= 10;
  }
  if (position == begin) return std::nullopt;
  return absl::Nanoseconds(nanoseconds);
}

std::optional<absl::Duration> TakeZone(std::string_view text, size_t& position) {
  if (TakeCharacter(text, position, 'Z')) return absl::ZeroDuration();
  const bool is_negative = position < text.size() && text[position] == '-';
  if (!is_negative && (position >= text.size() || text[position] != '+')) return std::nullopt;
  ++position;
  const auto hours = TakeDigits(text, position, 2);
  if (!hours || *hours > 24 || !TakeCharacter(text, position, ':')) return std::nullopt;
  const auto minutes = TakeDigits(text, position, 2);
  if (!minutes || *minutes > 60) return std::nullopt;
  const absl::Duration offset = absl::Hours(*hours) + absl::Minutes(*minutes);
  return is_negative ? -offset : offset;
}

std::optional<absl::Time> ParseRfc3339(std::string_view text) {
  static constexpr char kAfter[] = {'-', '-', 'T', ':', ':'};
  size_t position = 0;
  int part[6];
  for (int i = 0; i < 6; ++i) {
    const auto digits = TakeDigits(text, position, i == 0 ? 4 : 2);
    if (!digits || (i < 5 && !TakeCharacter(text, position, kAfter[i]))) return std::nullopt;
    part[i] = *digits;
  }
  if (part[3] > 23 || part[4] > 59 || part[5] > 59) return std::nullopt;
  const absl::CivilSecond civil(part[0], part[1], part[2], part[3], part[4], part[5]);
  if (civil.month() != part[1] || civil.day() != part[2]) return std::nullopt;  // 31 February
  const auto fraction = TakeFraction(text, position);
  if (!fraction) return std::nullopt;
  const auto offset = TakeZone(text, position);
  if (!offset || position != text.size()) return std::nullopt;
  return absl::FromCivil(civil, absl::UTCTimeZone()) + *fraction - *offset;
}

std::optional<double> ParseInRange(std::string_view text) {
  bool out_of_range = false;
  const std::optional<double> value = ParseGoFloat(text, &out_of_range);
  return out_of_range ? std::nullopt : value;
}

}  // namespace

absl::Time MinApiTime() { return absl::FromUnixSeconds(-kBoundarySeconds); }
absl::Time MaxApiTime() {
  return absl::FromUnixSeconds(kBoundarySeconds) + absl::Nanoseconds(999'999'999);
}

absl::StatusOr<absl::Time> ParseApiTime(std::string_view text) {
  if (const auto value = ParseInRange(text); value && std::isfinite(*value)) {
    double seconds = 0;
    double fraction = std::modf(*value, &seconds);
    fraction = std::round(fraction * 1000) / 1000;
    seconds = std::clamp(seconds, static_cast<double>(-kBoundarySeconds),
                         static_cast<double>(kBoundarySeconds));
    return absl::FromUnixSeconds(static_cast<int64_t>(seconds)) +
           absl::Nanoseconds(static_cast<int64_t>(fraction * 1e9));
  }
  if (const auto time = ParseRfc3339(text)) return *time;
  if (text == kMinTimeText) return MinApiTime();
  if (text == kMaxTimeText) return MaxApiTime();
  return absl::InvalidArgumentError(
      StrCat("cannot parse ", GoQuote(text), " to a valid timestamp"));
}

absl::StatusOr<absl::Duration> ParseApiDuration(std::string_view text) {
  if (const auto seconds = ParseInRange(text)) {
    const double nanoseconds = *seconds * 1e9;
    // 2^63 is the first double that does not fit.
    if (!(nanoseconds < 9223372036854775808.0 && nanoseconds >= -9223372036854775808.0)) {
      return absl::InvalidArgumentError(
          StrCat("cannot parse ", GoQuote(text), " to a valid duration. It overflows int64"));
    }
    return absl::Nanoseconds(static_cast<int64_t>(nanoseconds));
  }
  if (const auto ms = parser::ParseDuration(text); ms.ok()) return absl::Milliseconds(*ms);
  return absl::InvalidArgumentError(StrCat("cannot parse ", GoQuote(text), " to a valid duration"));
}

absl::StatusOr<absl::Time> TimeParameter(const Form& form, std::string_view name,
                                         absl::Time default_time) {
  const std::string_view text = form.Get(name);
  if (text.empty()) return default_time;
  absl::StatusOr<absl::Time> time = ParseApiTime(text);
  if (time.ok()) return time;
  return InvalidParameter(name,
                          StrCat("invalid time value for '", name, "': ", time.status().message()));
}

absl::StatusOr<int64_t> ParseGoInteger(std::string_view text, std::string_view function) {
  std::string_view digits = text;
  // Unlike from_chars, Go takes a plus sign; but only one sign.
  if (digits.size() > 1 && digits[0] == '+' && absl::ascii_isdigit(digits[1])) {
    digits.remove_prefix(1);
  }
  int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, value);
  if (result.ec == std::errc() && result.ptr == end) return value;
  const bool out_of_range = result.ec == std::errc::result_out_of_range && result.ptr == end;
  return absl::InvalidArgumentError(StrCat(function, ": parsing ", GoQuote(text), ": ",
                                           out_of_range ? "value out of range" : "invalid syntax"));
}

absl::StatusOr<int64_t> LimitParameter(const Form& form, std::string_view name) {
  const std::string_view text = form.Get(name);
  if (text.empty()) return 0;
  const absl::StatusOr<int64_t> limit = ParseGoInteger(text, "strconv.Atoi");
  if (!limit.ok()) return InvalidParameter(name, MessageOf(limit.status()));
  if (*limit < 0) return InvalidParameter(name, "limit must be non-negative");
  return *limit;
}

int64_t ToEngineMs(absl::Time time) {
  return std::clamp(absl::ToUnixMillis(time), kMinTimeMs, kMaxTimeMs);
}

}  // namespace sloburn::web
