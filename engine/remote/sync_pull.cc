// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "engine/remote/sync.h"
#include "engine/remote/sync_slices.h"
#include "engine/remote/sync_state.h"

namespace sloburn::remote {
namespace {

// Where a source that cannot be reached took long to show it, its failure is that of all who ask
// for this share of that time longer.
constexpr int kFailureShare = 10;
constexpr auto kLongFailure = std::chrono::milliseconds(100);

}  // namespace

std::vector<std::string> Sync::Behind(int64_t t_ms) const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<std::string> selectors;
  for (const auto& [key, target] : targets_) {
    if (target->is_loaded && target->covered_to_ms < t_ms) selectors.push_back(key);
  }
  return selectors;
}

int64_t Sync::CoveredTo(const std::vector<std::string>& selectors) const {
  std::optional<int64_t> least_ms;
  absl::ReaderMutexLock lock(&mutex_);
  for (const std::string& selector : selectors) {
    const auto found = targets_.find(selector);
    if (found == targets_.end() || !found->second->is_loaded) continue;
    least_ms = std::min(least_ms.value_or(kMaxTimeMs), found->second->covered_to_ms);
  }
  return least_ms.value_or(0);
}

std::unordered_map<std::string, absl::Status> Sync::Failing() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::unordered_map<std::string, absl::Status> failing;
  for (const auto& [key, target] : targets_) {
    if (target->is_loaded && !target->failure.ok()) failing.emplace(key, target->failure);
  }
  return failing;
}

Sync::Targets Sync::MissingOf(const Pull& pull) const {
  Targets missing;
  for (const std::string& selector : pull.selectors) {
    const auto found = targets_.find(selector);
    if (found == targets_.end() || !found->second->is_loaded) continue;
    if (found->second->covered_to_ms < pull.t_ms) missing.push_back(found->second);
  }
  return missing;
}

absl::Status Sync::PullUpTo(int64_t t_ms, const std::vector<std::string>& selectors) {
  Pull own{t_ms, selectors, std::chrono::steady_clock::now()};
  {
    absl::MutexLock lock(&mutex_);
    if (MissingOf(own).empty()) return absl::OkStatus();
    waiting_.push_back(&own);
  }
  absl::MutexLock only_one(&pull_mutex_);
  if (!own.is_done) PullForWaiting();
  return own.status;
}

void Sync::PullForWaiting() {
  std::vector<Pull*> pulls;
  {
    absl::MutexLock lock(&mutex_);
    for (Pull* const pull : std::exchange(waiting_, {})) {
      pull->is_done = true;
      if (pull->asked < failure_holds_until_ && IsFailureOf(*pull)) {
        Fail(*pull, last_failure_);
      } else {
        pulls.push_back(pull);
      }
    }
  }
  std::unordered_set<const Target*> failed;
  absl::Status unreached;  // the error that ended it
  while (unreached.ok()) {
    Goals goals = NextGoals(pulls, failed);
    if (goals.empty()) break;
    unreached = PullGoals(goals, failed);
  }
  absl::MutexLock lock(&mutex_);
  for (Pull* const pull : pulls) Fail(*pull, unreached);
}

// One selector that the source takes too long for says nothing about the others.
bool Sync::IsFailureOf(const Pull& pull) const {
  const Targets missing = MissingOf(pull);
  return is_failure_shared_ ||
         std::count(missing.begin(), missing.end(), failed_alone_) == std::ssize(missing);
}

void Sync::Fail(Pull& pull, const absl::Status& status) {
  for (const auto& target : MissingOf(pull)) {
    if (!status.ok()) target->failure = status;
    if (pull.status.ok()) pull.status = target->failure;
  }
}

// The markers that the query API makes necessary belong to the times that were asked for, so these
// are gone through one by one. By remote read all of it is one window.
Sync::Goals Sync::NextGoals(const std::vector<Pull*>& pulls,
                            const std::unordered_set<const Target*>& failed) const {
  const bool can_go_ahead = mode_ == SyncMode::kRemoteRead;
  Goals goals;
  std::unordered_map<const Target*, size_t> places;
  absl::ReaderMutexLock lock(&mutex_);
  for (const Pull* pull : pulls) {
    for (const auto& target : MissingOf(*pull)) {
      if (failed.contains(target.get())) continue;
      const auto [place, is_new] = places.emplace(target.get(), goals.size());
      if (is_new) {
        goals.push_back({target, pull->t_ms});
        continue;
      }
      int64_t& to_ms = goals[place->second].to_ms;
      to_ms = can_go_ahead ? std::max(to_ms, pull->t_ms) : std::min(to_ms, pull->t_ms);
    }
  }
  // What failed before is tried last: it may take the others' time.
  std::stable_partition(goals.begin(), goals.end(),
                        [](const Goal& goal) { return goal.target->failure.ok(); });
  return goals;
}

absl::Status Sync::PullGoals(const Goals& goals, std::unordered_set<const Target*>& failed) {
  const auto begun = std::chrono::steady_clock::now();
  SliceLoader loader(*this, goals, pull_slice_);
  const absl::Status status = loader.Run();
  int64_t farthest_ms = 0;
  {
    absl::MutexLock lock(&mutex_);
    for (const Goal& goal : goals) {
      farthest_ms = std::max(farthest_ms, goal.to_ms);
      if (goal.target->covered_to_ms >= goal.to_ms) {
        goal.target->failure = absl::OkStatus();
        continue;
      }
      failed.insert(goal.target.get());
      const auto own = loader.failures().find(goal.target.get());
      goal.target->failure = own != loader.failures().end() ? own->second : status;
    }
  }
  Record(status).IgnoreError();
  NotePull(goals, status, loader.was_answered(), begun);
  ForgetOldSeries(farthest_ms);
  const bool is_reached = loader.was_answered() || !CannotBeReached(status);
  return is_reached ? absl::OkStatus() : status;
}

// Hundreds of groups that each waited for the timeout of a source that hangs would tell of it, and
// find out that it is back, hours later.
void Sync::NotePull(const Goals& goals, const absl::Status& status, bool was_answered,
                    std::chrono::steady_clock::time_point begun) {
  if (absl::IsDeadlineExceeded(status)) {
    // After an outage there is more to bring than the timeout may allow for.
    pull_slice_ = std::max(options_.min_slice, pull_slice_ / 2);
  } else if (status.ok() || was_answered) {
    pull_slice_ = options_.first_slice;
  }
  if (status.ok() || was_answered || !CannotBeReached(status)) {
    failure_holds_until_ = {};
    failed_alone_ = nullptr;
    return;
  }
  const auto& first = goals.front().target;
  is_failure_shared_ = goals.size() > 1 || (failed_alone_ != nullptr && failed_alone_ != first);
  failed_alone_ = first;
  const auto now = std::chrono::steady_clock::now();
  last_failure_ = status;
  failure_holds_until_ = now;
  if (now - begun >= kLongFailure) failure_holds_until_ += (now - begun) / kFailureShare;
}

}  // namespace sloburn::remote
