// SPDX-License-Identifier: Apache-2.0
#include "web/metrics.h"

#include <algorithm>

#include "base/float_text.h"

namespace sloburn::web {
namespace {

std::string_view TypeText(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
    case MetricType::kSummary:
      return "summary";
    case MetricType::kUntyped:
      break;
  }
  return "untyped";
}

void AppendEscaped(std::string& out, std::string_view text, bool escape_quote) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && escape_quote) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void AppendSample(std::string& out, const std::string& name, const MetricSample& sample) {
  out.append(name).append(sample.suffix);
  char separator = '{';
  for (const Label& label : sample.labels) {
    out += separator;
    out.append(label.name).append("=\"");
    AppendEscaped(out, label.value, true);
    out += '"';
    separator = ',';
  }
  if (!sample.labels.empty()) out += '}';
  out += ' ';
  out += FormatFloatG(sample.value);
  out += '\n';
}

}  // namespace

MetricFamily SingleMetric(std::string_view name, std::string_view help, MetricType type,
                          double value) {
  return {std::string(name), std::string(help), type, {{{}, value, ""}}};
}

std::string WriteExposition(std::vector<MetricFamily> families) {
  std::stable_sort(families.begin(), families.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  std::string out;
  std::string_view last_name;
  for (const MetricFamily& family : families) {
    if (family.name != last_name) {
      out.append("# HELP ").append(family.name).append(" ");
      AppendEscaped(out, family.help, false);
      out.append("\n# TYPE ").append(family.name).append(" ");
      out.append(TypeText(family.type)).append("\n");
      last_name = family.name;
    }
    for (const MetricSample& sample : family.samples) AppendSample(out, family.name, sample);
  }
  return out;
}

}  // namespace sloburn::web
