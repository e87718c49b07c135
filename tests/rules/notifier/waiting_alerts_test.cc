// SPDX-License-Identifier: Apache-2.0
#include "rules/notifier/waiting_alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rules/notifier/outgoing_alerts.h"

namespace sloburn::rules {
namespace {

using testing::ElementsAre;

// Names; those of resolved ones end in '-'.
std::vector<std::string> Names(const std::vector<OutgoingAlert>& alerts) {
  std::vector<std::string> names;
  for (const OutgoingAlert& alert : alerts) {
    names.push_back(std::string(alert.labels.Get("alertname")) + (alert.is_resolved ? "-" : ""));
  }
  return names;
}

TEST(WaitingAlerts, BatchesInTheOrderTheyCame) {
  WaitingAlerts waiting(10);
  EXPECT_EQ(waiting.Add({Firing("a"), Firing("b"), Resolved("c")}), 0u);
  EXPECT_EQ(waiting.size(), 3u);
  EXPECT_THAT(Names(waiting.TakeBatch(2)), ElementsAre("a", "b"));
  EXPECT_THAT(Names(waiting.TakeBatch(2)), ElementsAre("c-"));
  EXPECT_TRUE(waiting.empty());
}

TEST(WaitingAlerts, ANewerMessageTakesThePlace) {
  WaitingAlerts waiting(10);
  waiting.Add({Firing("a"), Firing("b")});
  const OutgoingAlert resolved = Resolved("a");
  waiting.Add({resolved});
  const auto batch = waiting.TakeBatch(10);
  EXPECT_THAT(Names(batch), ElementsAre("a-", "b"));
  EXPECT_EQ(batch[0].message, resolved.message);
}

TEST(WaitingAlerts, WhoWaitsForAReplacedMessageWaitsForTheNewerOne) {
  WaitingAlerts waiting(10);
  const OutgoingAlert older = Resolved("a");
  waiting.Add({older});
  waiting.Add({Firing("a")});
  auto batch = waiting.TakeBatch(1);
  ASSERT_EQ(batch[0].is_delivered.size(), 2u);
  EXPECT_EQ(batch[0].is_delivered[1], older.is_delivered[0]);
  // Again and again: bounded.
  waiting.Add(batch);
  for (int i = 0; i < 100; ++i) waiting.Add({Resolved("a")});
  EXPECT_LE(waiting.TakeBatch(1)[0].is_delivered.size(), 17u);
}

TEST(WaitingAlerts, PutBackComesFirstButNewerOnesStay) {
  WaitingAlerts waiting(10);
  waiting.Add({Firing("a"), Firing("b"), Firing("c")});
  auto batch = waiting.TakeBatch(2);
  waiting.Add({Resolved("a")});
  EXPECT_EQ(waiting.PutBack(std::move(batch)), 0u);
  EXPECT_THAT(Names(waiting.TakeBatch(10)), ElementsAre("b", "c", "a-"));
}

TEST(WaitingAlerts, TheOldestAreDroppedWhereThereIsNoRoom) {
  WaitingAlerts waiting(2);
  EXPECT_EQ(waiting.Add({Firing("a"), Firing("b"), Firing("c")}), 1u);
  EXPECT_EQ(waiting.Add({Firing("c")}), 0u);
  auto batch = waiting.TakeBatch(1);
  EXPECT_THAT(Names(batch), ElementsAre("b"));
  EXPECT_EQ(waiting.Add({Firing("d")}), 0u);
  EXPECT_EQ(waiting.PutBack(std::move(batch)), 1u);
  EXPECT_THAT(Names(waiting.TakeBatch(10)), ElementsAre("c", "d"));
}

TEST(WaitingAlerts, FiringOnesExpire) {
  WaitingAlerts waiting(10);
  waiting.Add({Firing("a"), Resolved("b")});
  EXPECT_EQ(waiting.DropExpired(absl::Now() + absl::Minutes(3)), 0u);
  EXPECT_EQ(waiting.DropExpired(absl::Now() + absl::Minutes(5)), 1u);
  EXPECT_THAT(Names(waiting.TakeBatch(10)), ElementsAre("b-"));
}

TEST(WaitingAlerts, ResolvedOnesAreKeptUntilSomebodyHasTakenThem) {
  WaitingAlerts waiting(10);
  const OutgoingAlert resolved = Resolved("a");
  waiting.Add({resolved});
  EXPECT_EQ(waiting.DropExpired(absl::Now() + absl::Hours(100)), 0u);
  resolved.is_delivered[0]->store(true);
  // The last message about an end is made 15 minutes after it, and comes here a little later.
  const absl::Time ends_at = resolved.message->ends_at;
  EXPECT_EQ(waiting.DropExpired(ends_at + absl::Minutes(15) + absl::Seconds(30)), 0u);
  EXPECT_EQ(waiting.DropExpired(ends_at + absl::Minutes(16) + absl::Seconds(1)), 1u);
  EXPECT_TRUE(waiting.empty());
}

}  // namespace
}  // namespace sloburn::rules
