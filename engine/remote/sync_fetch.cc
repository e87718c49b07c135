// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/label_builder.h"
#include "engine/model/stale.h"
#include "engine/model/time_range.h"
#include "engine/remote/sync.h"
#include "engine/remote/sync_state.h"

namespace sloburn::remote {
namespace {

// A slice may miss its target size by this much before it is given up and halved.
constexpr int64_t kMostOverTarget = 8;

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

bool CannotBeReached(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsUnauthenticated(status) ||
         absl::IsPermissionDenied(status);
}

}  // namespace

Labels Sync::Strip(const Labels& labels) const {
  if (options_.strip_labels.empty()) return labels;
  return LabelBuilder(labels).Delete(options_.strip_labels).Build();
}

absl::StatusOr<int64_t> Sync::Fetch(const std::vector<Window>& windows) {
  int64_t samples = 0;
  absl::Status first_error;
  size_t next = 0;
  while (next < windows.size()) {
    const SyncMode mode = mode_;
    const size_t count = mode == SyncMode::kQueryApi
                             ? 1
                             : std::min(options_.selectors_per_request, windows.size() - next);
    const std::vector<Window> group(windows.begin() + static_cast<ptrdiff_t>(next),
                                    windows.begin() + static_cast<ptrdiff_t>(next + count));
    const absl::StatusOr<int64_t> fetched =
        mode == SyncMode::kQueryApi ? FetchByQueryApi(group[0]) : FetchByRemoteRead(group);
    if (options_.mode == SyncMode::kAuto && mode != SyncMode::kQueryApi &&
        absl::IsUnimplemented(fetched.status())) {
      Log(LogLevel::kInfo, "The source has no remote read, its query API is used",
          {{"err", std::string(Text(fetched.status()))}});
      mode_ = SyncMode::kQueryApi;
      continue;
    }
    next += count;
    if (fetched.ok()) {
      samples += *fetched;
      if (mode == SyncMode::kAuto) mode_ = SyncMode::kRemoteRead;
      continue;
    }
    if (first_error.ok()) first_error = fetched.status();
    if (CannotBeReached(fetched.status())) break;
  }
  if (!first_error.ok()) return first_error;
  return samples;
}

absl::StatusOr<int64_t> Sync::FetchByRemoteRead(const std::vector<Window>& windows) {
  std::vector<ReadQuery> queries;
  for (const Window& window : windows) {
    queries.push_back({window.from_ms + 1, window.to_ms, window.target->matchers});
  }
  Batch batch;
  const auto receive = [&](ReadSeries series) -> absl::Status {
    if (!series.status.ok()) ++batch.histogram_series;
    if (series.samples.empty()) return absl::OkStatus();
    batch.samples += static_cast<int64_t>(series.samples.size());
    if (batch.samples > options_.samples_per_slice * kMostOverTarget) {
      return absl::ResourceExhaustedError(StrCat("more than ", batch.samples,
                                                 " samples in one slice of ",
                                                 windows[series.query_index].target->selector));
    }
    batch.series.push_back({series.query_index, {Strip(series.labels), std::move(series.samples)}});
    return absl::OkStatus();
  };
  {
    absl::MutexLock lock(&mutex_);
    ++stats_.requests;
  }
  RETURN_IF_ERROR(reader_.Read(queries, receive).status());
  RETURN_IF_ERROR(Commit(windows, batch));
  Cover(windows);
  return batch.samples;
}

absl::StatusOr<int64_t> Sync::FetchByQueryApi(const Window& window) {
  {
    absl::MutexLock lock(&mutex_);
    ++stats_.requests;
  }
  ASSIGN_OR_RETURN(QueryAnswer answer,
                   query_api_.RangeSelector(window.target->selector, window.to_ms - window.from_ms,
                                            window.to_ms));
  Batch batch;
  batch.histogram_series = static_cast<int64_t>(answer.histogram_series.size());
  const int64_t live_from_ms = window.to_ms - absl::ToInt64Milliseconds(options_.lookback);
  std::vector<Labels> live;
  for (SeriesSamples& series : std::get<Matrix>(answer.value)) {
    if (series.samples.empty()) continue;
    batch.samples += static_cast<int64_t>(series.samples.size());
    series.labels = Strip(series.labels);
    if (series.samples.back().timestamp_ms > live_from_ms) live.push_back(series.labels);
    batch.series.push_back({0, std::move(series)});
  }
  RETURN_IF_ERROR(Commit({window}, batch));
  {
    absl::MutexLock lock(&mutex_);
    window.target->live.insert(live.begin(), live.end());
  }
  if (!window.is_history) RETURN_IF_ERROR(MarkEnded(window));
  Cover({window});
  return batch.samples;
}

// The series that an instant query does not return, although they are young enough, have ended.
absl::Status Sync::MarkEnded(const Window& window) {
  std::unordered_set<Labels, LabelsHash> live;
  {
    absl::MutexLock lock(&mutex_);
    live = window.target->live;
    if (live.empty()) return absl::OkStatus();
    ++stats_.requests;
  }
  ASSIGN_OR_RETURN(const QueryAnswer answer,
                   query_api_.Instant(window.target->selector, window.to_ms));
  const auto* const vector = std::get_if<InstantVector>(&answer.value);
  if (vector == nullptr) {
    return absl::DataLossError(
        StrCat(client_->url().Redacted(), ": a selector was not answered with a vector"));
  }
  std::unordered_set<Labels, LabelsHash> present;
  for (const SeriesSample& sample : *vector) present.insert(Strip(sample.labels));
  Batch batch;
  {
    absl::MutexLock lock(&commit_mutex_);
    const int64_t young_ms = window.to_ms - absl::ToInt64Milliseconds(options_.lookback);
    for (const Labels& labels : live) {
      if (present.contains(labels)) continue;
      const auto state = series_.find(labels);
      if (state == series_.end() || state->second.last_ms <= young_ms ||
          state->second.last_ms >= window.to_ms) {
        continue;
      }
      batch.series.push_back({0, {labels, {{window.to_ms, StaleMarker()}}}});
    }
  }
  RETURN_IF_ERROR(Commit({window}, batch));
  absl::MutexLock lock(&mutex_);
  stats_.staleness_markers += static_cast<int64_t>(batch.series.size());
  window.target->live = std::move(present);
  return absl::OkStatus();
}

void Sync::AppendSeries(const Window& window, const SeriesSamples& series, Appender& appender,
                        Pending& pending, absl::Status& error) const {
  SeriesState state{kMaxTimeMs, kMinTimeMs};
  if (const auto here = pending.states.find(series.labels); here != pending.states.end()) {
    state = here->second;
  } else if (const auto known = series_.find(series.labels); known != series_.end()) {
    state = known->second;
  }
  const SeriesState before = state;
  bool is_lossy = false;
  for (const Sample& sample : series.samples) {
    if (sample.timestamp_ms <= before.last_ms) {
      if (window.is_history && sample.timestamp_ms < before.first_ms) {
        if (!is_lossy) pending.incomplete.emplace_back(window.target, before.first_ms);
        is_lossy = true;
        ++pending.counted.samples_too_old;
      } else {
        ++pending.counted.samples_known;
      }
      continue;
    }
    state.last_ms = sample.timestamp_ms;
    const absl::Status status = appender.Append(series.labels, sample.timestamp_ms, sample.value);
    if (status.ok()) {
      ++pending.counted.samples_appended;
      state.first_ms = std::min(state.first_ms, sample.timestamp_ms);
    } else if (absl::IsOutOfRange(status) || absl::IsAlreadyExists(status)) {
      ++pending.counted.samples_refused;
    } else {
      error = absl::FailedPreconditionError(StrCat("the store: ", Text(status)));
      return;
    }
  }
  if (state.last_ms != before.last_ms) pending.states[series.labels] = state;
}

absl::Status Sync::Commit(const std::vector<Window>& windows, const Batch& batch) {
  absl::MutexLock commit_lock(&commit_mutex_);
  absl::Status status;
  // A rule may write one of these series between Append and Commit: then all is judged once more.
  for (int attempt = 0; attempt < 2; ++attempt) {
    Pending pending;
    const std::unique_ptr<Appender> appender = storage_->NewAppender();
    for (const Batch::Series& series : batch.series) {
      absl::Status error;
      AppendSeries(windows[series.window_index], series.samples, *appender, pending, error);
      RETURN_IF_ERROR(error);
    }
    status = appender->Commit();
    if (absl::IsOutOfRange(status)) continue;
    RETURN_IF_ERROR(status);
    for (const auto& [labels, state] : pending.states) series_[labels] = state;
    absl::MutexLock lock(&mutex_);
    stats_.samples_appended += pending.counted.samples_appended;
    stats_.samples_known += pending.counted.samples_known;
    stats_.samples_refused += pending.counted.samples_refused;
    stats_.samples_too_old += pending.counted.samples_too_old;
    stats_.histogram_series += batch.histogram_series;
    stats_.series = series_.size();
    for (const auto& [target, from_ms] : pending.incomplete) {
      target->incomplete_before_ms = std::max(target->incomplete_before_ms, from_ms);
      needs_fresh_storage_ = true;
    }
    return absl::OkStatus();
  }
  return absl::Status(status.code(), StrCat("the store: ", Text(status)));
}

void Sync::Cover(const std::vector<Window>& windows) {
  absl::MutexLock lock(&mutex_);
  for (const Window& window : windows) {
    Target& target = *window.target;
    if (!target.has_coverage) target.covered_from_ms = window.from_ms;
    target.has_coverage = true;
    target.covered_to_ms = std::max(target.covered_to_ms, window.to_ms);
  }
}

}  // namespace sloburn::remote
