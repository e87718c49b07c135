// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/go_time.h"

#include <cmath>
#include <cstdio>
#include <iterator>
#include <limits>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"

namespace sloburn::rules {
namespace {

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
constexpr std::string_view kWeekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};

std::string Digits(int64_t value, int width, char fill = '0') {
  std::string text = StrCat(value < 0 ? -value : value);
  if (static_cast<int>(text.size()) < width) text.insert(0, width - text.size(), fill);
  return value < 0 ? "-" + text : text;
}

// "+02:00" and its relatives; `with_z` writes Z for UTC.
std::string Offset(int seconds, bool with_z, bool with_colon, int fields) {
  if (with_z && seconds == 0) return "Z";
  std::string text = seconds < 0 ? "-" : "+";
  const int size = std::abs(seconds);
  const int parts[] = {size / 3600, size / 60 % 60, size % 60};
  for (int i = 0; i < fields; ++i) {
    if (i > 0 && with_colon) text += ':';
    text += Digits(parts[i], 2);
  }
  return text;
}

class TimeFormatter {
 public:
  explicit TimeFormatter(const GoTime& time) : info_(time.zone.At(time.time)) {
    nanoseconds_ = absl::ToInt64Nanoseconds(info_.subsecond);
    weekday_ = (static_cast<int>(absl::GetWeekday(info_.cs)) + 1) % 7;
  }

  std::string Format(std::string_view layout) const {
    std::string out;
    while (!layout.empty()) {
      size_t length = Fraction(layout, out);
      if (length == 0) length = Element(layout, out);
      if (length == 0) {
        out += layout[0];
        length = 1;
      }
      layout.remove_prefix(length);
    }
    return out;
  }

 private:
  static bool TakesWord(std::string_view layout, std::string_view word, std::string_view text,
                        std::string& out, size_t& length) {
    if (layout.substr(0, word.size()) != word) return false;
    out += text;
    length = word.size();
    return true;
  }

  // Writes what the beginning of the layout stands for; returns how much of it that is.
  size_t Element(std::string_view layout, std::string& out) const {
    const absl::CivilSecond& cs = info_.cs;
    const int hour12 = cs.hour() % 12 == 0 ? 12 : cs.hour() % 12;
    const int year_day = absl::GetYearDay(absl::CivilDay(cs));
    const std::string_view month = kMonths[cs.month() - 1];
    const std::string_view weekday = kWeekdays[weekday_];
    const int offset = info_.offset;
    const bool is_afternoon = cs.hour() >= 12;
    size_t length = 0;
    const auto is = [&](std::string_view word, std::string_view text) {
      return TakesWord(layout, word, text, out, length);
    };
    const auto lower_follows = [&](size_t at) {
      return layout.size() > at && absl::ascii_islower(static_cast<unsigned char>(layout[at]));
    };
    switch (layout[0]) {
      case 'J':
        if (is("January", month)) break;
        if (!lower_follows(3)) is("Jan", month.substr(0, 3));
        break;
      case 'M':
        if (is("Monday", weekday)) break;
        if (layout.substr(0, 3) == "Mon" && !lower_follows(3)) is("Mon", weekday.substr(0, 3));
        if (length == 0) is("MST", ZoneName());
        break;
      case '0':
        if (is("002", Digits(year_day, 3)) || is("01", Digits(cs.month(), 2)) ||
            is("02", Digits(cs.day(), 2)) || is("03", Digits(hour12, 2)) ||
            is("04", Digits(cs.minute(), 2)) || is("05", Digits(cs.second(), 2))) {
          break;
        }
        is("06", Digits(((cs.year() % 100) + 100) % 100, 2));
        break;
      case '1':
        is("15", Digits(cs.hour(), 2)) || is("1", Digits(cs.month(), 1));
        break;
      case '2':
        is("2006", Digits(cs.year(), 4)) || is("2", Digits(cs.day(), 1));
        break;
      case '_':
        if (layout.substr(0, 5) == "_2006") {
          out += '_';
          out += Digits(cs.year(), 4);
          return 5;
        }
        is("__2", Digits(year_day, 3, ' ')) || is("_2", Digits(cs.day(), 2, ' '));
        break;
      case '3':
        is("3", Digits(hour12, 1));
        break;
      case '4':
        is("4", Digits(cs.minute(), 1));
        break;
      case '5':
        is("5", Digits(cs.second(), 1));
        break;
      case 'P':
        is("PM", is_afternoon ? "PM" : "AM");
        break;
      case 'p':
        is("pm", is_afternoon ? "pm" : "am");
        break;
      case '-':
        is("-070000", Offset(offset, false, false, 3)) ||
            is("-07:00:00", Offset(offset, false, true, 3)) ||
            is("-0700", Offset(offset, false, false, 2)) ||
            is("-07:00", Offset(offset, false, true, 2)) ||
            is("-07", Offset(offset, false, false, 1));
        break;
      case 'Z':
        is("Z070000", Offset(offset, true, false, 3)) ||
            is("Z07:00:00", Offset(offset, true, true, 3)) ||
            is("Z0700", Offset(offset, true, false, 2)) ||
            is("Z07:00", Offset(offset, true, true, 2)) ||
            is("Z07", Offset(offset, true, false, 1));
        break;
      default:
        break;
    }
    return length;
  }

  // ".000", ",999": fractions of a second, cut; nines also lose zeros at the end.
  size_t Fraction(std::string_view layout, std::string& out) const {
    if (layout.size() < 2 || (layout[0] != '.' && layout[0] != ',')) return 0;
    if (layout[1] != '0' && layout[1] != '9') return 0;
    size_t end = 1;
    while (end < layout.size() && layout[end] == layout[1]) ++end;
    if (end < layout.size() && absl::ascii_isdigit(static_cast<unsigned char>(layout[end]))) {
      return 0;
    }
    std::string digits = Digits(nanoseconds_, 9);
    digits.resize(end - 1, '0');
    if (layout[1] == '9') {
      const size_t last = digits.find_last_not_of('0');
      digits.resize(last == std::string::npos ? 0 : last + 1);
      if (digits.empty()) return end;
    }
    out += layout[0];
    out += digits;
    return end;
  }

  std::string ZoneName() const {
    if (info_.zone_abbr == nullptr || *info_.zone_abbr == '\0') {
      return Offset(info_.offset, false, false, info_.offset % 3600 == 0 ? 1 : 2);
    }
    return info_.zone_abbr;
  }

  const absl::TimeZone::CivilInfo info_;
  int64_t nanoseconds_ = 0;
  int weekday_ = 0;
};

}  // namespace

std::string GoDurationText(int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  const char* const sign = nanoseconds < 0 ? "-" : "";
  const uint64_t size =
      nanoseconds < 0 ? 0 - static_cast<uint64_t>(nanoseconds) : static_cast<uint64_t>(nanoseconds);
  // `value` in units of 10^-decimals, without zeros at the end.
  const auto decimal = [](uint64_t value, int decimals) {
    std::string text = StrCat(value);
    if (static_cast<int>(text.size()) <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
    std::string fraction = text.substr(text.size() - decimals);
    text.resize(text.size() - decimals);
    const size_t last = fraction.find_last_not_of('0');
    return last == std::string::npos ? text : StrCat(text, ".", fraction.substr(0, last + 1));
  };
  if (size < 1000) return StrCat(sign, size, "ns");
  if (size < 1'000'000) return StrCat(sign, decimal(size, 3), "µs");
  if (size < 1'000'000'000) return StrCat(sign, decimal(size, 6), "ms");
  const uint64_t minutes = size / 60'000'000'000;
  const std::string seconds = decimal(size % 60'000'000'000, 9) + "s";
  if (minutes == 0) return sign + seconds;
  if (minutes < 60) return StrCat(sign, minutes, "m", seconds);
  return StrCat(sign, minutes / 60, "h", minutes % 60, "m", seconds);
}

std::string FormatGoTime(const GoTime& time, std::string_view layout) {
  return TimeFormatter(time).Format(layout);
}

std::string GoTimeText(const GoTime& time) {
  return FormatGoTime(time, "2006-01-02 15:04:05.999999999 -0700 MST");
}

std::string GoTimeSource(const GoTime& time) {
  const absl::TimeZone::CivilInfo info = time.zone.At(time.time);
  const absl::CivilSecond& cs = info.cs;
  return StrCat("time.Date(", cs.year(), ", time.", kMonths[cs.month() - 1], ", ", cs.day(), ", ",
                cs.hour(), ", ", cs.minute(), ", ", cs.second(), ", ",
                absl::ToInt64Nanoseconds(info.subsecond), ", time.",
                time.zone == absl::UTCTimeZone() ? "UTC" : "Local", ")");
}

std::string GoMonthName(int64_t month) {
  if (month >= 1 && month <= 12) return std::string(kMonths[month - 1]);
  return StrCat("%!Month(", static_cast<uint64_t>(month), ")");
}

std::string GoWeekdayName(int64_t weekday) {
  if (weekday >= 0 && weekday < 7) return std::string(kWeekdays[weekday]);
  return StrCat("%!Weekday(", static_cast<uint64_t>(weekday), ")");
}

int64_t GoInt64(double value) {
  if (value >= -0x1p63 && value < 0x1p63) return static_cast<int64_t>(value);
  return std::numeric_limits<int64_t>::min();
}

}  // namespace sloburn::rules
