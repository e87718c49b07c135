// SPDX-License-Identifier: Apache-2.0
#include "tests/rules/alert_generator/alert_model.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace sloburn::rules {
namespace {

using nlohmann::json;

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kLookbackMs = 5 * kMinuteMs;
constexpr int64_t kResolvedMs = 15 * kMinuteMs;

std::string Rfc3339(int64_t time_ms) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(time_ms),
                          absl::UTCTimeZone());
}

int64_t Milliseconds(const json& seconds) {
  return static_cast<int64_t>(seconds.get<double>() * 1000);
}

bool HasDuplicates(const std::vector<ModelElement>& elements) {
  std::set<LabelMap> seen;
  return std::any_of(elements.begin(), elements.end(), [&](const ModelElement& element) {
    return !seen.insert(element.labels).second;
  });
}

}  // namespace

int Track::size() const {
  int total = 0;
  for (const Run& run : runs) total += run.samples;
  return total;
}

std::optional<double> Track::Sample(int index) const {
  for (const Run& run : runs) {
    if (index < run.samples) return run.value;
    index -= run.samples;
  }
  return std::nullopt;
}

std::optional<double> Track::At(int64_t time_ms) const {
  const int64_t newest = (time_ms - kReplayStartMs) / kSampleIntervalMs;
  for (int64_t index = newest; index >= 0; --index) {
    if (kReplayStartMs + index * kSampleIntervalMs <= time_ms - kLookbackMs) break;
    const std::optional<double> value = Sample(static_cast<int>(index));
    if (value) return value;
  }
  return std::nullopt;
}

Model::Model(ModelGroup group) : group_(std::move(group)), progress_(group_.rules.size()) {}

std::vector<json> Model::Tick(int64_t time_ms) {
  std::vector<json> messages;
  for (size_t i = 0; i < progress_.size(); ++i) {
    Evaluate(group_.rules[i], time_ms, progress_[i]);
    if (progress_[i].error.empty()) Send(group_.rules[i], time_ms, progress_[i], messages);
  }
  return messages;
}

void Model::Evaluate(const ModelRule& rule, int64_t time_ms, Progress& progress) {
  const int64_t data_ms = time_ms - group_.query_offset_ms;
  progress.is_evaluated = true;
  progress.error = rule.failure ? rule.failure(data_ms) : "";
  if (!progress.error.empty()) return;
  const std::vector<ModelElement> elements = rule.elements(data_ms, *this);
  if (HasDuplicates(elements)) {
    progress.error = "vector contains metrics with the same labelset after applying alert labels";
    return;
  }
  Advance(rule, elements, time_ms, progress);
  const auto active = std::count_if(progress.alerts.begin(), progress.alerts.end(),
                                    [](const auto& alert) { return alert.second.is_active(); });
  if (group_.limit > 0 && active > group_.limit) {
    progress.error = absl::StrCat("exceeded limit of ", group_.limit, " with ", active, " alerts");
    progress.alerts.clear();
    return;
  }
  Write(data_ms, progress);
}

void Model::Advance(const ModelRule& rule, const std::vector<ModelElement>& elements,
                    int64_t time_ms, Progress& progress) const {
  const int64_t hold_ms = Milliseconds(rule.configured.at("duration"));
  const int64_t keep_ms = Milliseconds(rule.configured.at("keepFiringFor"));
  std::map<LabelMap, Alert> before = std::move(progress.alerts);
  progress.alerts.clear();
  for (const ModelElement& element : elements) {
    Alert alert;
    alert.active_ms = time_ms;
    const auto known = before.find(element.labels);
    if (known != before.end() && known->second.is_active()) alert = known->second;
    alert.annotations = element.annotations;
    alert.value = element.value;
    alert.absent_ms.reset();
    if (!alert.fired_ms && time_ms - alert.active_ms >= hold_ms) alert.fired_ms = time_ms;
    progress.alerts[element.labels] = alert;
    before.erase(element.labels);
  }
  for (auto& [labels, alert] : before) {
    if (!alert.fired_ms) continue;  // was pending: nobody hears of it
    if (alert.resolved_ms && time_ms - *alert.resolved_ms > kResolvedMs) continue;
    if (!alert.absent_ms) alert.absent_ms = time_ms;
    if (alert.is_active() && time_ms - *alert.absent_ms >= keep_ms) alert.resolved_ms = time_ms;
    progress.alerts[labels] = alert;
  }
}

void Model::Write(int64_t time_ms, Progress& progress) {
  std::map<LabelMap, double> written;
  for (const auto& [alert_labels, alert] : progress.alerts) {
    if (!alert.is_active()) continue;
    LabelMap labels = alert_labels;
    labels["__name__"] = "ALERTS_FOR_STATE";
    written[labels] = static_cast<double>(alert.active_ms / 1000);
    labels["__name__"] = "ALERTS";
    labels["alertstate"] = alert.State();
    written[labels] = 1;
  }
  for (const auto& [labels, value] : progress.written) {
    if (written.count(labels) == 0) history_[labels][time_ms] = std::nullopt;
  }
  for (const auto& [labels, value] : written) history_[labels][time_ms] = value;
  progress.written = std::move(written);
}

void Model::Send(const ModelRule& rule, int64_t time_ms, Progress& progress,
                 std::vector<json>& messages) const {
  const int64_t valid_ms = 4 * std::max(group_.resend_delay_ms, group_.interval_ms);
  for (auto& [labels, alert] : progress.alerts) {
    if (!alert.fired_ms) continue;
    const bool is_news =
        !alert.sent_ms || (alert.resolved_ms && *alert.resolved_ms > *alert.sent_ms);
    if (!is_news && time_ms - *alert.sent_ms <= group_.resend_delay_ms) continue;
    alert.sent_ms = time_ms;
    const std::optional<LabelMap> seen = group_.relabel ? group_.relabel(labels) : labels;
    if (!seen) continue;
    messages.push_back({{"labels", *seen},
                        {"annotations", alert.annotations},
                        {"startsAt", Rfc3339(*alert.fired_ms)},
                        {"endsAt", Rfc3339(alert.resolved_ms.value_or(time_ms + valid_ms))},
                        {"generatorURL", rule.generator_url}});
  }
}

std::vector<json> Model::AlertsOf(const Progress& progress) {
  std::vector<json> alerts;
  for (const auto& [labels, alert] : progress.alerts) {
    if (!alert.is_active()) continue;
    json one = {{"labels", labels},
                {"annotations", alert.annotations},
                {"state", alert.State()},
                {"activeAt", alert.active_ms},
                {"value", alert.value}};
    if (alert.absent_ms) one["keepFiringSince"] = *alert.absent_ms;
    alerts.push_back(std::move(one));
  }
  return alerts;
}

json Model::Rules() const {
  json rules = json::array();
  for (size_t i = 0; i < progress_.size(); ++i) {
    const Progress& progress = progress_[i];
    json rule = group_.rules[i].configured;
    std::vector<json> alerts = AlertsOf(progress);
    const auto is_firing = [](const json& alert) { return alert.at("state") == "firing"; };
    rule["type"] = "alerting";
    rule["state"] = !progress.is_evaluated                                 ? "unknown"
                    : std::any_of(alerts.begin(), alerts.end(), is_firing) ? "firing"
                    : !alerts.empty()                                      ? "pending"
                                                                           : "inactive";
    rule["health"] = !progress.is_evaluated ? "unknown" : progress.error.empty() ? "ok" : "err";
    if (!progress.error.empty()) rule["lastError"] = progress.error;
    std::sort(alerts.begin(), alerts.end());
    rule["alerts"] = std::move(alerts);
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::vector<json> Model::Alerts() const {
  std::vector<json> all;
  for (const Progress& progress : progress_) {
    for (json& alert : AlertsOf(progress)) all.push_back(std::move(alert));
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::pair<LabelMap, double>> Model::Visible(const std::string& metric,
                                                        int64_t time_ms) const {
  std::vector<std::pair<LabelMap, double>> visible;
  for (const auto& [labels, samples] : history_) {
    if (labels.at("__name__") != metric) continue;
    const auto after = samples.upper_bound(time_ms);
    if (after == samples.begin()) continue;
    const auto& [sample_ms, value] = *std::prev(after);
    if (sample_ms > time_ms - kLookbackMs && value) visible.emplace_back(labels, *value);
  }
  return visible;
}

}  // namespace sloburn::rules
