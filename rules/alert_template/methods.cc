// SPDX-License-Identifier: Apache-2.0
// The methods of Go's times and durations, and of Prometheus' histograms.
#include <cmath>

#include "absl/time/civil_time.h"
#include "base/str_cat.h"
#include "engine/model/histogram_text.h"
#include "rules/alert_template/functions.h"
#include "rules/alert_template/go_time.h"

namespace sloburn::rules {
namespace {

using Args = std::span<const Value>;
using Result = absl::StatusOr<Value>;

const GoTime& TimeOf(Args args) { return args[0].time(); }
absl::TimeZone::CivilInfo CivilOf(Args args) { return TimeOf(args).zone.At(TimeOf(args).time); }

Value TimeIn(absl::Time time, absl::TimeZone zone) { return Value::Time({time, zone}); }

Result TimeString(CallContext&, Args args) { return Value::String(GoTimeText(TimeOf(args))); }
Result TimeGoString(CallContext&, Args args) { return Value::String(GoTimeSource(TimeOf(args))); }
Result TimeFormat(CallContext& context, Args args) {
  return TextResult(context, FormatGoTime(TimeOf(args), args[1].text()));
}
Result TimeUnix(CallContext&, Args args) {
  return Value::Int(absl::ToUnixSeconds(TimeOf(args).time), GoType::kInt64);
}
Result TimeUnixMilli(CallContext&, Args args) {
  return Value::Int(absl::ToUnixMillis(TimeOf(args).time), GoType::kInt64);
}
Result TimeUnixMicro(CallContext&, Args args) {
  return Value::Int(absl::ToUnixMicros(TimeOf(args).time), GoType::kInt64);
}
Result TimeUnixNano(CallContext&, Args args) {
  return Value::Int(absl::ToUnixNanos(TimeOf(args).time), GoType::kInt64);
}
Result TimeYear(CallContext&, Args args) { return Value::Int(CivilOf(args).cs.year()); }
Result TimeMonth(CallContext&, Args args) {
  return Value::Int(CivilOf(args).cs.month(), GoType::kMonth);
}
Result TimeDay(CallContext&, Args args) { return Value::Int(CivilOf(args).cs.day()); }
Result TimeHour(CallContext&, Args args) { return Value::Int(CivilOf(args).cs.hour()); }
Result TimeMinute(CallContext&, Args args) { return Value::Int(CivilOf(args).cs.minute()); }
Result TimeSecond(CallContext&, Args args) { return Value::Int(CivilOf(args).cs.second()); }
Result TimeNanosecond(CallContext&, Args args) {
  return Value::Int(absl::ToInt64Nanoseconds(CivilOf(args).subsecond));
}
Result TimeWeekday(CallContext&, Args args) {
  // absl counts from Monday.
  const auto weekday = static_cast<int64_t>(absl::GetWeekday(CivilOf(args).cs));
  return Value::Int((weekday + 1) % 7, GoType::kWeekday);
}
Result TimeYearDay(CallContext&, Args args) {
  return Value::Int(absl::GetYearDay(absl::CivilDay(CivilOf(args).cs)));
}
Result TimeUtc(CallContext&, Args args) { return TimeIn(TimeOf(args).time, absl::UTCTimeZone()); }
Result TimeLocal(CallContext&, Args args) {
  return TimeIn(TimeOf(args).time, absl::LocalTimeZone());
}
Result TimeIsZero(CallContext&, Args args) {
  return Value::Bool(TimeOf(args).time == absl::FromUnixSeconds(-62135596800));
}
Result TimeAdd(CallContext&, Args args) {
  return TimeIn(TimeOf(args).time + absl::Nanoseconds(args[1].integer()), TimeOf(args).zone);
}
Result TimeSub(CallContext&, Args args) {
  const absl::Duration difference = TimeOf(args).time - args[1].time().time;
  return Value::Int(absl::ToInt64Nanoseconds(difference), GoType::kDuration);
}
Result TimeAddDate(CallContext&, Args args) {
  constexpr int64_t kMost = 1'000'000;
  for (const Value& arg : args.subspan(1)) {
    if (std::abs(arg.integer()) > kMost) return absl::InvalidArgumentError("date is out of range");
  }
  const absl::TimeZone::CivilInfo info = CivilOf(args);
  const absl::CivilSecond& cs = info.cs;
  const absl::CivilMonth month =
      absl::CivilMonth(cs.year() + args[1].integer(), cs.month()) + args[2].integer();
  const absl::CivilDay day = absl::CivilDay(month) + (cs.day() - 1) + args[3].integer();
  const absl::CivilSecond second(day.year(), day.month(), day.day(), cs.hour(), cs.minute(),
                                 cs.second());
  const absl::TimeZone zone = TimeOf(args).zone;
  return TimeIn(absl::FromCivil(second, zone) + info.subsecond, zone);
}
Result TimeBefore(CallContext&, Args args) {
  return Value::Bool(TimeOf(args).time < args[1].time().time);
}
Result TimeAfter(CallContext&, Args args) {
  return Value::Bool(TimeOf(args).time > args[1].time().time);
}
Result TimeEqual(CallContext&, Args args) {
  return Value::Bool(TimeOf(args).time == args[1].time().time);
}
Result TimeCompare(CallContext&, Args args) {
  const absl::Time a = TimeOf(args).time, b = args[1].time().time;
  return Value::Int(a < b ? -1 : a > b ? 1 : 0);
}
// Go counts multiples from the year 1.
absl::Duration SinceYearOne(absl::Time time) { return time - absl::FromUnixSeconds(-62135596800); }
Result TimeTruncate(CallContext&, Args args) {
  const int64_t unit = args[1].integer();
  const absl::Time time = TimeOf(args).time;
  if (unit <= 0) return TimeIn(time, TimeOf(args).zone);
  return TimeIn(time - SinceYearOne(time) % absl::Nanoseconds(unit), TimeOf(args).zone);
}
Result TimeRound(CallContext&, Args args) {
  const int64_t unit = args[1].integer();
  const absl::Time time = TimeOf(args).time;
  if (unit <= 0) return TimeIn(time, TimeOf(args).zone);
  const absl::Duration rest = SinceYearOne(time) % absl::Nanoseconds(unit);
  const bool is_down = rest + rest < absl::Nanoseconds(unit);
  return TimeIn(is_down ? time - rest : time + (absl::Nanoseconds(unit) - rest), TimeOf(args).zone);
}

// Whole units and the rest apart, as Go divides.
double InUnits(int64_t nanoseconds, int64_t unit) {
  return static_cast<double>(nanoseconds / unit) +
         static_cast<double>(nanoseconds % unit) / static_cast<double>(unit);
}
Result DurationString(CallContext&, Args args) {
  return Value::String(GoDurationText(args[0].integer()));
}
Result DurationHours(CallContext&, Args args) {
  return Value::Float(InUnits(args[0].integer(), 3'600'000'000'000));
}
Result DurationMinutes(CallContext&, Args args) {
  return Value::Float(InUnits(args[0].integer(), 60'000'000'000));
}
Result DurationSeconds(CallContext&, Args args) {
  return Value::Float(InUnits(args[0].integer(), 1'000'000'000));
}
Result DurationMilliseconds(CallContext&, Args args) {
  return Value::Int(args[0].integer() / 1'000'000, GoType::kInt64);
}
Result DurationMicroseconds(CallContext&, Args args) {
  return Value::Int(args[0].integer() / 1000, GoType::kInt64);
}
Result DurationNanoseconds(CallContext&, Args args) {
  return Value::Int(args[0].integer(), GoType::kInt64);
}
Value MakeDuration(int64_t nanoseconds) { return Value::Int(nanoseconds, GoType::kDuration); }
Result DurationAbs(CallContext&, Args args) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  const int64_t value = args[0].integer();
  return MakeDuration(value == kLeast ? std::numeric_limits<int64_t>::max() : std::abs(value));
}
Result DurationTruncate(CallContext&, Args args) {
  const int64_t value = args[0].integer(), unit = args[1].integer();
  return MakeDuration(unit <= 0 ? value : value - value % unit);
}
Result DurationRound(CallContext&, Args args) {
  const int64_t value = args[0].integer(), unit = args[1].integer();
  if (unit <= 0) return MakeDuration(value);
  const int64_t rest = value % unit;
  const __int128 size = rest < 0 ? -static_cast<__int128>(rest) : rest;
  __int128 rounded = static_cast<__int128>(value) - rest;
  if (size + size >= unit) rounded += value < 0 ? -unit : unit;
  constexpr __int128 kMost = std::numeric_limits<int64_t>::max();
  constexpr __int128 kLeast = std::numeric_limits<int64_t>::min();
  return MakeDuration(static_cast<int64_t>(std::clamp(rounded, kLeast, kMost)));
}

Result MonthString(CallContext&, Args args) {
  return Value::String(GoMonthName(args[0].integer()));
}
Result WeekdayString(CallContext&, Args args) {
  return Value::String(GoWeekdayName(args[0].integer()));
}

Result HistogramString(CallContext& context, Args args) {
  return TextResult(context, ToString(args[0].histogram()));
}
Result HistogramTestExpression(CallContext& context, Args args) {
  return TextResult(context, ToTestExpression(args[0].histogram()));
}

constexpr ParamType kOneDuration[] = {ParamType::kDuration};
constexpr ParamType kOneTime[] = {ParamType::kTime};
constexpr ParamType kThreeInts[] = {ParamType::kInt, ParamType::kInt, ParamType::kInt};

constexpr TemplateFunction kTimeMethods[] = {
    {"Add", kOneDuration, false, TimeAdd},
    {"AddDate", kThreeInts, false, TimeAddDate},
    {"After", kOneTime, false, TimeAfter},
    {"Before", kOneTime, false, TimeBefore},
    {"Clock", {}, false, nullptr, {}, "function Clock has 3 return values; should be 1 or 2"},
    {"Compare", kOneTime, false, TimeCompare},
    {"Date", {}, false, nullptr, {}, "function Date has 3 return values; should be 1 or 2"},
    {"Day", {}, false, TimeDay},
    {"Equal", kOneTime, false, TimeEqual},
    {"Format", kOneString, false, TimeFormat},
    {"GoString", {}, false, TimeGoString},
    {"Hour", {}, false, TimeHour},
    {"ISOWeek",
     {},
     false,
     nullptr,
     {},
     "invalid function signature for ISOWeek: second return value should be error; is int"},
    {"IsZero", {}, false, TimeIsZero},
    {"Local", {}, false, TimeLocal},
    {"Minute", {}, false, TimeMinute},
    {"Month", {}, false, TimeMonth},
    {"Nanosecond", {}, false, TimeNanosecond},
    {"Round", kOneDuration, false, TimeRound},
    {"Second", {}, false, TimeSecond},
    {"String", {}, false, TimeString},
    {"Sub", kOneTime, false, TimeSub},
    {"Truncate", kOneDuration, false, TimeTruncate},
    {"UTC", {}, false, TimeUtc},
    {"Unix", {}, false, TimeUnix},
    {"UnixMicro", {}, false, TimeUnixMicro},
    {"UnixMilli", {}, false, TimeUnixMilli},
    {"UnixNano", {}, false, TimeUnixNano},
    {"Weekday", {}, false, TimeWeekday},
    {"Year", {}, false, TimeYear},
    {"YearDay", {}, false, TimeYearDay},
    {"Zone",
     {},
     false,
     nullptr,
     {},
     "invalid function signature for Zone: second return value should be error; is int"},
};
constexpr TemplateFunction kDurationMethods[] = {
    {"Abs", {}, false, DurationAbs},
    {"Hours", {}, false, DurationHours},
    {"Microseconds", {}, false, DurationMicroseconds},
    {"Milliseconds", {}, false, DurationMilliseconds},
    {"Minutes", {}, false, DurationMinutes},
    {"Nanoseconds", {}, false, DurationNanoseconds},
    {"Round", kOneDuration, false, DurationRound},
    {"Seconds", {}, false, DurationSeconds},
    {"String", {}, false, DurationString},
    {"Truncate", kOneDuration, false, DurationTruncate},
};
constexpr TemplateFunction kMonthMethods[] = {{"String", {}, false, MonthString}};
constexpr TemplateFunction kWeekdayMethods[] = {{"String", {}, false, WeekdayString}};
constexpr TemplateFunction kHistogramMethods[] = {
    {"String", {}, false, HistogramString},
    {"TestExpression", {}, false, HistogramTestExpression},
};

std::span<const TemplateFunction> MethodsOf(GoType type) {
  switch (type) {
    case GoType::kTime:
      return kTimeMethods;
    case GoType::kDuration:
      return kDurationMethods;
    case GoType::kMonth:
      return kMonthMethods;
    case GoType::kWeekday:
      return kWeekdayMethods;
    case GoType::kHistogram:
      return kHistogramMethods;
    default:
      return {};
  }
}

}  // namespace

const TemplateFunction* FindMethod(const Value& receiver, std::string_view name) {
  for (const TemplateFunction& method : MethodsOf(receiver.type())) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

}  // namespace sloburn::rules
