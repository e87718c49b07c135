// SPDX-License-Identifier: Apache-2.0
#include "rules/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/synchronization/mutex.h"
#include "rule_fixture.h"

namespace sloburn::rules {
namespace {

using ::testing::ElementsAre;

GroupDefinition GroupOf(const char* file, const char* name, absl::Duration interval) {
  GroupDefinition definition;
  definition.file = file;
  definition.name = name;
  definition.interval = interval;
  return definition;
}

// Sample timestamps that Prometheus 3.5.3 wrote for groups of a file rules.yml.
TEST(SlotOffset, IsThatOfPrometheus) {
  const struct {
    const char* name;
    int seconds;
    int64_t sample_ms;
  } kCases[] = {
      {"alpha", 3, 1795232715742},
      {"beta with spaces", 5, 1795232718979},
      {"gämma", 7, 1795232721013},
  };
  for (const auto& one : kCases) {
    const absl::Duration offset = SlotOffset("rules.yml", one.name, absl::Seconds(one.seconds));
    EXPECT_EQ(absl::ToInt64Milliseconds(offset), one.sample_ms % (one.seconds * 1000)) << one.name;
  }
}

TEST(SlotOffset, DependsOnFileAndName) {
  const absl::Duration minute = absl::Minutes(1);
  EXPECT_NE(SlotOffset("a", "g", minute), SlotOffset("b", "g", minute));
  EXPECT_NE(SlotOffset("a", "g", minute), SlotOffset("a", "h", minute));
  for (const char* name : {"a", "b", "c", "d"}) {
    EXPECT_LT(SlotOffset("f", name, absl::Seconds(1)), absl::Seconds(1));
    EXPECT_GE(SlotOffset("f", name, absl::Seconds(1)), absl::ZeroDuration());
  }
}

TEST(Slots, SurroundEveryTime) {
  const absl::Duration interval = absl::Seconds(90);
  const RuleGroup group(GroupOf("f", "g", interval));
  const absl::Time slot = SlotBefore(group, AtSecond(1'000'000));
  EXPECT_LE(slot, AtSecond(1'000'000));
  EXPECT_GT(slot + interval, AtSecond(1'000'000));
  EXPECT_EQ(SlotAfter(group, AtSecond(1'000'000)), slot + interval);
  EXPECT_EQ(SlotBefore(group, slot), slot);
  EXPECT_EQ(SlotAfter(group, slot), slot + interval);
  EXPECT_EQ(SlotBefore(group, slot - absl::Nanoseconds(1)), slot - interval);
  // Before 1970 too.
  EXPECT_EQ(SlotBefore(group, AtSecond(-1)) + interval, SlotAfter(group, AtSecond(-1)));
  EXPECT_LE(SlotBefore(group, AtSecond(-1)), AtSecond(-1));
}

// Collects the ticks of one group and lets a test wait for them.
class TickLog {
 public:
  void Add(absl::Time slot) {
    absl::MutexLock lock(&mutex_);
    slots_.push_back(slot);
  }
  // All ticks, once there are `count`; waits at most ten seconds.
  std::vector<absl::Time> WaitFor(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto has_count = [this, count] { return slots_.size() >= count; };
    mutex_.AwaitWithTimeout(absl::Condition(&has_count), absl::Seconds(10));
    return slots_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<absl::Time> slots_;
};

TEST(Scheduler, TicksAtEverySlot) {
  FakeClock clock(AtSecond(1'000'000));
  RuleGroup group(GroupOf("f", "g", absl::Seconds(10)));
  const absl::Time first = SlotAfter(group, clock.Now());
  TickLog log;
  Scheduler scheduler(clock, 2);
  scheduler.Add(group, [&](absl::Time slot) { log.Add(slot); });
  EXPECT_TRUE(log.WaitFor(0).empty());
  clock.Advance(first - clock.Now());
  EXPECT_THAT(log.WaitFor(1), ElementsAre(first));
  clock.Advance(absl::Seconds(10));
  EXPECT_THAT(log.WaitFor(2), ElementsAre(first, first + absl::Seconds(10)));
  EXPECT_EQ(group.Metrics().iterations_missed, 0);
}

TEST(Scheduler, SkipsSlotsThatPassedDuringATick) {
  FakeClock clock(AtSecond(1'000'000));
  RuleGroup group(GroupOf("f", "g", absl::Seconds(10)));
  const absl::Time first = SlotAfter(group, clock.Now());
  TickLog log;
  Scheduler scheduler(clock, 2);
  scheduler.Add(group, [&](absl::Time slot) {
    if (slot == first) clock.Advance(absl::Seconds(35));  // a slow tick
    log.Add(slot);
  });
  clock.Advance(first - clock.Now());
  // 10 and 20 s have passed entirely; 30 s is evaluated late.
  EXPECT_THAT(log.WaitFor(2), ElementsAre(first, first + absl::Seconds(30)));
  EXPECT_EQ(group.Metrics().iterations_missed, 2);
  EXPECT_EQ(group.Metrics().iterations, 2);  // missed ones count; no real tick ran here
}

TEST(Scheduler, GoesOnWhereTheClockIsSetBack) {
  FakeClock clock(AtSecond(100'000));
  Scheduler scheduler(clock, 4);
  RuleGroup group(GroupOf("f", "g", absl::Seconds(60)));
  TickLog log;
  scheduler.Add(group, [&](absl::Time slot) { log.Add(slot); });
  const absl::Time slot = SlotAfter(group, AtSecond(100'000));
  clock.Advance(absl::Seconds(60));
  EXPECT_EQ(log.WaitFor(1).back(), slot);
  clock.Advance(absl::Hours(-10));
  for (size_t i = 0; i < 50 && log.WaitFor(2).size() < 2; ++i) clock.Advance(absl::Seconds(60));
  EXPECT_LE(log.WaitFor(2).at(1), slot - absl::Hours(9));
  scheduler.StopAll();
}

TEST(Scheduler, BoundsConcurrency) {
  FakeClock clock(AtSecond(1'000'000));
  std::vector<std::unique_ptr<RuleGroup>> groups;
  absl::Mutex mutex;
  int running = 0, highest = 0, done = 0;
  {
    Scheduler scheduler(clock, 2);
    for (int i = 0; i < 8; ++i) {
      const std::string name = std::to_string(i);
      groups.push_back(std::make_unique<RuleGroup>(GroupOf("f", name.c_str(), absl::Seconds(10))));
      scheduler.Add(*groups.back(), [&](absl::Time) {
        {
          absl::MutexLock lock(&mutex);
          highest = std::max(highest, ++running);
        }
        absl::SleepFor(absl::Milliseconds(5));
        absl::MutexLock lock(&mutex);
        --running;
        ++done;
      });
    }
    clock.Advance(absl::Seconds(10));
    absl::MutexLock lock(&mutex);
    const auto all_done = [&] { return done >= 8; };
    EXPECT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&all_done), absl::Seconds(10)));
  }
  EXPECT_LE(highest, 2);
  EXPECT_GE(highest, 1);
}

TEST(Scheduler, RemoveWaitsForTheTickAndStopsOnlyThatGroup) {
  FakeClock clock(AtSecond(1'000'000));
  RuleGroup one(GroupOf("f", "one", absl::Seconds(10)));
  RuleGroup two(GroupOf("f", "two", absl::Seconds(10)));
  TickLog log_one, log_two;
  Scheduler scheduler(clock, 4);
  scheduler.Add(one, [&](absl::Time slot) {
    absl::SleepFor(absl::Milliseconds(20));
    log_one.Add(slot);
  });
  scheduler.Add(two, [&](absl::Time slot) { log_two.Add(slot); });
  clock.Advance(absl::Seconds(10));
  EXPECT_EQ(log_two.WaitFor(1).size(), 1u);
  EXPECT_EQ(log_one.WaitFor(1).size(), 1u);
  scheduler.Remove({&one});
  scheduler.Remove({&one});  // unknown by now: ignored
  clock.Advance(absl::Seconds(10));
  EXPECT_EQ(log_two.WaitFor(2).size(), 2u);
  EXPECT_EQ(log_one.WaitFor(0).size(), 1u);
}

}  // namespace
}  // namespace sloburn::rules
