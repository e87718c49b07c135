// SPDX-License-Identifier: Apache-2.0
// Times and durations as Go's package time writes them. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/alert_template/value.h"

namespace sloburn::rules {

// time.Duration.String: "1h2m3.5s", "1.5µs", "0s".
std::string GoDurationText(int64_t nanoseconds);

// time.Time.Format.
std::string FormatGoTime(const GoTime& time, std::string_view layout);

// time.Time.String: "2015-10-21 07:28:00.5 +0000 UTC".
std::string GoTimeText(const GoTime& time);

// time.Time.GoString: "time.Date(2015, time.October, 21, 7, 28, 0, 500000000, time.UTC)".
std::string GoTimeSource(const GoTime& time);

std::string GoMonthName(int64_t month);      // from 1
std::string GoWeekdayName(int64_t weekday);  // from 0, Sunday

// Beyond the range of int64 the results are those of an amd64 processor.
int64_t GoInt64(double value);

}  // namespace sloburn::rules
