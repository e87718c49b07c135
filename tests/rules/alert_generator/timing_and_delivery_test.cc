// SPDX-License-Identifier: Apache-2.0
// What the checklist for alert generators demands beyond the suite's cases: keep_firing_for, query
// offsets, intervals and resend delays, the scheduler's slots, external labels and relabelling.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "tests/rules/alert_generator/replay_fixture.h"

namespace sloburn::rules {
namespace {

using nlohmann::json;
using namespace nlohmann::literals;  // NOLINT(google-build-using-namespace)

class AlertTimes : public ReplayFixture {};
class AlertDelivery : public ReplayFixture {};

constexpr std::string_view kLinks = R"yaml(
groups:
  - name: Links
    interval: 30s
    rules:
      - alert: LinkErrors
        expr: link_errors > 0
        for: 1m
        keep_firing_for: 2m
        annotations: {text: '{{ $value }} errors'}
)yaml";

TEST_F(AlertTimes, KeepFiringFor) {
  // Errors at ticks 2 to 7, 10 and 11, 20.
  const Track link{{{"__name__", "link_errors"}, {"port", "1"}},
                   {{4, 0}, {12, 3}, {4, 0}, {4, 5}, {16, 0}, {2, 1}, {60, 0}}};
  ModelRule rule;
  rule.configured = R"json({"name": "LinkErrors", "query": "link_errors > 0", "duration": 60,
      "keepFiringFor": 120, "labels": {},
      "annotations": {"text": "{{ $value }} errors"}})json"_json;
  rule.generator_url = "http://burn.example:9095/graph?g0.expr=link_errors+%3E+0&g0.tab=1";
  rule.elements = [&link](int64_t time_ms, const Model&) -> std::vector<ModelElement> {
    const double value = link.At(time_ms).value_or(0);
    if (value <= 0) return {};
    return {{{{"alertname", "LinkErrors"}, {"port", "1"}},
             {{"text", absl::StrFormat("%g errors", value)}},
             value}};
  };
  Start(kLinks, {.name = "Links", .rules = {rule}}, {link});
  Run(54);
  // The gap at tick 8 is shorter than what is kept, that at 12 is not. A pending alert is not kept,
  // and ends what was told of the one before.
  EXPECT_EQ(Sent({}), "F4 F7 F10 F13 R16 R19");
  EXPECT_EQ(SentTexts({}, "text"), "3 errors > 5 errors");
}

constexpr std::string_view kTanks = R"yaml(
groups:
  - name: Tanks
    interval: 30s
    query_offset: 1m
    rules:
      - alert: TankHigh
        expr: level_cm > 120
        for: 1m
        annotations: {text: '{{ $value }}, now {{ query "level_cm" | first | value }}'}
)yaml";

// Data and samples are older by the offset, alerts are not; queries of templates neither.
TEST_F(AlertTimes, QueryOffset) {
  const Track tank{{{"__name__", "level_cm"}}, {{6, 100}, {6, 150}, {6, 170}, {6, 190}, {24, 100}}};
  ModelRule rule;
  rule.configured = R"json({"name": "TankHigh", "query": "level_cm > 120", "duration": 60,
      "keepFiringFor": 0, "labels": {}, "annotations":
          {"text": "{{ $value }}, now {{ query \"level_cm\" | first | value }}"}})json"_json;
  rule.generator_url = "http://burn.example:9095/graph?g0.expr=level_cm+%3E+120&g0.tab=1";
  rule.elements = [&tank](int64_t time_ms, const Model&) -> std::vector<ModelElement> {
    const double value = tank.At(time_ms).value_or(0);
    if (value <= 120) return {};
    const double now = *tank.At(time_ms + 60'000);
    return {{{{"alertname", "TankHigh"}},
             {{"text", absl::StrFormat("%g, now %g", value, now)}},
             value}};
  };
  Start(kTanks, {.name = "Tanks", .query_offset_ms = 60'000, .rules = {rule}}, {tank});
  Run(8);
  // Active since tick 5; the newest sample of ALERTS is a minute older than tick 7.
  EXPECT_EQ(Query("ALERTS_FOR_STATE"), std::vector<std::string>{"1700000154"});
  EXPECT_EQ(Query("timestamp(ALERTS)"), std::vector<std::string>{"1700000154.25"});
  Run(16);
  EXPECT_EQ(Sent({}), "F7 F10 F13 R14 R17 R20 R23");
  EXPECT_EQ(SentTexts({}, "text"), "150, now 170 > 170, now 190 > 190, now 100");
}

struct Pace {
  int interval_s, resend_s;
  const char* sent;  // of eleven ticks
  int holds_s;       // a message about a firing alert
};

class AlertPace : public ReplayFixture, public testing::WithParamInterface<Pace> {};

// Sent again after strictly more than the resend delay.
TEST_P(AlertPace, ResendDelayAndEnd) {
  const Pace& pace = GetParam();
  const Track lamp{{{"__name__", "lamp"}}, {{200, 1}}};
  ModelRule rule;
  rule.configured = R"json({"name": "LampOn", "query": "lamp", "duration": 0, "keepFiringFor": 0,
                            "labels": {}, "annotations": {}})json"_json;
  rule.generator_url = "http://burn.example:9095/graph?g0.expr=lamp&g0.tab=1";
  rule.elements = [](int64_t, const Model&) -> std::vector<ModelElement> {
    return {{{{"alertname", "LampOn"}}, {}, 1}};
  };
  Start(absl::StrCat("groups: [{name: Lamps, interval: ", pace.interval_s,
                     "s, rules: [{alert: LampOn, expr: lamp}]}]"),
        {.name = "Lamps",
         .interval_ms = pace.interval_s * 1000,
         .resend_delay_ms = pace.resend_s * 1000,
         .rules = {rule}},
        {lamp});
  Run(11);
  EXPECT_EQ(Sent({}), pace.sent);
  const absl::Time sent_at = absl::FromUnixMillis(kFirstTickMs);
  EXPECT_EQ(SentAlert({}, 0).at("endsAt"),
            absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", sent_at + absl::Seconds(pace.holds_s),
                             absl::UTCTimeZone()));
}

INSTANTIATE_TEST_SUITE_P(Paces, AlertPace,
                         testing::Values(Pace{30, 60, "F0 F3 F6 F9", 240},
                                         Pace{30, 45, "F0 F2 F4 F6 F8 F10", 180},
                                         Pace{30, 30, "F0 F2 F4 F6 F8 F10", 120},
                                         Pace{30, 0, "F0 F1 F2 F3 F4 F5 F6 F7 F8 F9 F10", 120},
                                         Pace{15, 60, "F0 F5 F10", 240},
                                         Pace{120, 60, "F0 F1 F2 F3 F4 F5 F6 F7 F8 F9 F10", 480}),
                         [](const testing::TestParamInfo<Pace>& pace) {
                           return absl::StrCat("Each", pace.param.interval_s, "Resend",
                                               pace.param.resend_s);
                         });

// The groups' own threads: a tick each 30 s to the millisecond, none between and none left out.
TEST_F(AlertTimes, TicksAtItsSlots) {
  const Track bell{{{"__name__", "bell"}}, {{60, 1}}};
  Start("groups: [{name: Bells, interval: 30s, rules: [{alert: BellRings, expr: bell, for: 1m}]}]",
        {.name = "Bells"}, {bell});
  Feed(kReplayStartMs);
  manager_->Start();
  for (int tick = 1; tick <= 12; ++tick) {
    Feed(kReplayStartMs + tick * 30'000);
    clock_.Advance(absl::Seconds(30));
    const auto ticks = [this] { return manager_->Groups().at(0).iterations; };
    for (int i = 0; i < 100'000 && ticks() < tick; ++i) absl::SleepFor(absl::Microseconds(100));
    ASSERT_EQ(ticks(), tick);
  }
  manager_->Stop();
  EXPECT_EQ(manager_->Groups().at(0).missed_iterations, 0);

  const std::map<LabelMap, Model::Samples> stored = StoredAlerts();
  const LabelMap pending = {
      {"__name__", "ALERTS"}, {"alertname", "BellRings"}, {"alertstate", "pending"}};
  const LabelMap firing = {
      {"__name__", "ALERTS"}, {"alertname", "BellRings"}, {"alertstate", "firing"}};
  ASSERT_EQ(stored.count(pending), 1u);
  const int64_t first_ms = stored.at(pending).begin()->first;
  EXPECT_GT(first_ms, kReplayStartMs);
  EXPECT_LE(first_ms, kReplayStartMs + 30'000);
  Model::Samples expected_firing;
  for (int tick = 2; tick < 12; ++tick) expected_firing[first_ms + tick * 30'000] = 1;
  const Model::Samples expected_pending = {
      {first_ms, 1}, {first_ms + 30'000, 1}, {first_ms + 60'000, std::nullopt}};
  EXPECT_EQ(stored.at(pending), expected_pending);
  EXPECT_EQ(stored.at(firing), expected_firing);
  const std::vector<json> messages = TakeMessages();
  ASSERT_GE(messages.size(), 1u);
  for (const json& message : messages) {
    EXPECT_EQ(message.at("startsAt"),
              absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(first_ms + 60'000),
                               absl::UTCTimeZone()));
  }
}

TEST_F(AlertTimes, NothingIsKnownBeforeTheFirstTick) {
  Start(kTanks, {.name = "Tanks"}, {});
  const json rule = Data("/api/v1/rules").at("groups").at(0).at("rules").at(0);
  EXPECT_EQ(rule.at("state"), "unknown");
  EXPECT_EQ(rule.at("health"), "unknown");
  EXPECT_FALSE(rule.contains("lastError"));
  EXPECT_EQ(rule.at("lastEvaluation"), "0001-01-01T00:00:00Z");
  EXPECT_EQ(rule.at("alerts"), json::array());
  EXPECT_EQ(Data("/api/v1/alerts").at("alerts"), json::array());
}

constexpr std::string_view kDoors = R"yaml(
groups:
  - name: Doors
    interval: 30s
    rules:
      - alert: DoorOpen
        expr: door_open == 1
        labels: {severity: page}
        annotations:
          text: '{{ $externalLabels.cluster }} {{ .ExternalLabels.replica }} {{ $externalURL }}'
          links: '{{ externalURL }}{{ graphLink "x" }} {{ tableLink "a > 1" }} {{ pathPrefix }}'
      - alert: DoorAjar
        expr: door_open == 1
)yaml";

// External labels are for Alertmanager and templates only; relabelling decides what is sent and
// changes nothing else.
TEST_F(AlertDelivery, ExternalLabelsAndRelabelling) {
  const Track door{{{"__name__", "door_open"}, {"door", "d"}}, {{4, 0}, {16, 1}, {20, 0}}};
  ModelRule open, ajar;
  open.configured = R"json({"name": "DoorOpen", "query": "door_open == 1", "duration": 0,
      "keepFiringFor": 0, "labels": {"severity": "page"}, "annotations": {
          "text": "{{ $externalLabels.cluster }} {{ .ExternalLabels.replica }} {{ $externalURL }}",
          "links":
              "{{ externalURL }}{{ graphLink \"x\" }} {{ tableLink \"a > 1\" }} {{ pathPrefix }}"
      }})json"_json;
  open.generator_url = "http://burn.example:9095/graph?g0.expr=door_open+%3D%3D+1&g0.tab=1";
  ajar.configured = R"json({"name": "DoorAjar", "query": "door_open == 1", "duration": 0,
      "keepFiringFor": 0, "labels": {}, "annotations": {}})json"_json;
  ajar.generator_url = open.generator_url;
  open.elements = [&door](int64_t time_ms, const Model&) -> std::vector<ModelElement> {
    if (door.At(time_ms) != 1) return {};
    return {
        {{{"alertname", "DoorOpen"}, {"door", "d"}, {"severity", "page"}},
         {{"text", "k1 2 http://burn.example:9095"},
          {"links",
           "http://burn.example:9095/graph?g0.expr=x&g0.tab=0 /graph?g0.expr=a+%3E+1&g0.tab=1 "}},
         1}};
  };
  ajar.elements = [&door](int64_t time_ms, const Model&) -> std::vector<ModelElement> {
    if (door.At(time_ms) != 1) return {};
    return {{{{"alertname", "DoorAjar"}, {"door", "d"}}, {}, 1}};
  };
  ModelGroup group{.name = "Doors", .rules = {open, ajar}};
  group.relabel = [](LabelMap labels) -> std::optional<LabelMap> {
    if (labels.at("alertname") == "DoorAjar") return std::nullopt;
    labels["cluster"] = "k1";     // external
    labels["route"] = "k1/page";  // the alert's own severity, not the external one
    return labels;
  };
  const auto relabel = [](const RelabelConfig& config) { return *RelabelRule::Create(config); };
  ReplaySettings settings;
  settings.external_labels = {{"cluster", "k1"}, {"replica", "2"}, {"severity", "none"}};
  settings.alert_relabel = {
      relabel({.regex = "replica", .action = RelabelAction::kLabelDrop}),
      relabel(
          {.source_labels = {"alertname"}, .regex = "DoorAjar", .action = RelabelAction::kDrop}),
      relabel(
          {.source_labels = {"cluster", "severity"}, .separator = "/", .target_label = "route"})};
  Start(kDoors, group, {door}, settings);
  Run(20);
  EXPECT_EQ(Sent({{"alertname", "DoorOpen"}}), "F2 F5 F8 R10 R13 R16 R19");
  EXPECT_EQ(Sent({{"alertname", "DoorAjar"}}), "");
}

}  // namespace
}  // namespace sloburn::rules
