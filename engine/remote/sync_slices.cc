// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/sync_slices.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "base/status_macros.h"

namespace sloburn::remote {
namespace {

// A slice may miss its target size by this much before it is given up and halved; a throttled one
// would put a burst on the source.
constexpr int64_t kMostOverTarget = 8, kMostOverThrottle = 2;
// Slices grow fast where they are too small. One that is too large was fetched for nothing, and a load
// that is ended again and again before it found its size would never get on.
constexpr int64_t kThrottledFirstShare = 16;

template <typename Goals>
int64_t FarthestOf(const Goals& goals) {
  int64_t farthest_ms = kMinTimeMs;
  for (const auto& goal : goals) farthest_ms = std::max(farthest_ms, goal.to_ms);
  return farthest_ms;
}

}  // namespace

Sync::Goals Sync::AllUpTo(const Targets& targets, int64_t to_ms) {
  Goals goals;
  for (const auto& target : targets) goals.push_back({target, to_ms});
  return goals;
}

int64_t Sync::StartOf(const Target& target, int64_t now_ms) const {
  return target.has_coverage ? target.covered_to_ms : now_ms - target.oldest_ms;
}

Sync::SliceLoader::SliceLoader(Sync& sync, Goals goals, absl::Duration first_slice)
    : SliceLoader(sync, goals, FarthestOf(goals), first_slice, nullptr) {}

Sync::SliceLoader::SliceLoader(Sync& sync, const Targets& targets, int64_t to_ms,
                               const ProgressReceiver& progress)
    : SliceLoader(sync, AllUpTo(targets, to_ms), to_ms, sync.options_.first_slice, &progress) {}

Sync::SliceLoader::SliceLoader(Sync& sync, Goals goals, int64_t to_ms, absl::Duration first_slice,
                               const ProgressReceiver* progress)
    : sync_(sync),
      goals_(std::move(goals)),
      to_ms_(to_ms),
      is_history_(progress != nullptr),
      progress_(progress),
      min_ms_(absl::ToInt64Milliseconds(sync.options_.min_slice)),
      max_ms_(absl::ToInt64Milliseconds(sync.options_.max_slice)),
      start_(absl::Now()),
      begin_ms_(to_ms),
      slice_ms_(std::clamp(absl::ToInt64Milliseconds(first_slice) /
                               (IsThrottled() ? kThrottledFirstShare : 1),
                           min_ms_, max_ms_)) {
  absl::MutexLock lock(&sync_.mutex_);
  for (const Goal& goal : goals_) {
    begin_ms_ = std::min(begin_ms_, sync_.StartOf(*goal.target, to_ms_));
  }
  cursor_ms_ = begin_ms_;
  if (!is_history_) return;
  sync_.stats_.is_loading = true;
  sync_.stats_.progress = {};
  sync_.stats_.progress.selectors = goals_.size();
}

Sync::SliceLoader::~SliceLoader() {
  Abandon();
  if (!is_history_) return;
  absl::MutexLock lock(&sync_.mutex_);
  sync_.stats_.is_loading = false;
}

size_t Sync::SliceLoader::Width() const {
  // The first request finds out how the source is read.
  if (!is_history_ || sync_.mode_ == SyncMode::kAuto) return 1;
  return sync_.options_.concurrency;
}

bool Sync::SliceLoader::IsThrottled() const {
  return is_history_ && sync_.options_.max_samples_per_second > 0;
}

int64_t Sync::SliceLoader::SamplesPerSlice() const {
  const SyncOptions& options = sync_.options_;
  if (!is_history_) return options.samples_per_slice;
  int64_t samples = options.samples_per_slice / static_cast<int64_t>(options.concurrency);
  // A throttle that let minutes' worth pass at once would be none.
  if (IsThrottled()) samples = std::min(samples, options.max_samples_per_second);
  return std::max<int64_t>(1, samples);
}

// A slice ends where a selector begins: a window of minutes is not to be loaded for all of a day.
int64_t Sync::SliceLoader::EndOfSlice() const {
  int64_t end_ms = std::min(cursor_ms_ + slice_ms_, to_ms_);
  absl::ReaderMutexLock lock(&sync_.mutex_);
  for (const auto& [target, goal_ms] : goals_) {
    const int64_t start_ms = sync_.StartOf(*target, to_ms_);
    if (!target->has_coverage && start_ms >= cursor_ms_ + min_ms_) {
      end_ms = std::min(end_ms, start_ms);
    }
  }
  return end_ms;
}

std::unique_ptr<Sync::Slice> Sync::SliceLoader::Plan(int64_t end_ms) const {
  auto slice = std::make_unique<Slice>();
  slice->begin_ms = cursor_ms_;
  slice->end_ms = end_ms;
  slice->is_history = is_history_;
  const bool can_shrink = end_ms - cursor_ms_ > min_ms_;
  slice->most_size =
      can_shrink ? (IsThrottled() ? kMostOverThrottle : kMostOverTarget) * SamplesPerSlice()
                 : kMostOverTarget * sync_.options_.samples_per_slice;
  const int64_t overlap_ms = absl::ToInt64Milliseconds(sync_.options_.overlap);
  absl::ReaderMutexLock lock(&sync_.mutex_);
  for (const auto& [target, goal_ms] : goals_) {
    // A selector that begins within the slice, soon after its start, is loaded from there on: its
    // series may be those of another one, and a Storage could not take the earlier part later.
    const int64_t start_ms = sync_.StartOf(*target, to_ms_);
    const int64_t to_ms = std::min(end_ms, goal_ms);
    if (start_ms >= to_ms) continue;
    Window window{target, cursor_ms_, to_ms, is_history_};
    window.is_first = !target->has_coverage && start_ms >= cursor_ms_;
    if (target->has_coverage) {
      // The history's own slices meet exactly; later pulls look back for late scrapes.
      window.from_ms = is_history_ ? std::max(cursor_ms_, target->covered_to_ms)
                                   : std::max(target->covered_to_ms - overlap_ms,
                                              target->covered_from_ms);
    }
    slice->text = target->text;
    slice->windows.push_back(std::move(window));
  }
  return slice;
}

void Sync::SliceLoader::StartAhead() {
  while (cursor_ms_ < to_ms_ && ahead_.size() < Width()) {
    if (is_history_) {
      // What was fetched is committed first.
      if (!ahead_.empty() && !sync_.throttle_.IsAllowed()) return;
      if (!sync_.throttle_.WaitUntilAllowed(sync_.cancelled_)) return;
    }
    ahead_.push_back(Plan(EndOfSlice()));
    Slice& slice = *ahead_.back();
    if (IsThrottled()) {
      slice.charged = SamplesPerSlice();
      sync_.throttle_.Charge(slice.charged);
    }
    cursor_ms_ = slice.end_ms;
    if (Width() == 1) {
      sync_.Fetch(slice);
    } else {
      slice.thread = std::thread([this, &slice] { sync_.Fetch(slice); });
    }
  }
}

absl::Status Sync::SliceLoader::TakeFirst() {
  const std::unique_ptr<Slice> slice = std::move(ahead_.front());
  ahead_.pop_front();
  if (slice->thread.joinable()) slice->thread.join();
  sync_.throttle_.Charge(-slice->charged);
  samples_ += slice->samples;
  RETURN_IF_ERROR(TakeAnswers(*slice));
  if (absl::IsResourceExhausted(slice->status) && slice->end_ms - slice->begin_ms > min_ms_) {
    // What was fetched ahead is likely too much as well.
    Abandon();
    cursor_ms_ = slice->begin_ms;
    slice_ms_ = std::max(min_ms_, (slice->end_ms - slice->begin_ms) / 2);
    return absl::OkStatus();
  }
  const bool is_reached = !slice->answers.empty() || !CannotBeReached(slice->status);
  if (is_history_ || !is_reached) RETURN_IF_ERROR(slice->status);
  for (const auto& [windows, status] : slice->failures) LeaveBehind(windows, status);
  Adapt(*slice);
  Report(*slice);
  return absl::OkStatus();
}

absl::Status Sync::SliceLoader::TakeAnswers(const Slice& slice) {
  for (const Answer& answer : slice.answers) {
    const absl::Status status = sync_.Take(answer);
    if (is_history_) RETURN_IF_ERROR(status);
    if (!status.ok()) LeaveBehind(answer.windows, status);
  }
  was_answered_ = was_answered_ || !slice.answers.empty();
  return absl::OkStatus();
}

void Sync::SliceLoader::LeaveBehind(const std::vector<Window>& windows,
                                    const absl::Status& status) {
  if (first_failure_.ok()) first_failure_ = status;
  for (const Window& window : windows) {
    failures_.emplace(window.target.get(), status);
    std::erase_if(goals_, [&](const Goal& goal) { return goal.target == window.target; });
  }
}

void Sync::SliceLoader::Abandon() {
  for (const auto& slice : ahead_) slice->is_abandoned = true;
  for (const auto& slice : ahead_) {
    if (slice->thread.joinable()) slice->thread.join();
    sync_.throttle_.Charge(-slice->charged);
  }
  ahead_.clear();
}

void Sync::SliceLoader::Adapt(const Slice& slice) {
  const int64_t target = SamplesPerSlice(), length = slice.end_ms - slice.begin_ms;
  if (slice.size > target) slice_ms_ = std::min(slice_ms_, std::max(min_ms_, length / 2));
  if (slice.size < target / 4) slice_ms_ = std::max(slice_ms_, std::min(max_ms_, length * 2));
}

void Sync::SliceLoader::Report(const Slice& slice) {
  if (!is_history_) return;
  SyncProgress progress;
  progress.selector = slice.text;
  progress.selectors = goals_.size();
  progress.fraction =
      static_cast<double>(slice.end_ms - begin_ms_) / static_cast<double>(to_ms_ - begin_ms_);
  progress.slice_start_ms = slice.begin_ms;
  progress.slice_end_ms = slice.end_ms;
  progress.samples = samples_;
  const absl::Duration elapsed = absl::Now() - start_;
  progress.samples_per_second =
      static_cast<double>(samples_) / std::max(1e-3, absl::ToDoubleSeconds(elapsed));
  progress.remaining = elapsed * ((1 - progress.fraction) / progress.fraction);
  {
    absl::MutexLock lock(&sync_.mutex_);
    sync_.stats_.progress = progress;
  }
  if (*progress_) (*progress_)(progress);
}

absl::Status Sync::SliceLoader::Run() {
  while (cursor_ms_ < to_ms_ || !ahead_.empty()) {
    StartAhead();
    if (sync_.cancelled_.HasBeenNotified()) return absl::CancelledError("the source: cancelled");
    RETURN_IF_ERROR(TakeFirst());
  }
  if (!is_history_) return first_failure_;
  // Also where there was nothing to load.
  absl::MutexLock lock(&sync_.mutex_);
  sync_.stats_.progress.fraction = 1;
  sync_.stats_.progress.remaining = absl::ZeroDuration();
  return absl::OkStatus();
}

}  // namespace sloburn::remote
