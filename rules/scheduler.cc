// SPDX-License-Identifier: Apache-2.0
#include "rules/scheduler.h"

#include <algorithm>
#include <utility>

#include "engine/model/labels.h"
#include "rules/rule_group.h"

namespace sloburn::rules {

absl::Duration SlotOffset(std::string_view file, std::string_view name, absl::Duration interval) {
  const Labels identity =
      Labels::FromPairs({{"file", std::string(file)}, {"name", std::string(name)}});
  const uint64_t interval_ns = static_cast<uint64_t>(absl::ToInt64Nanoseconds(interval));
  return absl::Nanoseconds(static_cast<int64_t>(identity.hash() % interval_ns));
}

absl::Time SlotBefore(const RuleGroup& group, absl::Time now) {
  const GroupDefinition& definition = group.definition();
  const absl::Duration interval = definition.interval;
  const absl::Duration offset = SlotOffset(definition.file, definition.name, interval);
  const absl::Duration since_first = now - absl::UnixEpoch() - offset;
  return absl::UnixEpoch() + absl::Floor(since_first, interval) + offset;
}

absl::Time SlotAfter(const RuleGroup& group, absl::Time now) {
  return SlotBefore(group, now) + group.definition().interval;
}

Scheduler::Scheduler(Clock& clock, int max_concurrent)
    : clock_(clock), max_concurrent_(std::max(1, max_concurrent)) {}

Scheduler::~Scheduler() { StopAll(); }

void Scheduler::Add(RuleGroup& group, Tick tick, std::optional<absl::Time> first) {
  auto worker = std::make_unique<Worker>();
  Worker* const handle = worker.get();
  // The first slot is fixed here, so that it does not depend on when the thread gets to run.
  if (!first) first = SlotAfter(group, clock_.Now());
  handle->thread = std::thread([this, &group, handle, first = *first, tick = std::move(tick)] {
    Run(group, first, tick, handle->stop);
  });
  absl::MutexLock lock(&mutex_);
  workers_[&group] = std::move(worker);
}

void Scheduler::Remove(const std::vector<const RuleGroup*>& groups) {
  Workers ended;
  {
    absl::MutexLock lock(&mutex_);
    for (const RuleGroup* const group : groups) {
      if (auto worker = workers_.extract(group); !worker.empty()) ended.insert(std::move(worker));
    }
  }
  End(ended);
}

void Scheduler::StopAll() {
  Workers workers;
  {
    absl::MutexLock lock(&mutex_);
    workers.swap(workers_);
  }
  End(workers);
}

// Each Wake wakes the threads of all groups, so there is one for all that end.
void Scheduler::End(const Workers& workers) {
  for (const auto& [group, worker] : workers) worker->stop = true;
  clock_.Wake();
  for (const auto& [group, worker] : workers) worker->thread.join();
}

void Scheduler::RunOne(const Tick& tick, absl::Time slot, const std::atomic<bool>& stop) {
  {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](Scheduler* self)
             ABSL_NO_THREAD_SAFETY_ANALYSIS { return self->running_ < self->max_concurrent_; },
        this));
    ++running_;
  }
  // The wait for a place may have been long.
  if (!stop.load()) tick(slot);
  absl::MutexLock lock(&mutex_);
  --running_;
}

void Scheduler::Run(RuleGroup& group, absl::Time slot, const Tick& tick,
                    const std::atomic<bool>& stop) {
  const absl::Duration interval = group.definition().interval;
  bool was_late = false;  // the tick before ran into this slot
  while (clock_.SleepUntil(slot, stop)) {
    if (clock_.Now() < slot) {  // it was set back
      slot = std::min(slot, SlotAfter(group, clock_.Now()));
      continue;
    }
    // Slots that have passed entirely are skipped; the newest one is still evaluated, late.
    const int64_t missed = (clock_.Now() - slot) / interval;
    if (missed > 0) group.CountMissed(missed, was_late);
    slot += missed * interval;
    RunOne(tick, slot, stop);
    slot += interval;
    // Set back during the tick; not by the little that would tick twice.
    const absl::Time now = clock_.Now();
    was_late = now >= slot;
    if (slot > now + interval + absl::Seconds(1)) slot = SlotAfter(group, now);
  }
}

}  // namespace sloburn::rules
