// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_state.h"

#include <gtest/gtest.h>

namespace sloburn::rules {
namespace {

absl::Time At(int64_t minute) { return absl::UnixEpoch() + absl::Minutes(minute); }

Labels Named(const char* name) { return Labels::FromPairs({{"name", name}}); }

AlertElement Element(const char* name, double value = 1) { return {Named(name), {}, value}; }

const Alert* Find(const AlertStates& states, const char* name) {
  for (const Alert& alert : states.alerts()) {
    if (alert.labels == Named(name)) return &alert;
  }
  return nullptr;
}

AlertState StateOf(const AlertStates& states, const char* name) {
  const Alert* const alert = Find(states, name);
  return alert == nullptr ? AlertState::kUnknown : alert->state;
}

constexpr absl::Duration kZero = absl::ZeroDuration();

TEST(AlertState, WithoutForFiresAtOnce) {
  const AlertStates states = AlertStates().Next({Element("a", 7)}, At(3), {kZero, kZero});
  const Alert* const alert = Find(states, "a");
  ASSERT_NE(alert, nullptr);
  EXPECT_EQ(alert->state, AlertState::kFiring);
  EXPECT_EQ(alert->active_at, At(3));
  EXPECT_EQ(alert->fired_at, At(3));
  EXPECT_EQ(alert->value, 7);
  EXPECT_FALSE(alert->is_resolved());
}

TEST(AlertState, PendingUntilForHasPassedExactly) {
  const AlertTiming timing{absl::Minutes(5), kZero};
  AlertStates states = AlertStates().Next({Element("a")}, At(0), timing);
  EXPECT_EQ(StateOf(states, "a"), AlertState::kPending);
  states = states.Next({Element("a")}, At(5) - absl::Nanoseconds(1), timing);
  EXPECT_EQ(StateOf(states, "a"), AlertState::kPending);
  states = states.Next({Element("a", 2)}, At(5), timing);
  EXPECT_EQ(StateOf(states, "a"), AlertState::kFiring);
  EXPECT_EQ(Find(states, "a")->active_at, At(0));
  EXPECT_EQ(Find(states, "a")->fired_at, At(5));
  EXPECT_EQ(Find(states, "a")->value, 2);
}

TEST(AlertState, PendingThatVanishesIsForgotten) {
  const AlertTiming timing{absl::Minutes(5), absl::Minutes(10)};
  AlertStates states = AlertStates().Next({Element("a")}, At(0), timing);
  states = states.Next({}, At(1), timing);
  EXPECT_TRUE(states.alerts().empty());
  states = states.Next({Element("a")}, At(2), timing);
  EXPECT_EQ(Find(states, "a")->active_at, At(2));
}

TEST(AlertState, ResolvedIsKeptForFifteenMinutes) {
  const AlertTiming timing{kZero, kZero};
  AlertStates states = AlertStates().Next({Element("a")}, At(0), timing);
  states = states.Next({}, At(1), timing);
  EXPECT_EQ(StateOf(states, "a"), AlertState::kInactive);
  EXPECT_EQ(Find(states, "a")->resolved_at, At(1));
  EXPECT_EQ(states.CountActive(), 0);
  states = states.Next({}, At(16), timing);  // not yet more than 15 minutes
  EXPECT_EQ(Find(states, "a")->resolved_at, At(1));
  states = states.Next({}, At(16) + absl::Nanoseconds(1), timing);
  EXPECT_TRUE(states.alerts().empty());
}

TEST(AlertState, ReappearingAfterResolutionIsANewAlert) {
  const AlertTiming timing{absl::Minutes(2), kZero};
  AlertStates states = AlertStates().Next({Element("a")}, At(0), timing);
  states = states.Next({Element("a")}, At(2), timing);
  states = states.Next({}, At(3), timing);
  EXPECT_EQ(StateOf(states, "a"), AlertState::kInactive);
  states = states.Next({Element("a")}, At(4), timing);
  EXPECT_EQ(StateOf(states, "a"), AlertState::kPending);
  EXPECT_EQ(Find(states, "a")->active_at, At(4));
  EXPECT_FALSE(Find(states, "a")->is_resolved());
}

TEST(AlertState, KeepFiringForHoldsTheAlert) {
  const AlertTiming timing{kZero, absl::Minutes(3)};
  AlertStates states = AlertStates().Next({Element("a", 5)}, At(0), timing);
  states = states.Next({}, At(1), timing);
  EXPECT_EQ(StateOf(states, "a"), AlertState::kFiring);
  EXPECT_EQ(Find(states, "a")->keep_firing_since, At(1));
  EXPECT_EQ(Find(states, "a")->value, 5);
  states = states.Next({}, At(3), timing);
  EXPECT_EQ(StateOf(states, "a"), AlertState::kFiring);
  states = states.Next({}, At(4), timing);  // three minutes since the first absence
  EXPECT_EQ(StateOf(states, "a"), AlertState::kInactive);
  EXPECT_EQ(Find(states, "a")->resolved_at, At(4));
}

TEST(AlertState, KeepFiringForStartsAgainAfterAReturn) {
  const AlertTiming timing{kZero, absl::Minutes(3)};
  AlertStates states = AlertStates().Next({Element("a")}, At(0), timing);
  states = states.Next({}, At(2), timing);
  states = states.Next({Element("a")}, At(4), timing);
  EXPECT_EQ(Find(states, "a")->keep_firing_since, absl::InfinitePast());
  EXPECT_EQ(Find(states, "a")->active_at, At(0));
  states = states.Next({}, At(6), timing);
  EXPECT_EQ(Find(states, "a")->keep_firing_since, At(6));
  EXPECT_EQ(StateOf(states, "a"), AlertState::kFiring);
}

TEST(AlertState, RaisedForMovesBackToPending) {
  AlertStates states = AlertStates().Next({Element("a")}, At(0), {kZero, kZero});
  states = states.Next({Element("a")}, At(4), {absl::Minutes(5), kZero});
  EXPECT_EQ(StateOf(states, "a"), AlertState::kPending);
  EXPECT_EQ(Find(states, "a")->fired_at, absl::InfinitePast());
  states = states.Next({Element("a")}, At(5), {absl::Minutes(5), kZero});
  EXPECT_EQ(StateOf(states, "a"), AlertState::kFiring);
}

TEST(AlertState, AlertsAreIndependentAndSorted) {
  const AlertTiming timing{absl::Minutes(5), kZero};
  AlertStates states = AlertStates().Next({Element("a"), Element("b")}, At(0), timing);
  states = states.Next({Element("b"), Element("c")}, At(5), timing);
  ASSERT_EQ(states.alerts().size(), 2u);
  EXPECT_EQ(states.alerts()[0].labels, Named("b"));
  EXPECT_EQ(states.alerts()[0].state, AlertState::kFiring);
  EXPECT_EQ(states.alerts()[1].state, AlertState::kPending);
  EXPECT_EQ(states.CountActive(), 2);
  EXPECT_EQ(states.Highest(), AlertState::kFiring);
  EXPECT_EQ(AlertStates().Highest(), AlertState::kInactive);
}

TEST(AlertState, NextLeavesTheOldStateAlone) {
  const AlertStates before = AlertStates().Next({Element("a")}, At(0), {kZero, kZero});
  const AlertStates after = before.Next({}, At(1), {kZero, kZero});
  EXPECT_EQ(StateOf(before, "a"), AlertState::kFiring);
  EXPECT_EQ(StateOf(after, "a"), AlertState::kInactive);
}

}  // namespace
}  // namespace sloburn::rules
