// SPDX-License-Identifier: Apache-2.0
#include "tests/rules/alert_generator/replay_fixture.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/form_escape.h"
#include "engine/model/stale.h"
#include "engine/model/time_range.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/snappy_block.h"

namespace sloburn::rules {
namespace {

using nlohmann::json;

constexpr const char* kTickEnd = "ReplayTickEnd";

int64_t ToMs(const json& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text.get<std::string>(), &time, &error)) << text;
  return absl::ToUnixMillis(time);
}

Labels ToLabels(const LabelMap& labels) {
  std::vector<Label> pairs;
  for (const auto& [name, value] : labels) pairs.push_back({name, value});
  return Labels::FromPairs(std::move(pairs));
}

LabelMap ToMap(const Labels& labels) {
  LabelMap map;
  for (const auto& [name, value] : labels) map.emplace(name, value);
  return map;
}

bool Includes(const json& labels, const LabelMap& wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const auto& one) { return labels.value(one.first, "") == one.second; });
}

// An alert of the API with the times and the number that its texts stand for.
json PlainAlert(json alert) {
  for (const char* const name : {"activeAt", "keepFiringSince"}) {
    if (alert.contains(name)) alert[name] = ToMs(alert[name]);
  }
  alert["value"] = std::strtod(alert.at("value").get<std::string>().c_str(), nullptr);
  return alert;
}

std::vector<json> PlainAlerts(const json& alerts) {
  std::vector<json> plain;
  for (const json& alert : alerts) plain.push_back(PlainAlert(alert));
  std::sort(plain.begin(), plain.end());
  return plain;
}

}  // namespace

ReplayFixture::ReplayFixture()
    : alertmanager_([this](const remote::FakeRequest& request) {
        EXPECT_EQ(request.method + " " + request.target, "POST /api/v2/alerts");
        EXPECT_EQ(request.Header("content-type"), "application/json");
        absl::MutexLock lock(&mutex_);
        for (const json& alert : json::parse(request.body)) inbox_.push_back(alert);
        return remote::Answer(200, "");
      }) {
  static_assert(kReplayStartMs == kStartMs);
}

void ReplayFixture::Start(std::string_view rule_file, ModelGroup group, std::vector<Track> tracks,
                          const ReplaySettings& settings) {
  NotifierOptions notifier_options;
  notifier_options.queue.clock = &clock_;
  notifier_ = std::make_unique<Notifier>(notifier_options);
  NotifierConfig notifier_config;
  for (const auto& [name, value] : settings.external_labels) {
    notifier_config.external_labels.push_back({name, value});
  }
  notifier_config.alert_relabel = settings.alert_relabel;
  AlertmanagerOptions receiver;
  receiver.http.url = alertmanager_.url("/api/v2/alerts");
  notifier_config.alertmanagers = {receiver};
  auto change = notifier_->Prepare(notifier_config);
  ASSERT_TRUE(change.ok()) << change.status();
  notifier_->Install(*std::move(change));

  ManagerOptions options;
  options.storage = &storage_;
  options.clock = &clock_;
  options.alerts = notifier_.get();
  options.resend_delay = absl::Milliseconds(group.resend_delay_ms);
  options.external_url = std::string(kExternalUrl);
  manager_ = std::make_unique<Manager>(std::move(options));
  const ParsedRuleFile parsed = ParseRuleFile("replay.yml", rule_file, {});
  ASSERT_TRUE(parsed.ok()) << parsed.ToStatus();
  RuleConfig config;
  config.generated_files = {parsed.file};
  config.external_labels = settings.external_labels;
  const absl::Status loaded = manager_->Load(config);
  ASSERT_TRUE(loaded.ok()) << loaded;

  model_ = std::make_unique<Model>(std::move(group));
  tracks_ = std::move(tracks);
  deps_.rules = manager_.get();
  Build();
}

void ReplayFixture::Run(int ticks) {
  for (int i = 0; i < ticks && !HasFailure(); ++i) {
    ++tick_;
    SCOPED_TRACE(absl::StrCat("tick ", tick_));
    clock_.Advance(absl::FromUnixMillis(tick_ms() + kLatenessMs) - clock_.Now());
    Feed(tick_ms());
    const absl::Status status = manager_->EvaluateAt(absl::FromUnixMillis(tick_ms()));
    ASSERT_TRUE(status.ok()) << status;
    CheckTick(model_->Tick(tick_ms()));
  }
  if (HasFailure()) return;
  EXPECT_EQ(StoredAlerts(), model_->history());
}

void ReplayFixture::Feed(int64_t time_ms) {
  std::map<LabelMap, std::vector<Sample>> samples;
  for (; kReplayStartMs + next_sample_ * kSampleIntervalMs <= time_ms; ++next_sample_) {
    for (const Track& track : tracks_) {
      const std::optional<double> value = track.Sample(next_sample_);
      if (!value) continue;
      samples[track.labels].push_back({kReplayStartMs + next_sample_ * kSampleIntervalMs, *value});
    }
  }
  if (samples.empty()) return;
  std::vector<SeriesSamples> series;
  for (auto& [labels, of_series] : samples) {
    series.push_back({ToLabels(labels), std::move(of_series)});
  }
  web::Request request;
  request.method = "POST";
  request.headers = {{"Content-Type", "application/x-protobuf"}, {"Content-Encoding", "snappy"}};
  request.body = remote::SnappyCompress(remote::EncodeWriteRequest(series));
  const web::Response response = Call(std::move(request), "/api/v1/write");
  ASSERT_EQ(response.status, 204) << response.body;
}

json ReplayFixture::Data(std::string_view target) {
  const web::Response response = Get(target);
  EXPECT_EQ(response.status, 200) << target << ": " << response.body;
  const json answer = json::parse(response.body);
  EXPECT_EQ(answer.at("status"), "success") << target;
  return answer.at("data");
}

void ReplayFixture::CheckTick(const std::vector<json>& expected_messages) {
  CheckRules();
  EXPECT_EQ(json(PlainAlerts(Data("/api/v1/alerts").at("alerts"))), json(model_->Alerts()));
  CheckSeries("ALERTS");
  CheckSeries("ALERTS_FOR_STATE");
  CheckMessages(expected_messages);
}

void ReplayFixture::CheckRules() {
  const json groups = Data("/api/v1/rules").at("groups");
  ASSERT_EQ(groups.size(), 1u);
  const json& group = groups[0];
  EXPECT_EQ(group.at("name"), model_->group().name);
  EXPECT_EQ(group.at("interval"), static_cast<double>(model_->group().interval_ms) / 1000);
  EXPECT_EQ(group.at("limit"), model_->group().limit);
  EXPECT_EQ(ToMs(group.at("lastEvaluation")), tick_ms() + kLatenessMs);
  json rules = json::array();
  for (json rule : group.at("rules")) {
    EXPECT_EQ(ToMs(rule.at("lastEvaluation")), tick_ms() + kLatenessMs);
    EXPECT_GE(rule.at("evaluationTime").get<double>(), 0);
    if (rule.at("type") != "alerting") continue;
    rule.erase("lastEvaluation");
    rule.erase("evaluationTime");
    rule["alerts"] = PlainAlerts(rule.at("alerts"));
    rules.push_back(std::move(rule));
  }
  EXPECT_EQ(rules, model_->Rules());
}

void ReplayFixture::CheckSeries(const std::string& metric) {
  const int64_t time_ms = tick_ms() - model_->group().query_offset_ms;
  const double seconds = static_cast<double>(time_ms) / 1000;
  json expected = json::array();
  for (const auto& [labels, value] : model_->Visible(metric, time_ms)) {
    expected.push_back({{"metric", labels}, {"value", {seconds, value}}});
  }
  json shown = Data(absl::StrFormat("/api/v1/query?query=%s&time=%.3f", metric, seconds));
  EXPECT_EQ(shown.at("resultType"), "vector");
  for (json& series : shown["result"]) {
    series["value"][1] = std::strtod(series["value"][1].get<std::string>().c_str(), nullptr);
  }
  std::sort(shown["result"].begin(), shown["result"].end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(shown["result"], expected);
}

std::vector<json> ReplayFixture::TakeMessages() {
  // The queue keeps the order, so that what the tick gave has arrived when this has.
  AlertMessage end;
  end.labels = ToLabels({{"alertname", kTickEnd}});
  end.starts_at = clock_.Now();
  end.ends_at = clock_.Now() + absl::Hours(1);
  const auto is_delivered = std::make_shared<std::atomic<bool>>(false);
  end.is_delivered = is_delivered;
  notifier_->Send({end});
  for (int i = 0; i < 100'000 && !*is_delivered; ++i) absl::SleepFor(absl::Microseconds(100));
  EXPECT_TRUE(*is_delivered);
  std::vector<json> messages;
  {
    absl::MutexLock lock(&mutex_);
    messages.swap(inbox_);
  }
  std::erase_if(messages, [](const json& alert) {
    return Includes(alert["labels"], {{"alertname", kTickEnd}});
  });
  return messages;
}

void ReplayFixture::CheckMessages(std::vector<json> expected) {
  std::vector<json> messages = TakeMessages();
  for (const json& alert : messages) received_.push_back({tick_, alert});
  std::sort(messages.begin(), messages.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(json(messages), json(expected));
}

std::map<LabelMap, Model::Samples> ReplayFixture::StoredAlerts() const {
  std::map<LabelMap, Model::Samples> stored;
  const auto snapshot = storage_.TakeSnapshot();
  for (const char* const metric : {"ALERTS", "ALERTS_FOR_STATE"}) {
    const auto series = snapshot->Select(
        {Matcher::Plain(parser::MatchType::kEqual, kMetricName, metric)}, kMinTimeMs, kMaxTimeMs);
    EXPECT_TRUE(series.ok()) << series.status();
    for (const auto& one : *series) {
      SampleBuffer buffer;
      const auto view = one->Read(kMinTimeMs, kMaxTimeMs, buffer);
      EXPECT_TRUE(view.ok()) << view.status();
      Model::Samples& samples = stored[ToMap(one->labels())];
      for (size_t i = 0; i < view->size; ++i) {
        const double value = view->values[i];
        samples[view->timestamps[i]] = IsStale(value) ? std::nullopt : std::optional(value);
      }
    }
  }
  return stored;
}

bool ReplayFixture::IsOf(const Received& received, const LabelMap& labels) const {
  return Includes(received.alert.at("labels"), labels);
}

std::string ReplayFixture::Sent(const LabelMap& labels) const {
  std::vector<std::string> sent;
  for (const Received& one : received_) {
    if (!IsOf(one, labels)) continue;
    const int64_t sent_ms = kFirstTickMs + one.tick * model_->group().interval_ms;
    sent.push_back(absl::StrCat(ToMs(one.alert.at("endsAt")) > sent_ms ? "F" : "R", one.tick));
  }
  return absl::StrJoin(sent, " ");
}

json ReplayFixture::SentAlert(const LabelMap& labels, int index) const {
  for (const Received& one : received_) {
    if (IsOf(one, labels) && index-- == 0) return one.alert;
  }
  return nullptr;
}

std::string ReplayFixture::SentTexts(const LabelMap& labels, const std::string& annotation) const {
  std::vector<std::string> texts;
  for (const Received& one : received_) {
    if (!IsOf(one, labels)) continue;
    std::string text = one.alert.at("annotations").value(annotation, "");
    if (texts.empty() || texts.back() != text) texts.push_back(std::move(text));
  }
  return absl::StrJoin(texts, " > ");
}

std::vector<std::string> ReplayFixture::Query(std::string_view expr) {
  const double seconds = static_cast<double>(tick_ms()) / 1000;
  std::vector<std::string> values;
  const json data =
      Data(absl::StrFormat("/api/v1/query?query=%s&time=%.3f", FormEscape(expr), seconds));
  for (const json& series : data.at("result")) values.push_back(series.at("value").at(1));
  return values;
}

}  // namespace sloburn::rules
