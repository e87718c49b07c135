// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/sync.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/time_range.h"
#include "engine/remote/sync_state.h"

namespace sloburn::remote {
namespace {

constexpr int64_t kForgetMarginMs = 24 * 3600 * 1000;
constexpr size_t kForgetFrom = 10'000;  // series; below, a sweep is not worth it

// Equal for equal sets of matchers, and PromQL.
std::string SelectorText(const Matchers& matchers) {
  std::vector<std::string> parts;
  for (const Matcher& matcher : matchers) parts.push_back(matcher.ToString());
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  std::string text = "{";
  for (const std::string& part : parts) StrAppend(&text, text.size() > 1 ? "," : "", part);
  return text + "}";
}

absl::Status CheckOptions(const SyncOptions& options) {
  if (options.min_slice < absl::Milliseconds(1) || options.max_slice < options.min_slice) {
    return absl::InvalidArgumentError("source: min_slice must be positive and at most max_slice");
  }
  if (options.overlap < absl::ZeroDuration() || options.samples_per_slice <= 0 ||
      options.selectors_per_request == 0) {
    return absl::InvalidArgumentError(
        "source: overlap must not be negative; samples_per_slice and selectors_per_request must "
        "be positive");
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
  return std::unique_ptr<Sync>(new Sync(std::move(options), storage, std::move(client)));
}

Sync::Sync(SyncOptions options, Storage* storage, std::unique_ptr<HttpClient> client)
    : options_(std::move(options)),
      storage_(storage),
      client_(std::move(client)),
      reader_(client_.get(), options_.read),
      query_api_(client_.get(),
                 {.accept_partial = options_.accept_partial, .skip_histograms = true}),
      mode_(options_.mode) {}

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

int64_t Sync::StartOf(const Target& target, int64_t now_ms) const {
  return target.has_coverage ? target.covered_to_ms : now_ms - target.oldest_ms;
}

std::vector<Sync::Window> Sync::Windows(const Targets& targets, int64_t from_ms, int64_t to_ms,
                                        bool is_history) const {
  std::vector<Window> windows;
  absl::ReaderMutexLock lock(&mutex_);
  for (const std::shared_ptr<Target>& target : targets) {
    Window window{target, from_ms, to_ms, is_history};
    if (target->has_coverage) {
      // The history's own slices meet exactly; later pulls look back for late scrapes.
      const int64_t overlap_ms = is_history ? 0 : absl::ToInt64Milliseconds(options_.overlap);
      window.from_ms = std::max(target->covered_to_ms - overlap_ms, target->covered_from_ms);
    }
    windows.push_back(std::move(window));
  }
  return windows;
}

absl::Status Sync::LoadSlices(const Targets& targets, int64_t to_ms, bool is_history,
                              const ProgressReceiver& progress) {
  int64_t begin_ms = to_ms;
  {
    absl::ReaderMutexLock lock(&mutex_);
    for (const auto& target : targets) begin_ms = std::min(begin_ms, StartOf(*target, to_ms));
  }
  const int64_t min_ms = absl::ToInt64Milliseconds(options_.min_slice);
  const int64_t max_ms = absl::ToInt64Milliseconds(options_.max_slice);
  int64_t slice_ms = std::clamp(absl::ToInt64Milliseconds(options_.first_slice), min_ms, max_ms);
  int64_t samples = 0;
  for (int64_t cursor = begin_ms; cursor < to_ms;) {
    if (is_cancelled_) return absl::CancelledError("the source: cancelled");
    const int64_t end = std::min(cursor + slice_ms, to_ms);
    // A selector that begins within the slice is loaded from the slice's start on: its series may
    // be those of another selector, and a Storage could not take the earlier part later.
    Targets active;
    {
      absl::ReaderMutexLock lock(&mutex_);
      for (const auto& target : targets) {
        if (StartOf(*target, to_ms) < end) active.push_back(target);
      }
    }
    const absl::StatusOr<int64_t> fetched = Fetch(Windows(active, cursor, end, is_history));
    if (absl::IsResourceExhausted(fetched.status()) && end - cursor > min_ms) {
      slice_ms = std::max(min_ms, (end - cursor) / 2);
      continue;
    }
    if (!fetched.ok()) return fetched.status();
    samples += *fetched;
    if (progress) {
      progress({active.empty() ? "" : active.back()->text, targets.size(),
                static_cast<double>(end - begin_ms) / static_cast<double>(to_ms - begin_ms), cursor,
                end, samples});
    }
    if (*fetched > options_.samples_per_slice) slice_ms = std::max(min_ms, slice_ms / 2);
    if (*fetched < options_.samples_per_slice / 4) slice_ms = std::min(max_ms, slice_ms * 2);
    cursor = end;
    if (cursor < to_ms) absl::SleepFor(options_.pause_between_slices);
  }
  return absl::OkStatus();
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
  RETURN_IF_ERROR(Record(LoadSlices(targets, now_ms, true, progress)));
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

absl::Status Sync::PullUpTo(int64_t t_ms) {
  absl::MutexLock only_one(&pull_mutex_);
  Targets targets;
  {
    absl::ReaderMutexLock lock(&mutex_);
    for (const auto& [key, target] : targets_) {
      if (target->is_loaded && target->covered_to_ms < t_ms) targets.push_back(target);
    }
  }
  if (targets.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(Record(LoadSlices(targets, t_ms, false, nullptr)));
  ForgetOldSeries(t_ms);
  return absl::OkStatus();
}

absl::Status Sync::Record(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  stats_.last_error = status;
  if (status.ok()) {
    stats_.last_success_time = absl::Now();
  } else {
    ++stats_.failures;
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

bool Sync::Covers(const Matchers& matchers, int64_t from_ms, int64_t to_ms) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = targets_.find(SelectorText(matchers));
  if (found == targets_.end() || !found->second->is_loaded) return false;
  const Target& target = *found->second;
  return std::max(target.covered_from_ms, target.incomplete_before_ms) <= from_ms &&
         to_ms <= target.covered_to_ms;
}

std::optional<int64_t> Sync::CoveredFrom(const Matchers& matchers) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = targets_.find(SelectorText(matchers));
  if (found == targets_.end() || !found->second->is_loaded) return std::nullopt;
  return std::max(found->second->covered_from_ms, found->second->incomplete_before_ms);
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
  is_cancelled_ = true;
  client_->Cancel();
}

}  // namespace sloburn::remote
