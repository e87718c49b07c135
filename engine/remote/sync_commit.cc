// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_set>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "engine/model/time_range.h"
#include "engine/remote/sync.h"
#include "engine/remote/sync_state.h"

namespace sloburn::remote {
namespace {

// The floats and histograms of a series as one.
class InTimeOrder {
 public:
  explicit InTimeOrder(const SeriesSamples& series) : series_(series) {}

  bool is_valid() const {
    return float_ < series_.samples.size() || histogram_ < series_.histograms.size();
  }
  int64_t time_ms() const {
    return is_float() ? series_.samples[float_].timestamp_ms
                      : series_.histograms[histogram_].timestamp_ms;
  }
  bool is_marker() const { return is_float() && IsStale(series_.samples[float_].value); }
  absl::Status AppendTo(Appender& appender) const {
    if (is_float()) {
      return appender.Append(series_.labels, time_ms(), series_.samples[float_].value);
    }
    return appender.AppendHistogram(series_.labels, time_ms(),
                                    series_.histograms[histogram_].histogram);
  }
  void Next() { ++(is_float() ? float_ : histogram_); }

 private:
  bool is_float() const {
    if (float_ == series_.samples.size()) return false;
    return histogram_ == series_.histograms.size() ||
           series_.samples[float_].timestamp_ms <= series_.histograms[histogram_].timestamp_ms;
  }

  const SeriesSamples& series_;
  size_t float_ = 0, histogram_ = 0;
};

}  // namespace

// The times of samples that the store has. A window's series are looked up where one of them has
// samples that this process did not see, which is when loading goes on.
class Sync::StoredTimes {
 public:
  StoredTimes(const Sync& sync, const std::vector<Window>& windows)
      : sync_(sync), windows_(windows), found_(windows.size()) {}

  absl::StatusOr<std::vector<int64_t>> In(const Window& window, const Labels& labels) {
    const auto index = static_cast<size_t>(&window - windows_.data());
    if (found_[index] == nullptr) RETURN_IF_ERROR(Find(index));
    const auto series = found_[index]->readers.find(labels);
    if (series == found_[index]->readers.end()) return std::vector<int64_t>();
    SampleBuffer buffer;
    ASSIGN_OR_RETURN(const SampleView view,
                     series->second->Read(window.from_ms + 1, window.to_ms, buffer));
    return std::vector<int64_t>(view.timestamps, view.timestamps + view.size);
  }

 private:
  struct Found {
    SeriesSet series;
    std::unordered_map<Labels, const SeriesReader*, LabelsHash> readers;
  };

  absl::Status Find(size_t index) {
    const Window& window = windows_[index];
    if (snapshot_ == nullptr) snapshot_ = sync_.storage_->TakeSnapshot();
    Matchers matchers;
    for (const Matcher& matcher : window.target->matchers) {
      const auto& stripped = sync_.options_.strip_labels;
      const std::string_view name = matcher.name();
      if (std::find(stripped.begin(), stripped.end(), name) == stripped.end()) {
        matchers.push_back(matcher);
      }
    }
    auto found = std::make_unique<Found>();
    ASSIGN_OR_RETURN(found->series,
                     snapshot_->Select(matchers, window.from_ms + 1, window.to_ms));
    for (const auto& reader : found->series) found->readers.emplace(reader->labels(), reader.get());
    found_[index] = std::move(found);
    return absl::OkStatus();
  }

  const Sync& sync_;
  const std::vector<Window>& windows_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<std::unique_ptr<Found>> found_;
};

absl::Status Sync::Take(const Answer& answer) {
  RETURN_IF_ERROR(Commit(answer.windows, answer.batch));
  if (answer.is_query) {
    const Window& window = answer.windows.front();
    {
      absl::MutexLock lock(&mutex_);
      window.target->live.insert(answer.live.begin(), answer.live.end());
      window.target->needs_live = false;
    }
    if (answer.present) RETURN_IF_ERROR(MarkEnded(window, *answer.present));
  }
  Cover(answer.windows);
  SaveCoverage(answer.windows);
  return absl::OkStatus();
}

// The series that an instant query does not return, although they are young enough, have ended.
absl::Status Sync::MarkEnded(const Window& window, const std::vector<Labels>& answered) {
  std::unordered_set<Labels, LabelsHash> live;
  {
    absl::MutexLock lock(&mutex_);
    live = window.target->live;
  }
  std::unordered_set<Labels, LabelsHash> present(answered.begin(), answered.end());
  Batch batch;
  {
    absl::MutexLock lock(&commit_mutex_);
    const int64_t young_ms = window.to_ms - absl::ToInt64Milliseconds(options_.lookback);
    const Pending none;
    for (const Labels& labels : live) {
      if (present.contains(labels)) continue;
      const SeriesState state = StateOf(labels, none);
      // The next pulls, and those of other selectors, find its last samples once more.
      if (state.is_ended) continue;
      if (state.last_ms <= young_ms || state.last_ms >= window.to_ms) continue;
      batch.series.push_back({0, {labels, {{window.to_ms, StaleMarker()}}}});
    }
  }
  RETURN_IF_ERROR(Commit({window}, batch));
  absl::MutexLock lock(&mutex_);
  stats_.staleness_markers += static_cast<int64_t>(batch.series.size());
  window.target->live = std::move(present);
  return absl::OkStatus();
}

Sync::SeriesState Sync::StateOf(const Labels& labels, const Pending& pending) const {
  if (const auto here = pending.states.find(labels); here != pending.states.end()) {
    return here->second;
  }
  if (const auto known = series_.find(labels); known != series_.end()) return known->second;
  const std::optional<int64_t> newest_ms = storage_->NewestOf(labels);
  if (!newest_ms) return {kMaxTimeMs, kMinTimeMs};
  return {*newest_ms + 1, *newest_ms};
}

absl::Status Sync::AppendSeries(const Window& window, const SeriesSamples& series,
                                Appender& appender, StoredTimes& stored, Pending& pending) const {
  SeriesState state = StateOf(series.labels, pending);
  const SeriesState before = state;
  // Whether the time between the newest sample and the window was loaded is not known.
  if (window.is_first && state.last_ms <= window.from_ms) state.first_ms = kMaxTimeMs;
  // A source that takes late samples puts them between those that were seen, so what a pull asks
  // for once more is compared with the store. Of what this request brought already it is no use:
  // that is not in the store yet.
  const bool may_be_late = !window.is_history && !pending.states.contains(series.labels);
  std::optional<std::vector<int64_t>> here;  // the times that the store has already
  int64_t lost_ms = kMinTimeMs;
  for (InTimeOrder next(series); next.is_valid(); next.Next()) {
    const int64_t time_ms = next.time_ms();
    const bool is_old = time_ms <= before.last_ms;
    bool is_known = is_old && time_ms >= before.first_ms && !may_be_late;
    if (is_old && !is_known) {
      if (!here) {
        ASSIGN_OR_RETURN(here, stored.In(window, series.labels));
      }
      is_known = std::binary_search(here->begin(), here->end(), time_ms);
    }
    if (is_known) {
      ++pending.counted.samples_known;
      continue;
    }
    if (!is_old) {
      state.last_ms = time_ms;
      state.is_ended = next.is_marker();
    }
    const absl::Status status = next.AppendTo(appender);
    if (status.ok()) {
      ++pending.counted.samples_appended;
      if (!is_old) state.first_ms = std::min(state.first_ms, time_ms);
    } else if (!absl::IsOutOfRange(status) && !absl::IsAlreadyExists(status)) {
      return absl::FailedPreconditionError(StrCat("the store: ", status.message()));
    } else if (is_old && window.is_history) {
      lost_ms = time_ms;
      ++pending.counted.samples_too_old;
    } else {
      ++pending.counted.samples_refused;
    }
  }
  if (lost_ms > kMinTimeMs) pending.incomplete.emplace_back(window.target, lost_ms);
  // What was compared with the store is known from now on.
  if (here && window.to_ms >= before.first_ms - 1) {
    state.first_ms = std::min(state.first_ms, std::max(lost_ms, window.from_ms) + 1);
  }
  if (state.last_ms != before.last_ms || state.first_ms != before.first_ms) {
    pending.states[series.labels] = state;
  }
  return absl::OkStatus();
}

absl::Status Sync::Commit(const std::vector<Window>& windows, const Batch& batch) {
  absl::MutexLock commit_lock(&commit_mutex_);
  absl::Status status;
  // A rule may write one of these series between Append and Commit: then all is judged once more.
  for (int attempt = 0; attempt < 2; ++attempt) {
    Pending pending;
    StoredTimes stored(*this, windows);
    const std::unique_ptr<Appender> appender = storage_->NewAppender();
    for (const Batch::Series& series : batch.series) {
      RETURN_IF_ERROR(AppendSeries(windows[series.window_index], series.samples, *appender, stored,
                                   pending));
    }
    status = appender->Commit();
    if (absl::IsOutOfRange(status)) continue;
    if (!status.ok()) break;
    for (const auto& [labels, state] : pending.states) series_[labels] = state;
    absl::MutexLock lock(&mutex_);
    stats_.samples_appended += pending.counted.samples_appended;
    stats_.samples_known += pending.counted.samples_known;
    stats_.samples_refused += pending.counted.samples_refused;
    stats_.samples_too_old += pending.counted.samples_too_old;
    stats_.histogram_series += batch.histogram_series;
    stats_.series = series_.size();
    for (const auto& [target, lost_ms] : pending.incomplete) {
      target->incomplete_before_ms = std::max(target->incomplete_before_ms, lost_ms);
      needs_fresh_storage_ = true;
    }
    return absl::OkStatus();
  }
  return absl::Status(status.code(), StrCat("the store: ", status.message()));
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
