// SPDX-License-Identifier: Apache-2.0
// JSON texts of single values as Prometheus' API writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "engine/model/labels.h"

namespace sloburn::web {

// {"__name__":"up","job":"a"}: not HTML-escaped.
void AppendLabelsJson(std::string& out, const Labels& labels);
void AppendLabelsJson(std::string& out, const std::vector<Label>& labels);

// ["a","b"]
void AppendStringArrayJson(std::string& out, const std::vector<std::string>& values);

// Seconds with exactly three decimals, or none when whole: 1435781451.781
void AppendTimestampJson(std::string& out, int64_t timestamp_ms);

// A JSON number; REQUIRES: finite.
void AppendNumberJson(std::string& out, double value);

// RFC 3339 with as many decimals as needed, quoted; InfinitePast is Go's zero time.
void AppendTimeJson(std::string& out, absl::Time time);

}  // namespace sloburn::web
