// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/histogram.h"
#include "engine/model/label_builder.h"
#include "engine/remote/sync.h"
#include "engine/remote/sync_state.h"

namespace sloburn::remote {
namespace {

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

void Sync::Fetch(Slice& slice) {
  size_t next = 0;
  while (next < slice.windows.size() && !slice.is_abandoned) {
    const SyncMode mode = mode_;
    const size_t left = slice.windows.size() - next;
    const size_t count =
        mode == SyncMode::kQueryApi ? 1 : std::min(options_.selectors_per_request, left);
    const auto begin = slice.windows.begin() + static_cast<ptrdiff_t>(next);
    absl::StatusOr<Answer> answer =
        mode == SyncMode::kQueryApi
            ? FetchByQueryApi(*begin, slice)
            : FetchByRemoteRead({begin, begin + static_cast<ptrdiff_t>(count)}, slice);
    if (options_.mode == SyncMode::kAuto && mode != SyncMode::kQueryApi &&
        absl::IsUnimplemented(answer.status())) {
      if (mode_.exchange(SyncMode::kQueryApi) == SyncMode::kQueryApi) continue;
      Log(LogLevel::kInfo, "The source has no remote read, its query API is used",
          {{"err", std::string(answer.status().message())}});
      continue;
    }
    next += count;
    if (answer.ok()) {
      slice.answers.push_back(*std::move(answer));
      if (mode == SyncMode::kAuto) mode_ = SyncMode::kRemoteRead;
      if (mode == SyncMode::kQueryApi) has_query_api_ = true;
      continue;
    }
    // A balancer that says 404 for a source which is away knows nothing of either.
    if (options_.mode == SyncMode::kAuto && mode == SyncMode::kQueryApi && !has_query_api_) {
      mode_ = SyncMode::kAuto;
    }
    if (slice.status.ok()) slice.status = answer.status();
    if (CannotBeReached(answer.status())) break;
  }
}

void Sync::CountRequest() {
  absl::MutexLock lock(&mutex_);
  ++stats_.requests;
}

void Sync::CountFetched(Slice& slice, const Batch& batch) {
  slice.samples += batch.samples;
  slice.size += batch.size;
  // Pulls are not throttled, and do not slow history down either.
  if (!slice.windows.empty() && slice.windows.front().is_history) throttle_.Charge(batch.samples);
  absl::MutexLock lock(&mutex_);
  stats_.samples_fetched += batch.samples;
}

absl::Status Sync::CheckSize(const Slice& slice, const Batch& batch, const Window& window) const {
  if (slice.is_abandoned) return absl::CancelledError("the source: given up");
  const int64_t size = slice.size + batch.size;
  if (size <= slice.most_size) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      StrCat("more than ", size, " samples in one slice of ", window.target->selector));
}

absl::StatusOr<Sync::Answer> Sync::FetchByRemoteRead(std::vector<Window> windows, Slice& slice) {
  std::vector<ReadQuery> queries;
  for (const Window& window : windows) {
    queries.push_back({window.from_ms + 1, window.to_ms, window.target->matchers});
  }
  Answer answer;
  Batch& batch = answer.batch;
  const auto receive = [&](ReadSeries series) -> absl::Status {
    if (!series.status.ok()) ++batch.histogram_series;
    if (series.samples.empty() && series.histograms.empty()) return absl::OkStatus();
    batch.samples += std::ssize(series.samples) + std::ssize(series.histograms);
    batch.size += std::ssize(series.samples);
    for (const HistogramSample& sample : series.histograms) {
      batch.size += sample.histogram->SizeInSamples();
    }
    RETURN_IF_ERROR(CheckSize(slice, batch, windows[series.query_index]));
    batch.series.push_back({series.query_index,
                            {Strip(series.labels), std::move(series.samples),
                             std::move(series.histograms)}});
    return absl::OkStatus();
  };
  CountRequest();
  // History streams for long; a tick waits for what a pull brings.
  const absl::Duration timeout =
      windows.front().is_history ? absl::ZeroDuration() : options_.source.total_timeout;
  const absl::Status status = reader_.Read(queries, receive, timeout).status();
  CountFetched(slice, batch);
  RETURN_IF_ERROR(status);
  answer.windows = std::move(windows);
  return answer;
}

absl::StatusOr<Sync::Answer> Sync::FetchByQueryApi(Window window, Slice& slice) {
  Answer answer;
  answer.is_query = true;
  CountRequest();
  ASSIGN_OR_RETURN(QueryAnswer fetched,
                   query_api_.RangeSelector(window.target->selector, window.to_ms - window.from_ms,
                                            window.to_ms));
  Batch& batch = answer.batch;
  batch.histogram_series = static_cast<int64_t>(fetched.histogram_series.size());
  const int64_t live_from_ms = window.to_ms - absl::ToInt64Milliseconds(options_.lookback);
  for (SeriesSamples& series : std::get<Matrix>(fetched.value)) {
    if (series.samples.empty()) continue;
    batch.samples += static_cast<int64_t>(series.samples.size());
    series.labels = Strip(series.labels);
    if (series.samples.back().timestamp_ms > live_from_ms) answer.live.push_back(series.labels);
    batch.series.push_back({0, std::move(series)});
  }
  batch.size = batch.samples;
  const absl::Status size = CheckSize(slice, batch, window);
  CountFetched(slice, batch);
  RETURN_IF_ERROR(size);
  bool needs_live;
  int64_t covered_to_ms;
  {
    absl::ReaderMutexLock lock(&mutex_);
    needs_live = window.target->needs_live;
    covered_to_ms = window.target->covered_to_ms;
  }
  if (needs_live) {
    ASSIGN_OR_RETURN(const std::vector<Labels> live, LiveAt(*window.target, covered_to_ms));
    answer.live.insert(answer.live.end(), live.begin(), live.end());
  }
  answer.windows.push_back(std::move(window));
  return answer;
}

absl::StatusOr<std::vector<Labels>> Sync::LiveAt(const Target& target, int64_t time_ms) {
  CountRequest();
  ASSIGN_OR_RETURN(const QueryAnswer answer, query_api_.Instant(target.selector, time_ms));
  const auto* const vector = std::get_if<InstantVector>(&answer.value);
  if (vector == nullptr) {
    return absl::DataLossError(
        StrCat(client_->url().Redacted(), ": a selector was not answered with a vector"));
  }
  std::vector<Labels> live;
  for (const SeriesSample& sample : *vector) live.push_back(Strip(sample.labels));
  return live;
}

}  // namespace sloburn::remote
