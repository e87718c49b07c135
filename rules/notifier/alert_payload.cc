// SPDX-License-Identifier: Apache-2.0
#include "rules/notifier/alert_payload.h"

#include <string_view>

#include "base/json_writer.h"

namespace sloburn::rules {
namespace {

void AppendPair(std::string& out, std::string_view name, std::string_view value) {
  if (out.back() != '{') out += ',';
  AppendJsonString(out, name);
  out += ':';
  AppendJsonString(out, value);
}

void AppendTime(std::string& out, std::string_view name, absl::Time time) {
  if (time == absl::InfinitePast() || time == absl::InfiniteFuture()) return;
  out += ',';
  AppendJsonString(out, name);
  out += absl::FormatTime(":\"%Y-%m-%dT%H:%M:%E3SZ\"", time, absl::UTCTimeZone());
}

void AppendAlert(std::string& out, const OutgoingAlert& alert) {
  out += R"({"labels":{)";
  for (const auto& [name, value] : alert.labels) AppendPair(out, name, value);
  out += R"(},"annotations":{)";
  for (const Label& annotation : alert.message->annotations) {
    AppendPair(out, annotation.name, annotation.value);
  }
  out += '}';
  AppendTime(out, "startsAt", alert.message->starts_at);
  AppendTime(out, "endsAt", alert.message->ends_at);
  if (!alert.message->generator_url.empty()) {
    out += R"(,"generatorURL":)";
    AppendJsonString(out, alert.message->generator_url);
  }
  out += '}';
}

}  // namespace

std::string AlertsToJson(const std::vector<OutgoingAlert>& alerts) {
  std::string out = "[";
  for (const OutgoingAlert& alert : alerts) {
    if (out.size() > 1) out += ',';
    AppendAlert(out, alert);
  }
  out += ']';
  return out;
}

}  // namespace sloburn::rules
