// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <iterator>
#include <limits>

#include "absl/time/civil_time.h"
#include "engine/functions/family.h"

namespace sloburn::engine {
namespace {

// Go counts seconds from this instant (March 1 of the year -292277022400) in an unsigned number.
constexpr int64_t kGoTimeZero = -9'223'372'028'741'760'000;

// Truncated to whole seconds; what does not fit gives the least int64, as Go does on amd64, and
// what lies before Go's time zero wraps around.
absl::CivilSecond ToCivil(double seconds) {
  constexpr double kLimit = 9223372036854775808.0;
  const bool fits = seconds >= -kLimit && seconds < kLimit;
  const int64_t whole = fits ? static_cast<int64_t>(seconds) : std::numeric_limits<int64_t>::min();
  const absl::CivilSecond civil = absl::CivilSecond(1970) + whole;
  if (whole >= kGoTimeZero) return civil;
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  return civil + kMax + kMax + 2;
}

double Minute(double v, const double*) { return ToCivil(v).minute(); }
double Hour(double v, const double*) { return ToCivil(v).hour(); }
double Month(double v, const double*) { return ToCivil(v).month(); }
double Year(double v, const double*) { return static_cast<double>(ToCivil(v).year()); }
double DayOfMonth(double v, const double*) { return ToCivil(v).day(); }
double DayOfYear(double v, const double*) { return absl::GetYearDay(absl::CivilDay(ToCivil(v))); }

double DayOfWeek(double v, const double*) {
  // absl counts from Monday, PromQL from Sunday.
  return (static_cast<int>(absl::GetWeekday(ToCivil(v))) + 1) % 7;
}

double DaysInMonth(double v, const double*) {
  const absl::CivilMonth month(ToCivil(v));
  return static_cast<double>(absl::CivilDay(month + 1) - absl::CivilDay(month));
}

constexpr FunctionRow DatePart(std::string_view name, PointFunction function,
                               std::string_view description) {
  return {name, {kV}, 1, 1, kV, VectorFunction::kDatePart, function, false, false, description};
}

constexpr FunctionRow OfQuery(std::string_view name, VectorFunction function,
                              std::string_view description) {
  return {name, {}, 0, 0, kS, function, nullptr, false, true, description};
}

constexpr FunctionRow kRows[] = {
    DatePart("minute", Minute, "The minute of the hour, UTC."),
    DatePart("hour", Hour, "The hour of the day, UTC."),
    DatePart("day_of_week", DayOfWeek, "The day of the week, 0 is Sunday, UTC."),
    DatePart("day_of_month", DayOfMonth, "The day of the month, UTC."),
    DatePart("day_of_year", DayOfYear, "The day of the year, UTC."),
    DatePart("days_in_month", DaysInMonth, "The number of days in the month, UTC."),
    DatePart("month", Month, "The month, UTC."),
    DatePart("year", Year, "The year, UTC."),
    {"time",
     {},
     0,
     0,
     kS,
     VectorFunction::kTime,
     nullptr,
     false,
     false,
     "The evaluation time in seconds since 1970."},
    {"timestamp",
     {kV},
     1,
     0,
     kV,
     VectorFunction::kTimestamp,
     nullptr,
     false,
     false,
     "The time of each sample in seconds since 1970."},
    {"start_timestamp",
     {kV},
     1,
     0,
     kV,
     VectorFunction::kStartTimestamp,
     nullptr,
     false,
     true,
     "The start time of each sample."},
    OfQuery("start", VectorFunction::kQueryStart, "The start of the query in seconds since 1970."),
    OfQuery("end", VectorFunction::kQueryEnd, "The end of the query in seconds since 1970."),
    OfQuery("range", VectorFunction::kQueryRange, "The length of the query in seconds."),
    OfQuery("step", VectorFunction::kQueryStep, "The step of the query in seconds."),
};

}  // namespace

Family TimeFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
