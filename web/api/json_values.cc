// SPDX-License-Identifier: Apache-2.0
#include "web/api/json_values.h"

#include <charconv>

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "base/float_text.h"
#include "base/json_writer.h"

namespace sloburn::web {
namespace {

void AppendPairJson(std::string& out, std::string_view name, std::string_view value,
                    bool is_first) {
  if (!is_first) out += ',';
  AppendJsonString(out, name);
  out += ':';
  AppendJsonString(out, value);
}

}  // namespace

void AppendLabelsJson(std::string& out, const Labels& labels) {
  out += '{';
  bool is_first = true;
  for (const auto [name, value] : labels) {
    AppendPairJson(out, name, value, is_first);
    is_first = false;
  }
  out += '}';
}

void AppendLabelsJson(std::string& out, const std::vector<Label>& labels) {
  out += '{';
  for (size_t i = 0; i < labels.size(); ++i) {
    AppendPairJson(out, labels[i].name, labels[i].value, i == 0);
  }
  out += '}';
}

void AppendStringArrayJson(std::string& out, const std::vector<std::string>& values) {
  out += '[';
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonString(out, values[i], /*html_escape=*/true);
  }
  out += ']';
}

void AppendTimestampJson(std::string& out, int64_t timestamp_ms) {
  char buffer[24];
  char* at = buffer;
  uint64_t magnitude = static_cast<uint64_t>(timestamp_ms);
  if (timestamp_ms < 0) {
    *at++ = '-';
    magnitude = -magnitude;
  }
  at = std::to_chars(at, buffer + sizeof buffer, magnitude / 1000).ptr;
  const int fraction = static_cast<int>(magnitude % 1000);
  if (fraction != 0) {
    *at++ = '.';
    *at++ = static_cast<char>('0' + fraction / 100);
    *at++ = static_cast<char>('0' + fraction / 10 % 10);
    *at++ = static_cast<char>('0' + fraction % 10);
  }
  out.append(buffer, at);
}

void AppendNumberJson(std::string& out, double value) {
  AppendSampleValue(out, value);  // the same forms as Go's encoder uses
}

void AppendTimeJson(std::string& out, absl::Time time) {
  if (time == absl::InfinitePast()) {
    out += "\"0001-01-01T00:00:00Z\"";
    return;
  }
  const absl::Time whole = absl::FromUnixSeconds(absl::ToUnixSeconds(time));
  const absl::CivilSecond civil = absl::ToCivilSecond(whole, absl::UTCTimeZone());
  absl::StrAppendFormat(&out, "\"%04d-%02d-%02dT%02d:%02d:%02d", civil.year(), civil.month(),
                        civil.day(), civil.hour(), civil.minute(), civil.second());
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(time - whole);
  if (nanoseconds != 0) {
    std::string fraction = absl::StrFormat("%09d", nanoseconds);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out.append(".").append(fraction);
  }
  out += "Z\"";
}

}  // namespace sloburn::web
