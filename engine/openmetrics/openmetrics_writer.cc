// SPDX-License-Identifier: Apache-2.0
#include "engine/openmetrics/openmetrics_writer.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_format.h"
#include "base/float_text.h"
#include "parser/parser.h"

namespace sloburn::openmetrics {
namespace {

void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void AppendName(std::string& out, std::string_view name, bool is_plain) {
  if (is_plain) {
    out += name;
  } else {
    AppendQuoted(out, name);
  }
}

int64_t ReadAsPrometheus(double seconds) { return static_cast<int64_t>(seconds * 1000); }

}  // namespace

std::string TimestampText(int64_t timestamp_ms) {
  const bool is_negative = timestamp_ms < 0;
  const auto absolute = is_negative ? -static_cast<uint64_t>(timestamp_ms)
                                    : static_cast<uint64_t>(timestamp_ms);
  const std::string text = absl::StrFormat("%s%d.%03d", is_negative ? "-" : "", absolute / 1000,
                                           absolute % 1000);
  double seconds = ParseGoFloat(text).value_or(0);
  if (ReadAsPrometheus(seconds) == timestamp_ms) return text;
  const double away = is_negative ? -std::numeric_limits<double>::infinity()
                                  : std::numeric_limits<double>::infinity();
  for (int tries = 0; tries < 4; ++tries) {
    seconds = std::nextafter(seconds, away);
    if (ReadAsPrometheus(seconds) == timestamp_ms) return FormatFloatF(seconds);
  }
  return text;  // beyond what a float of seconds can tell
}

void OpenMetricsWriter::BeginFamily(std::string_view name, FamilyType type) {
  out_ += "# TYPE ";
  AppendName(out_, name, parser::IsLegacyMetricName(name));
  out_ += ' ';
  out_ += ToText(type);
  out_ += '\n';
}

void OpenMetricsWriter::BeginSeries(const Labels& labels) {
  const std::string_view name = labels.Get(kMetricName);
  const bool is_plain = parser::IsLegacyMetricName(name);
  series_.clear();
  bool is_first = true;
  const auto separate = [&] {
    series_ += is_first ? '{' : ',';
    is_first = false;
  };
  if (!is_plain) separate();
  AppendName(series_, name, is_plain);
  for (const auto& [label, value] : labels) {
    if (label == kMetricName) continue;
    separate();
    AppendName(series_, label, parser::IsLegacyLabelName(label));
    series_ += '=';
    AppendQuoted(series_, value);
  }
  if (!is_first) series_ += '}';
}

void OpenMetricsWriter::AddSample(int64_t timestamp_ms, double value) {
  out_ += series_;
  out_ += ' ';
  AppendSampleValue(out_, value);
  out_ += ' ';
  out_ += TimestampText(timestamp_ms);
  out_ += '\n';
}

void OpenMetricsWriter::End() { out_ += "# EOF\n"; }

}  // namespace sloburn::openmetrics
