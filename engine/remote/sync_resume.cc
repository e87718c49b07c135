// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_join.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/remote/sync.h"
#include "engine/remote/sync_state.h"

namespace sloburn::remote {
namespace {

// What pulls have covered is written when it has grown by this: less is asked again soon enough.
constexpr int64_t kSaveEveryMs = 60'000;

std::string TimeText(int64_t time_ms) {
  return absl::FormatTime(absl::RFC3339_sec, absl::FromUnixMillis(time_ms), absl::UTCTimeZone());
}

}  // namespace

// All that decides what the source answers: who asks may matter as well, so that is in it, but not
// readable.
std::string Sync::SourceIdentity() const {
  const HttpClientOptions& source = options_.source;
  std::string who = StrCat(source.basic_auth.username, "\n", source.basic_auth.username_file);
  for (const auto& [name, value] : source.headers) StrAppend(&who, "\n", name, ": ", value);
  return StrCat(client_->url().Redacted(), " mode=", ToText(options_.mode), " strip_labels=[",
                absl::StrJoin(options_.strip_labels, ","), "] partial=",
                options_.accept_partial ? 1 : 0, " as=", Crc32c(who));
}

absl::Status Sync::ReadCoverage() {
  if (options_.coverage == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<CoveredTime> times,
                   options_.coverage->OpenCoverage(SourceIdentity()));
  absl::MutexLock lock(&mutex_);
  for (const CoveredTime& time : times) resumable_.emplace(time.selector, time);
  return absl::OkStatus();
}

bool Sync::IsValid(const CoveredTime& time, int64_t now_ms) const {
  if (time.to_ms > now_ms + absl::ToInt64Milliseconds(options_.overlap)) return false;
  int64_t reach_ms = absl::ToInt64Milliseconds(options_.resume_within);
  for (const auto& [key, target] : targets_) reach_ms = std::max(reach_ms, target->oldest_ms);
  return time.to_ms >= now_ms - reach_ms;
}

void Sync::Resume(const Targets& targets, int64_t now_ms) {
  std::vector<CoveredTime> erased;
  size_t resumed = 0;
  int64_t oldest_to_ms = now_ms;
  const int64_t overlap_ms = absl::ToInt64Milliseconds(options_.overlap);
  {
    absl::MutexLock lock(&mutex_);
    for (auto entry = resumable_.begin(); entry != resumable_.end();) {
      if (IsValid(entry->second, now_ms)) {
        ++entry;
        continue;
      }
      erased.push_back({entry->first, 0, 0});
      entry = resumable_.erase(entry);
    }
    for (const auto& target : targets) {
      const auto known = resumable_.find(target->selector);
      if (known == resumable_.end() || target->has_coverage) continue;
      target->has_coverage = true;
      target->covered_from_ms = known->second.from_ms;
      // Scrapes that were late when the process ended are asked for as after any other pull.
      target->covered_to_ms =
          std::max(known->second.from_ms, std::min(known->second.to_ms - overlap_ms, now_ms));
      target->saved_to_ms = known->second.to_ms;
      target->needs_live = true;
      if (now_ms - target->oldest_ms < target->covered_from_ms) needs_fresh_storage_ = true;
      oldest_to_ms = std::min(oldest_to_ms, target->covered_to_ms);
      resumable_.erase(known);
      ++resumed;
    }
    stats_.selectors_resumed += resumed;
  }
  if (!erased.empty()) {
    WriteCoverage(erased);
    Log(LogLevel::kInfo, "What was loaded by an earlier process is asked for again",
        {{"selectors", StrCat(erased.size())},
         {"why", "it ended too long ago, or in the future"}});
  }
  if (resumed == 0) return;
  Log(LogLevel::kInfo, "Loading of history goes on where an earlier process ended",
      {{"selectors", StrCat(resumed)}, {"from", TimeText(oldest_to_ms)}});
}

bool Sync::ClockWasSetBack(int64_t now_ms) {
  absl::MutexLock only_load(&load_mutex_);
  absl::MutexLock only_pull(&pull_mutex_);
  const int64_t overlap_ms = absl::ToInt64Milliseconds(options_.overlap);
  std::vector<CoveredTime> erased;
  {
    absl::MutexLock commit_lock(&commit_mutex_);
    absl::MutexLock lock(&mutex_);
    for (const auto& [key, target] : targets_) {
      if (!target->has_coverage || target->covered_to_ms <= now_ms) continue;
      if (target->covered_to_ms <= now_ms + overlap_ms) {
        target->covered_to_ms = std::max(target->covered_from_ms, now_ms);
        continue;
      }
      target->has_coverage = target->is_loaded = false;
      target->covered_from_ms = target->covered_to_ms = 0;
      target->saved_to_ms = kMinTimeMs;
      target->failure = absl::OkStatus();
      erased.push_back({target->selector, 0, 0});
    }
    // From now on the store tells which samples are here.
    if (!erased.empty()) series_.clear();
  }
  if (erased.empty()) return false;
  if (options_.coverage != nullptr) WriteCoverage(erased);
  return true;
}

void Sync::SaveCoverage(const std::vector<Window>& windows) {
  if (options_.coverage == nullptr) return;
  std::vector<CoveredTime> times;
  {
    absl::MutexLock lock(&mutex_);
    for (const Window& window : windows) {
      Target& target = *window.target;
      const bool is_due =
          window.is_history || target.covered_to_ms >= target.saved_to_ms + kSaveEveryMs;
      if (!is_due) continue;
      times.push_back({target.selector, CoveredFromOf(target), target.covered_to_ms});
      target.saved_to_ms = target.covered_to_ms;
    }
  }
  if (!times.empty()) WriteCoverage(times);
}

// Samples are safe without it, they would only be asked for again.
void Sync::WriteCoverage(const std::vector<CoveredTime>& times) {
  const absl::Status status = options_.coverage->WriteCoverage(times);
  if (status.ok()) return;
  Log(LogLevel::kWarn, "How far the source is loaded could not be written",
      {{"err", std::string(status.message())}});
}

}  // namespace sloburn::remote
