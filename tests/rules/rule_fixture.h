// SPDX-License-Identifier: Apache-2.0
// A store, a clock and a rule file as text, for tests that run ticks.
//
//   RuleFixture fixture;
//   fixture.Append("up", {{"job", "a"}}, 0, 1);
//   auto group = fixture.Group("rules:\n- {record: r, expr: up}\n");
//   fixture.Tick(*group, 60);
//   EXPECT_EQ(fixture.Samples("r"), "r{job=\"a\"} 1@60");
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/storage/memory_storage.h"
#include "rules/group_runner.h"
#include "rules/rule_file.h"
#include "rules/rule_group.h"

namespace sloburn::rules {

inline absl::Time AtSecond(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

class RecordingSink : public SampleSink {
 public:
  void Enqueue(std::vector<SeriesSample> samples) override {
    batches.push_back(std::move(samples));
  }
  std::vector<std::vector<SeriesSample>> batches;
};

// Fails when told to.
class SwitchedSource : public SourcePull {
 public:
  absl::Status BeforeTick(int64_t t_ms) override {
    pulled_ms.push_back(t_ms);
    return status;
  }
  absl::Status status;
  std::vector<int64_t> pulled_ms;
};

class RuleFixture {
 public:
  RuleFixture() {
    context.storage = &storage;
    context.clock = &clock;
    context.sinks = {&sink};
  }

  void Append(std::string_view metric, std::initializer_list<Label> labels, double second,
              double value);

  // A group from the fields of its YAML mapping; name and file are g and f.yml unless given.
  std::unique_ptr<RuleGroup> Group(const std::string& fields);

  // The tick must write: its status is expected to be OK.
  void Tick(RuleGroup& group, double second);

  // All samples of the metric, series by series, `labels value@second ...`, one line per series in
  // order of labels; staleness markers as "stale".
  std::string Samples(std::string_view metric) const;

  // The state of rule `index`.
  static RuleStatus Rule(const RuleGroup& group, size_t index) {
    return group.Status().rules.at(index);
  }

  MemoryStorage storage;
  FakeClock clock{absl::UnixEpoch()};
  RecordingSink sink;
  TickContext context;
};

}  // namespace sloburn::rules
