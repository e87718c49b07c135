// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/sync.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/time_range.h"
#include "engine/remote/sync_slices.h"
#include "engine/remote/sync_state.h"

namespace sloburn::remote {
namespace {

constexpr int64_t kForgetMarginMs = 24 * 3600 * 1000;
constexpr size_t kForgetFrom = 10'000;  // series; below, a sweep is not worth it

absl::Status CheckOptions(const SyncOptions& options) {
  if (options.min_slice < absl::Milliseconds(1) || options.max_slice < options.min_slice) {
    return absl::InvalidArgumentError("source: min_slice must be positive and at most max_slice");
  }
  if (options.overlap < absl::ZeroDuration() || options.samples_per_slice <= 0 ||
      options.selectors_per_request == 0 || options.concurrency == 0) {
    return absl::InvalidArgumentError(
        "source: overlap must not be negative; samples_per_slice, selectors_per_request and "
        "concurrency must be positive");
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view ToText(SyncMode mode) {
  switch (mode) {
    case SyncMode::kAuto:
      return "auto";
    case SyncMode::kRemoteRead:
      return "remote_read";
    case SyncMode::kQueryApi:
      return "query_api";
  }
  return "auto";
}

absl::StatusOr<std::unique_ptr<Sync>> Sync::Create(SyncOptions options, Storage* storage) {
  RETURN_IF_ERROR(CheckOptions(options));
  ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> client, HttpClient::Create(options.source));
  std::unique_ptr<Sync> sync(new Sync(std::move(options), storage, std::move(client)));
  RETURN_IF_ERROR(sync->ReadCoverage());
  return sync;
}

Sync::Sync(SyncOptions options, Storage* storage, std::unique_ptr<HttpClient> client)
    : options_(std::move(options)),
      storage_(storage),
      client_(std::move(client)),
      reader_(client_.get(), options_.read),
      query_api_(client_.get(),
                 {.accept_partial = options_.accept_partial, .skip_histograms = true}),
      mode_(options_.mode),
      throttle_(options_.max_samples_per_second),
      pull_slice_(options_.first_slice) {}

Sync::~Sync() = default;

void Sync::SetSelectors(const std::vector<SyncSelector>& selectors) {
  absl::MutexLock lock(&mutex_);
  decltype(targets_) targets;
  for (const SyncSelector& selector : selectors) {
    const std::string key = SelectorText(selector.matchers);
    std::shared_ptr<Target>& target = targets[key];
    if (target == nullptr) {
      const auto known = targets_.find(key);
      target = known != targets_.end()
                   ? known->second
                   : std::make_shared<Target>(selector.matchers, key, selector.text);
    }
    if (selector.oldest_ms <= target->oldest_ms) continue;
    target->oldest_ms = selector.oldest_ms;
    // What is older than the coverage cannot be put before it any more.
    if (target->has_coverage &&
        target->covered_to_ms - target->oldest_ms < target->covered_from_ms) {
      needs_fresh_storage_ = true;
    }
  }
  targets_ = std::move(targets);
}

absl::Status Sync::LoadHistory(int64_t now_ms, const ProgressReceiver& progress) {
  absl::MutexLock only_one(&load_mutex_);
  Targets targets;
  {
    absl::ReaderMutexLock lock(&mutex_);
    for (const auto& [key, target] : targets_) {
      if (!target->is_loaded) targets.push_back(target);
    }
  }
  // The longest windows first, so that progress names what takes the time.
  std::sort(targets.begin(), targets.end(), [](const auto& a, const auto& b) {
    return std::tie(b->oldest_ms, a->selector) < std::tie(a->oldest_ms, b->selector);
  });
  if (targets.empty()) return absl::OkStatus();
  Resume(targets, now_ms);
  SliceLoader loader(*this, targets, now_ms, progress);
  RETURN_IF_ERROR(Record(loader.Run()));
  absl::MutexLock lock(&mutex_);
  for (const auto& target : targets) {
    if (!target->has_coverage) {  // it reads an instant only
      target->has_coverage = true;
      target->covered_from_ms = target->covered_to_ms = now_ms;
    }
    target->is_loaded = true;
  }
  return absl::OkStatus();
}

absl::Status Sync::Record(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  if (!status.ok()) {
    stats_.last_error = status;
    ++stats_.failures;
    return status;
  }
  stats_.last_success_time = absl::Now();
  stats_.last_error = absl::OkStatus();
  // One that succeeded says nothing of selectors that it did not ask for.
  for (const auto& [key, target] : targets_) {
    if (target->is_loaded && !target->failure.ok()) stats_.last_error = target->failure;
  }
  return status;
}

// Series that have ended long ago would gather for ever where labels come and go.
void Sync::ForgetOldSeries(int64_t now_ms) {
  absl::MutexLock commit_lock(&commit_mutex_);
  absl::MutexLock lock(&mutex_);
  stats_.series = series_.size();
  if (series_.size() < kForgetFrom || series_.size() < 2 * series_after_sweep_) return;
  int64_t oldest_ms = kForgetMarginMs;
  for (const auto& [key, target] : targets_) {
    oldest_ms = std::max(oldest_ms, target->oldest_ms + kForgetMarginMs);
  }
  std::erase_if(series_,
                [&](const auto& entry) { return entry.second.last_ms < now_ms - oldest_ms; });
  stats_.series = series_after_sweep_ = series_.size();
}

int64_t Sync::CoveredFromOf(const Target& target) const {
  const int64_t forgotten_ms = storage_->ForgottenBefore();
  return std::max({target.covered_from_ms, target.incomplete_before_ms,
                   forgotten_ms > kMinTimeMs ? forgotten_ms - 1 : kMinTimeMs});
}

bool Sync::Covers(const Matchers& matchers, int64_t from_ms, int64_t to_ms) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = targets_.find(SelectorText(matchers));
  if (found == targets_.end() || !found->second->is_loaded) return false;
  return CoveredFromOf(*found->second) <= from_ms && to_ms <= found->second->covered_to_ms;
}

double Sync::FractionCovered(const Matchers& matchers, int64_t from_ms, int64_t to_ms) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = targets_.find(SelectorText(matchers));
  if (found == targets_.end() || !found->second->has_coverage) return 0;
  const int64_t begin = std::max(from_ms, CoveredFromOf(*found->second));
  const int64_t end = std::min(to_ms, found->second->covered_to_ms);
  if (from_ms >= to_ms) return end >= to_ms ? 1 : 0;
  return begin < end ? static_cast<double>(end - begin) / static_cast<double>(to_ms - from_ms) : 0;
}

std::optional<int64_t> Sync::CoveredFrom(const Matchers& matchers) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = targets_.find(SelectorText(matchers));
  if (found == targets_.end() || !found->second->is_loaded) return std::nullopt;
  return CoveredFromOf(*found->second);
}

bool Sync::NeedsFreshStorage() const {
  absl::ReaderMutexLock lock(&mutex_);
  return needs_fresh_storage_;
}

SyncStats Sync::Stats() const {
  absl::ReaderMutexLock lock(&mutex_);
  SyncStats stats = stats_;
  stats.mode = mode_;
  stats.selectors = targets_.size();
  for (const auto& [key, target] : targets_) {
    if (!target->is_loaded) continue;
    stats.covered_to_ms = stats.selectors_loaded++ == 0
                              ? target->covered_to_ms
                              : std::min(stats.covered_to_ms, target->covered_to_ms);
  }
  return stats;
}

void Sync::Cancel() {
  absl::call_once(cancel_once_, [this] { cancelled_.Notify(); });
  client_->Cancel();
}

}  // namespace sloburn::remote
