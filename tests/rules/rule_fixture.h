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
#include "engine/storage/outbox.h"
#include "rules/group_runner.h"
#include "rules/rule_file.h"
#include "rules/rule_group.h"

namespace sloburn::rules {

inline absl::Time AtSecond(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

// What commits send, one batch each.
class RecordedOutbox {
 public:
  explicit RecordedOutbox(MemoryStorage& storage) : outbox_(storage, {}) {
    storage.SetOutbox(&outbox_);
    outbox_.AddReader("test");
  }
  std::vector<OutboxBatch> Take() {
    std::vector<OutboxBatch> batches;
    while (outbox_.Stats().entries > 0) {
      batches.push_back(*outbox_.Next("test", 1));
      outbox_.Acknowledge("test");
    }
    return batches;
  }

 private:
  Outbox outbox_;
};

// Fails when told to.
class SwitchedSource : public SourcePull {
 public:
  absl::Status BeforeTick(const GroupReads& reads, int64_t t_ms) override {
    asked_for.push_back(reads.selectors);
    pulled_ms.push_back(t_ms);
    return status;
  }
  absl::Status status;
  std::vector<int64_t> pulled_ms;
  std::vector<std::vector<std::string>> asked_for;
};

class RuleFixture {
 public:
  explicit RuleFixture(MemoryStorageOptions options = {}) : storage(options) {
    context.storage = &storage;
    context.clock = &clock;
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
  RecordedOutbox outbox{storage};
  TickContext context;
};

}  // namespace sloburn::rules
