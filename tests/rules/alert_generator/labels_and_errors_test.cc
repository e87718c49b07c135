// SPDX-License-Identifier: Apache-2.0
// What the checklist for alert generators demands beyond the suite's cases: which labels an alert
// has, and what becomes of alerts whose rule fails.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/rules/alert_generator/replay_fixture.h"

namespace sloburn::rules {
namespace {

using nlohmann::json;
using namespace nlohmann::literals;  // NOLINT(google-build-using-namespace)

class AlertLabels : public ReplayFixture {};
class FailingRules : public ReplayFixture {};

constexpr std::string_view kDisks = R"yaml(
groups:
  - name: Disks
    interval: 30s
    labels: {team: storage, tier: gold}
    rules:
      - alert: DiskFull
        expr: disk_used_ratio > 0.9
        labels:
          alertname: Ignored
          host: ''
          severity: '{{ if gt $value 0.95 }}page{{ else }}ticket{{ end }}'
          tier: silver
          was: '{{ $labels.alertname }} {{ .Labels.severity }} {{ $labels.tier }}{{.Labels.team}}'
        annotations:
          text: '{{ $labels.__name__ }} {{ .Labels.alertname }} {{ .Labels.host }} {{.Labels.tier}}'
          used: '{{ $value | humanizePercentage }}{{ $labels.absent }}'
)yaml";

// Labels: those of the element without its name, then those of the group, of the rule, and
// alertname. Templates see the element, with its name.
TEST_F(AlertLabels, OverrideAndExpand) {
  const Track disk{{{"__name__", "disk_used_ratio"},
                    {"alertname", "Old"},
                    {"host", "db1"},
                    {"mount", "/var"},
                    {"severity", "low"},
                    {"tier", "bronze"}},
                   {{6, 0.5}, {10, 0.92}, {10, 0.97}, {10, 0.93}, {12, 0.5}}};
  ModelRule rule;
  rule.configured = R"json({"name": "DiskFull", "query": "disk_used_ratio > 0.9", "duration": 0,
      "keepFiringFor": 0,
      "labels": {"alertname": "Ignored", "host": "", "team": "storage", "tier": "silver",
          "severity": "{{ if gt $value 0.95 }}page{{ else }}ticket{{ end }}",
          "was":
              "{{ $labels.alertname }} {{ .Labels.severity }} {{ $labels.tier }}{{.Labels.team}}"},
      "annotations": {
          "text":
              "{{ $labels.__name__ }} {{ .Labels.alertname }} {{ .Labels.host }} {{.Labels.tier}}",
          "used": "{{ $value | humanizePercentage }}{{ $labels.absent }}"}})json"_json;
  rule.generator_url = "http://burn.example:9095/graph?g0.expr=disk_used_ratio+%3E+0.9&g0.tab=1";
  rule.elements = [&disk](int64_t time_ms, const Model&) -> std::vector<ModelElement> {
    const double value = disk.At(time_ms).value_or(0);
    if (value <= 0.9) return {};
    return {{{{"alertname", "DiskFull"},
              {"mount", "/var"},
              {"team", "storage"},
              {"tier", "silver"},
              {"severity", value > 0.95 ? "page" : "ticket"},
              {"was", "Old low bronze"}},
             {{"text", "disk_used_ratio Old db1 bronze"},
              {"used", value == 0.92   ? "92%"
                       : value == 0.93 ? "93%"
                                       : "97%"}},
             value}};
  };
  Start(kDisks, {.name = "Disks", .rules = {rule}}, {disk});
  Run(24);
  // Another severity is another alert; the same one again is a new one.
  EXPECT_EQ(Sent({{"severity", "ticket"}}), "F3 F6 R8 R11 F13 F16 R18 R21");
  EXPECT_EQ(SentTexts({{"severity", "ticket"}}, "used"), "92% > 93%");
  EXPECT_EQ(Sent({{"severity", "page"}}), "F8 F11 R13 R16 R19 R22");
}

constexpr std::string_view kNodes = R"yaml(
groups:
  - name: Nodes
    interval: 30s
    rules:
      - alert: NodeGone
        expr: node_up == 0
        for: 1m
        labels: {node: any}
      - alert: NodeSlow
        expr: node_load / on (room) node_limit > 2
      - alert: NodeFine
        expr: node_up > 0
        for: 10h
)yaml";

// A rule that fails leaves its alerts as they are: nothing is written, sent or resolved.
TEST_F(FailingRules, KeepTheirAlerts) {
  const auto up = [](const char* node, std::vector<Track::Run> runs) {
    return Track{{{"__name__", "node_up"}, {"node", node}}, std::move(runs)};
  };
  // Both are down at ticks 10 to 13.
  const std::vector<Track> nodes = {up("a", {{4, 1}, {60, 0}, {20, 1}}),
                                    up("b", {{20, 1}, {8, 0}, {56, 1}})};
  const Track load{{{"__name__", "node_load"}, {"room", "r"}}, {{84, 5}}};
  const Track limit{{{"__name__", "node_limit"}, {"room", "r"}, {"v", "1"}}, {{84, 1}}};
  const Track limit2{{{"__name__", "node_limit"}, {"room", "r"}, {"v", "2"}},
                     {{20, std::nullopt}, {8, 1}}};
  ModelRule gone, slow, fine;
  gone.configured = R"json({"name": "NodeGone", "query": "node_up == 0", "duration": 60,
      "keepFiringFor": 0, "labels": {"node": "any"}, "annotations": {}})json"_json;
  gone.generator_url = "http://burn.example:9095/graph?g0.expr=node_up+%3D%3D+0&g0.tab=1";
  gone.elements = [&](int64_t time_ms, const Model&) {
    std::vector<ModelElement> elements;
    for (const Track& node : nodes) {
      if (node.At(time_ms) == 0) {
        elements.push_back({{{"alertname", "NodeGone"}, {"node", "any"}}, {}, 0});
      }
    }
    return elements;
  };
  slow.configured = R"json({"name": "NodeSlow", "query": "node_load / on (room) node_limit > 2",
      "duration": 0, "keepFiringFor": 0, "labels": {}, "annotations": {}})json"_json;
  slow.generator_url =
      "http://burn.example:9095/"
      "graph?g0.expr=node_load+%2F+on+%28room%29+node_limit+%3E+2&g0.tab=1";
  slow.elements = [](int64_t, const Model&) -> std::vector<ModelElement> {
    return {{{{"alertname", "NodeSlow"}, {"room", "r"}}, {}, 5}};
  };
  slow.failure = [&](int64_t time_ms) -> std::string {
    if (!limit2.At(time_ms)) return "";
    return "found duplicate series for the match group {room=\"r\"} on the right hand-side of the "
           "operation: [{__name__=\"node_limit\", room=\"r\", v=\"1\"}, {__name__=\"node_limit\", "
           "room=\"r\", v=\"2\"}];many-to-many matching not allowed: matching labels must be "
           "unique "
           "on one side";
  };
  fine.configured = R"json({"name": "NodeFine", "query": "node_up > 0", "duration": 36000,
      "keepFiringFor": 0, "labels": {}, "annotations": {}})json"_json;
  fine.elements = [&](int64_t time_ms, const Model&) {
    std::vector<ModelElement> elements;
    for (const Track& node : nodes) {
      if (node.At(time_ms) != 1) continue;
      elements.push_back({{{"alertname", "NodeFine"}, {"node", node.labels.at("node")}}, {}, 1});
    }
    return elements;
  };
  std::vector<Track> tracks = nodes;
  tracks.insert(tracks.end(), {load, limit, limit2});
  Start(kNodes, {.name = "Nodes", .rules = {gone, slow, fine}}, tracks);
  Run(12);
  const json rules = Data("/api/v1/rules").at("groups").at(0).at("rules");
  EXPECT_EQ(rules[0].at("health"), "err");
  EXPECT_EQ(rules[0].at("lastError"),
            "vector contains metrics with the same labelset after applying alert labels");
  EXPECT_EQ(rules[0].at("state"), "firing");
  EXPECT_EQ(rules[1].at("health"), "err");
  EXPECT_EQ(rules[2].at("health"), "ok");
  Run(30);
  EXPECT_EQ(Sent({{"alertname", "NodeGone"}}), "F4 F7 F14 F17 F20 F23 F26 F29 R32 R35 R38 R41");
  // The second limit is seen until five minutes after its last sample, before tick 24.
  EXPECT_EQ(Sent({{"alertname", "NodeSlow"}}), "F0 F3 F6 F9 F24 F27 F30 F33 F36 F39");
  EXPECT_EQ(Sent({{"alertname", "NodeFine"}}), "");
}

constexpr std::string_view kShards = R"yaml(
groups:
  - name: Shards
    interval: 30s
    limit: 2
    rules:
      - alert: ShardLags
        expr: shard_lag_seconds > 10
        for: 30s
)yaml";

// Beyond the limit a rule forgets its alerts without a word; they begin anew.
TEST_F(FailingRules, ExceededLimit) {
  const auto shard = [](const char* id, std::vector<Track::Run> runs) {
    return Track{{{"__name__", "shard_lag_seconds"}, {"shard", id}}, std::move(runs)};
  };
  const std::vector<Track> shards = {shard("1", {{4, 1}, {40, 20}}), shard("2", {{8, 1}, {36, 20}}),
                                     shard("3", {{16, 1}, {4, 30}, {24, 1}})};  // ticks 8 and 9
  ModelRule rule;
  rule.configured = R"json({"name": "ShardLags", "query": "shard_lag_seconds > 10", "duration": 30,
      "keepFiringFor": 0, "labels": {}, "annotations": {}})json"_json;
  rule.generator_url = "http://burn.example:9095/graph?g0.expr=shard_lag_seconds+%3E+10&g0.tab=1";
  rule.elements = [&](int64_t time_ms, const Model&) {
    std::vector<ModelElement> elements;
    for (const Track& one : shards) {
      const double value = one.At(time_ms).value_or(0);
      if (value <= 10) continue;
      elements.push_back(
          {{{"alertname", "ShardLags"}, {"shard", one.labels.at("shard")}}, {}, value});
    }
    return elements;
  };
  Start(kShards, {.name = "Shards", .limit = 2, .rules = {rule}}, shards);
  Run(10);
  const json failed = Data("/api/v1/rules").at("groups").at(0).at("rules").at(0);
  EXPECT_EQ(failed.at("lastError"), "exceeded limit of 2 with 3 alerts");
  EXPECT_EQ(failed.at("state"), "inactive");
  Run(12);
  EXPECT_EQ(Sent({{"shard", "1"}}), "F3 F6 F11 F14 F17 F20");
  EXPECT_EQ(Sent({{"shard", "2"}}), "F5 F11 F14 F17 F20");
  EXPECT_EQ(Sent({{"shard", "3"}}), "");
}

}  // namespace
}  // namespace sloburn::rules
