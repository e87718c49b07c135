// SPDX-License-Identifier: Apache-2.0
// The four cases that the public compliance suite for alert generators runs, with data of our own.
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/rules/alert_generator/replay_fixture.h"

namespace sloburn::rules {
namespace {

using nlohmann::json;
using namespace nlohmann::literals;  // NOLINT(google-build-using-namespace)

class ComplianceCases : public ReplayFixture {};

constexpr std::string_view kBakery = R"yaml(
groups:
  - name: Bakery
    interval: 30s
    rules:
      - alert: OvenTooHot
        expr: oven_celsius > 250
        for: 5m
        labels: {severity: page, kitchen: north}
        annotations:
          summary: "Oven {{ $labels.oven }} has {{ $value }} ({{ .Value }})"
          action: open the door
)yaml";

TEST_F(ComplianceCases, PendingAndFiringAndResolved) {
  const Track oven{{{"__name__", "oven_celsius"}, {"oven", "4"}},
                   {{6, 180}, {14, 260}, {16, 275.5}, {22, 290}, {20, 200}, {40, 270}, {70, 190}}};
  ModelRule rule;
  rule.configured = R"json({"name": "OvenTooHot", "query": "oven_celsius > 250", "duration": 300,
      "keepFiringFor": 0, "labels": {"severity": "page", "kitchen": "north"},
      "annotations": {"action": "open the door",
          "summary": "Oven {{ $labels.oven }} has {{ $value }} ({{ .Value }})"}})json"_json;
  rule.generator_url = "http://burn.example:9095/graph?g0.expr=oven_celsius+%3E+250&g0.tab=1";
  rule.elements = [&oven](int64_t time_ms, const Model&) -> std::vector<ModelElement> {
    const double value = oven.At(time_ms).value_or(0);
    if (value <= 250) return {};
    const std::string summary = absl::StrFormat("Oven 4 has %g (%g)", value, value);
    return {
        {{{"alertname", "OvenTooHot"}, {"kitchen", "north"}, {"oven", "4"}, {"severity", "page"}},
         {{"action", "open the door"}, {"summary", summary}},
         value}};
  };
  Start(kBakery, {.name = "Bakery", .rules = {rule}}, {oven});
  Run(94);

  // Active from tick 3 on, which is 5 min before tick 13; a message is due again after more than a
  // minute, so at the third tick. Tick 89 is 15 min after 59.
  const LabelMap alert = {{"alertname", "OvenTooHot"}};
  EXPECT_EQ(Sent(alert),
            "F13 F16 F19 F22 F25 F28 R29 R32 R35 R38 F49 F52 F55 F58 "
            "R59 R62 R65 R68 R71 R74 R77 R80 R83 R86 R89");
  EXPECT_EQ(SentTexts(alert, "summary"),
            "Oven 4 has 275.5 (275.5) > Oven 4 has 290 (290) > Oven 4 has 270 (270)");
  const auto times = [&](int index) {
    const json sent = SentAlert(alert, index);
    return sent.at("startsAt").get<std::string>() + " " + sent.at("endsAt").get<std::string>();
  };
  EXPECT_EQ(times(0), "2023-11-14T22:19:54.250Z 2023-11-14T22:23:54.250Z");   // tick 13: + 4 min
  EXPECT_EQ(times(1), "2023-11-14T22:19:54.250Z 2023-11-14T22:25:24.250Z");   // tick 16
  EXPECT_EQ(times(6), "2023-11-14T22:19:54.250Z 2023-11-14T22:27:54.250Z");   // tick 29
  EXPECT_EQ(times(9), "2023-11-14T22:19:54.250Z 2023-11-14T22:27:54.250Z");   // told again
  EXPECT_EQ(times(10), "2023-11-14T22:37:54.250Z 2023-11-14T22:41:54.250Z");  // tick 49: a new one
}

constexpr std::string_view kPumps = R"yaml(
groups:
  - name: Pumps
    interval: 30s
    rules:
      - alert: PressureHigh
        expr: pump_pressure_bar > 8
        for: 4m
        labels: {severity: ticket}
        annotations: {text: 'Pump {{ $labels.pump }}: {{ $value | printf "%.1f" }} bar'}
      - alert: PressureBursting
        expr: pump_pressure_bar > 40
        for: 4m
        labels: {severity: page}
        annotations: {text: nobody shall read this}
)yaml";

TEST_F(ComplianceCases, PendingAndResolvedAndAlwaysInactive) {
  // Above 8 for eight ticks, and once more: not at the ninth, at which it would fire.
  const Track pump{{{"__name__", "pump_pressure_bar"}, {"pump", "p1"}},
                   {{8, 5}, {16, 9}, {10, 5}, {16, 9.5}, {74, 6}}};
  ModelRule high, bursting;
  high.configured = R"json({"name": "PressureHigh", "query": "pump_pressure_bar > 8",
      "duration": 240, "keepFiringFor": 0, "labels": {"severity": "ticket"},
      "annotations": {"text":
          "Pump {{ $labels.pump }}: {{ $value | printf \"%.1f\" }} bar"}})json"_json;
  high.elements = [&pump](int64_t time_ms, const Model&) -> std::vector<ModelElement> {
    const double value = pump.At(time_ms).value_or(0);
    if (value <= 8) return {};
    return {{{{"alertname", "PressureHigh"}, {"pump", "p1"}, {"severity", "ticket"}},
             {{"text", value == 9 ? "Pump p1: 9.0 bar" : "Pump p1: 9.5 bar"}},
             value}};
  };
  bursting.configured = R"json({"name": "PressureBursting", "query": "pump_pressure_bar > 40",
      "duration": 240, "keepFiringFor": 0, "labels": {"severity": "page"},
      "annotations": {"text": "nobody shall read this"}})json"_json;
  bursting.elements = [](int64_t, const Model&) { return std::vector<ModelElement>(); };
  Start(kPumps, {.name = "Pumps", .rules = {high, bursting}}, {pump});
  Run(4);
  EXPECT_EQ(Query("ALERTS").size(), 0u);
  Run(8);
  EXPECT_EQ(Query("ALERTS{alertstate='pending'}").size(), 1u);
  EXPECT_EQ(Query("ALERTS_FOR_STATE"), std::vector<std::string>{"1700000124"});  // tick 4
  Run(50);
  EXPECT_EQ(Sent({}), "");
}

constexpr std::string_view kConversions =
    R"({{ humanize 2500000 }} {{ humanize1024 3145728 }} {{ humanizeDuration 3725.9 }} )"
    R"({{ humanizePercentage 0.1234 }} {{ humanizeTimestamp 1700000000 }}; {{ title "hot oven" }} )"
    R"({{ toUpper "loud" }} {{ toLower "QUIET" }} {{ stripPort "[fe80::7]:9100" }} )"
    R"({{ stripPort "10.1.2.3:80" }} {{ parseDuration "1h30m" }}; )"
    R"({{ if match "^[a-z]+$" "abc" }}{{ reReplaceAll "b(.)n" "m${1}n" "ban" }}{{ end }} )"
    R"({{ if match "[0-9]$" "7a" }}never{{ else }}no digit{{ end }})";
constexpr std::string_view kConverted =
    "2.5M 3Mi 1h 2m 5s 12.34% 2023-11-14 22:13:20 +0000 UTC; Hot Oven LOUD quiet fe80::7 10.1.2.3 "
    "5400; man no digit";
constexpr std::string_view kQueries =
    R"({{ define "limits" }}{{ .arg0 }} {{ .arg1 }}, )"
    R"({{ with query "queue_limit" }}{{ . | sortByLabel "site" | first | label "site" }} first:)"
    R"({{ range $one := sortByLabel "site" . }} {{ $one | label "site" }}={{ $one | value }})"
    R"({{ end }}{{ end }}{{ end }}{{ template "limits" (args "jobs" 7) }})";

TEST_F(ComplianceCases, ZeroForAndSmallFor) {
  const std::string file =
      absl::StrCat(R"yaml(
groups:
  - name: Queues
    interval: 30s
    rules:
      - alert: QueueLong
        expr: queue_jobs > 100
        labels: {severity: page}
        annotations:
          converted: ')yaml",
                   absl::string_view(kConversions.data(), kConversions.size()), R"yaml('
          limits: ')yaml",
                   absl::string_view(kQueries.data(), kQueries.size()), R"yaml('
      - alert: QueueVeryLong
        expr: queue_jobs > 120
        for: 10s
)yaml");
  const Track jobs{{{"__name__", "queue_jobs"}}, {{8, 20}, {17, 150}, {80, 30}, {14, 110}}};
  // Sorted by site their order is another one.
  std::vector<Track> tracks = {jobs};
  for (const auto& [rank, site, value] :
       {std::tuple("1", "c", 30.), std::tuple("2", "a", 10.), std::tuple("3", "b", 20.)}) {
    tracks.push_back({{{"__name__", "queue_limit"}, {"rank", rank}, {"site", site}},
                      {{50, value}, {150, 2 * value}}});
  }
  ModelRule zero, small;
  zero.configured = {{"name", "QueueLong"},
                     {"query", "queue_jobs > 100"},
                     {"duration", 0},
                     {"keepFiringFor", 0},
                     {"labels", {{"severity", "page"}}},
                     {"annotations", {{"converted", kConversions}, {"limits", kQueries}}}};
  zero.generator_url = "http://burn.example:9095/graph?g0.expr=queue_jobs+%3E+100&g0.tab=1";
  zero.elements = [&jobs](int64_t time_ms, const Model&) -> std::vector<ModelElement> {
    const double value = jobs.At(time_ms).value_or(0);
    if (value <= 100) return {};
    const bool is_early = time_ms < kReplayStartMs + 50 * kSampleIntervalMs;
    return {{{{"alertname", "QueueLong"}, {"severity", "page"}},
             {{"converted", std::string(kConverted)},
              {"limits",
               is_early ? "jobs 7, a first: a=10 b=20 c=30" : "jobs 7, a first: a=20 b=40 c=60"}},
             value}};
  };
  small.configured = R"json({"name": "QueueVeryLong", "query": "queue_jobs > 120", "duration": 10,
      "keepFiringFor": 0, "labels": {}, "annotations": {}})json"_json;
  small.generator_url = "http://burn.example:9095/graph?g0.expr=queue_jobs+%3E+120&g0.tab=1";
  small.elements = [&jobs](int64_t time_ms, const Model&) -> std::vector<ModelElement> {
    const double value = jobs.At(time_ms).value_or(0);
    if (value <= 120) return {};
    return {{{{"alertname", "QueueVeryLong"}}, {}, value}};
  };
  Start(file, {.name = "Queues", .rules = {zero, small}}, tracks);
  Run(82);

  const std::string resolved = " R13 R16 R19 R22 R25 R28 R31 R34 R37 R40 R43";
  // The last sample, at 29:30, is seen until 34:30, which is before tick 69.
  EXPECT_EQ(Sent({{"alertname", "QueueLong"}}),
            "F4 F7 F10" + resolved + " F53 F56 F59 F62 F65 F68 R69 R72 R75 R78 R81");
  EXPECT_EQ(Sent({{"alertname", "QueueVeryLong"}}), "F5 F8 F11" + resolved);
}

constexpr std::string_view kStations = R"yaml(
groups:
  - name: Stations
    interval: 30s
    rules:
      - alert: StationDown
        expr: station_faults > 3
        for: 2m
        labels: {line: red}
        annotations: {text: 'on {{ $labels.line }}'}
      - record: stations:firing:count
        expr: count(ALERTS{alertname="StationDown",alertstate="firing"})
      - alert: LineBlocked
        expr: >
          ALERTS{alertname="StationDown",alertstate="firing",station="north"}
          + ignoring (station)
          ALERTS{alertname="StationDown",alertstate="firing",station="south"} == 2
        labels: {line: express, scope: wide}
        annotations: {text: 'was {{ $labels.alertname }} on {{ .Labels.line }}{{ $labels.scope }}'}
      - alert: StationWaits
        expr: ALERTS{alertstate="pending"}
        annotations: {text: '{{ $labels.alertname }} {{ $labels.station }} {{ $labels.__name__ }}'}
)yaml";

std::vector<ModelElement> DownStations(const std::vector<Track>& stations, int64_t time_ms) {
  std::vector<ModelElement> elements;
  for (const Track& station : stations) {
    const double value = station.At(time_ms).value_or(0);
    if (value <= 3) continue;
    elements.push_back(
        {{{"alertname", "StationDown"}, {"line", "red"}, {"station", station.labels.at("station")}},
         {{"text", "on blue"}},  // the element's own
         value});
  }
  return elements;
}

// ALERTS as the rules before in the same tick have left it.
std::vector<LabelMap> AlertsIn(const std::string& state, int64_t time_ms, const Model& model) {
  std::vector<LabelMap> alerts;
  for (const auto& [labels, value] : model.Visible("ALERTS", time_ms)) {
    if (labels.at("alertname") == "StationDown" && labels.at("alertstate") == state) {
      alerts.push_back(labels);
    }
  }
  return alerts;
}

std::vector<ModelElement> BlockedLines(int64_t time_ms, const Model& model) {
  if (AlertsIn("firing", time_ms, model).size() < 2) return {};
  return {{{{"alertname", "LineBlocked"},
            {"alertstate", "firing"},
            {"line", "express"},
            {"scope", "wide"}},
           {{"text", "was StationDown on red"}},
           2}};
}

std::vector<ModelElement> WaitingStations(int64_t time_ms, const Model& model) {
  std::vector<ModelElement> elements;
  for (LabelMap labels : AlertsIn("pending", time_ms, model)) {
    labels["alertname"] = "StationWaits";
    labels.erase("__name__");
    const std::string text = absl::StrCat("StationDown ", labels.at("station"), " ALERTS");
    elements.push_back({std::move(labels), {{"text", text}}, 1});
  }
  return elements;
}

TEST_F(ComplianceCases, NewAlertsAndOrderOfRules) {
  const auto station = [](const char* name, std::vector<Track::Run> runs) {
    return Track{{{"__name__", "station_faults"}, {"station", name}, {"line", "blue"}},
                 std::move(runs)};
  };
  const std::vector<Track> stations = {station("north", {{8, 1}, {60, 5}, {30, 2}}),
                                       station("south", {{24, 1}, {40, 6}, {34, 0}})};
  ModelRule down, blocked, waits;
  down.configured = R"json({"name": "StationDown", "query": "station_faults > 3", "duration": 120,
      "keepFiringFor": 0, "labels": {"line": "red"},
      "annotations": {"text": "on {{ $labels.line }}"}})json"_json;
  down.generator_url = "http://burn.example:9095/graph?g0.expr=station_faults+%3E+3&g0.tab=1";
  down.elements = [&](int64_t time_ms, const Model&) { return DownStations(stations, time_ms); };
  blocked.configured =
      R"json({"name": "LineBlocked", "query":
      "ALERTS{alertname=\"StationDown\",alertstate=\"firing\",station=\"north\"} )json"
      R"json(+ ignoring (station) ALERTS{alertname=\"StationDown\",alertstate=\"firing\",)json"
      R"json(station=\"south\"} == 2",
      "duration": 0, "keepFiringFor": 0, "labels": {"line": "express", "scope": "wide"},
      "annotations": {"text":
          "was {{ $labels.alertname }} on {{ .Labels.line }}{{ $labels.scope }}"}})json"_json;
  blocked.generator_url =
      "http://burn.example:9095/graph?g0.expr=ALERTS%7Balertname%3D%22StationDown%22%2C"
      "alertstate%3D%22firing%22%2Cstation%3D%22north%22%7D+%2B+ignoring+%28station%29+"
      "ALERTS%7Balertname%3D%22StationDown%22%2Calertstate%3D%22firing%22%2C"
      "station%3D%22south%22%7D+%3D%3D+2&g0.tab=1";
  blocked.elements = BlockedLines;
  waits.configured = R"json({"name": "StationWaits", "query": "ALERTS{alertstate=\"pending\"}",
      "duration": 0, "keepFiringFor": 0, "labels": {}, "annotations": {"text":
          "{{ $labels.alertname }} {{ $labels.station }} {{ $labels.__name__ }}"}})json"_json;
  waits.generator_url =
      "http://burn.example:9095/graph?g0.expr=ALERTS%7Balertstate%3D%22pending%22%7D&g0.tab=1";
  waits.elements = WaitingStations;
  Start(kStations, {.name = "Stations", .rules = {down, blocked, waits}}, stations);

  using Values = std::vector<std::string>;
  Run(9);
  EXPECT_EQ(Query("stations:firing:count"), Values{"1"});
  Run(8);
  EXPECT_EQ(Query("stations:firing:count"), Values{"2"});
  Run(16);
  EXPECT_EQ(Query("stations:firing:count"), Values{"1"});
  Run(2);
  EXPECT_EQ(Query("stations:firing:count"), Values());
  Run(14);
  EXPECT_EQ(Sent({{"alertname", "StationDown"}, {"station", "north"}}),
            "F8 F11 F14 F17 F20 F23 F26 F29 F32 R34 R37 R40 R43 R46");
  const std::string both = "F16 F19 F22 F25 F28 F31 R32 R35 R38 R41 R44 R47";
  EXPECT_EQ(Sent({{"alertname", "StationDown"}, {"station", "south"}}), both);
  EXPECT_EQ(Sent({{"alertname", "LineBlocked"}}), both);
  EXPECT_EQ(Sent({{"alertname", "StationWaits"}, {"station", "north"}}),
            "F4 F7 R8 R11 R14 R17 R20 R23 R26 R29 R32 R35 R38");
}

}  // namespace
}  // namespace sloburn::rules
