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

bool CannotBeReached(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsUnauthenticated(status) ||
         absl::IsPermissionDenied(status);
}

std::vector<Sync::Window> Sync::Slice::TakeWindows(size_t most) {
  absl::MutexLock lock(&mutex);
  if (is_over || is_abandoned) return {};
  const size_t count = std::min(most, windows.size() - next_window);
  const auto first = windows.begin() + static_cast<ptrdiff_t>(next_window);
  next_window += count;
  return {first, first + static_cast<ptrdiff_t>(count)};
}

void Sync::Slice::Add(const std::vector<Window>& asked, absl::StatusOr<Answer> answer) {
  absl::MutexLock lock(&mutex);
  if (answer.ok()) {
    answers.push_back(*std::move(answer));
    return;
  }
  if (status.ok()) status = answer.status();
  if (CannotBeReached(answer.status())) is_over = true;
  failures.emplace_back(asked, answer.status());
}

Labels Sync::Strip(const Labels& labels) const {
  if (options_.strip_labels.empty()) return labels;
  return LabelBuilder(labels).Delete(options_.strip_labels).Build();
}

size_t Sync::WindowsPerRequest() const {
  return mode_ == SyncMode::kQueryApi ? 1 : options_.selectors_per_request;
}

// Slices of history are fetched beside each other; of a pull, the requests of its slice are.
void Sync::Fetch(Slice& slice) {
  size_t width = 1;
  // The first request finds out how the source is read.
  if (!slice.is_history && mode_ != SyncMode::kAuto) {
    const size_t each = WindowsPerRequest();
    width = std::min(options_.concurrency, (slice.windows.size() + each - 1) / each);
  }
  std::vector<std::thread> others;
  for (size_t i = 1; i < width; ++i) others.emplace_back([&] { FetchInTurn(slice); });
  FetchInTurn(slice);
  for (std::thread& other : others) other.join();
}

void Sync::FetchInTurn(Slice& slice) {
  for (;;) {
    std::vector<Window> windows = slice.TakeWindows(WindowsPerRequest());
    if (windows.empty()) return;
    FetchWindows(std::move(windows), slice);
  }
}

void Sync::FetchWindows(std::vector<Window> windows, Slice& slice) {
  const SyncMode mode = mode_;
  if (mode != SyncMode::kQueryApi) {
    absl::StatusOr<Answer> answer = FetchByRemoteRead(windows, slice);
    if (options_.mode != SyncMode::kAuto || !absl::IsUnimplemented(answer.status())) {
      if (answer.ok() && mode == SyncMode::kAuto) mode_ = SyncMode::kRemoteRead;
      const bool is_refused = !answer.ok() && !CannotBeReached(answer.status()) &&
                              !absl::IsResourceExhausted(answer.status());
      if (!is_refused || windows.size() == 1) return slice.Add(windows, std::move(answer));
      // It may be about one selector only.
      for (const Window& window : windows) FetchWindows({window}, slice);
      return;
    }
    if (mode_.exchange(SyncMode::kQueryApi) != SyncMode::kQueryApi) {
      Log(LogLevel::kInfo, "The source has no remote read, its query API is used",
          {{"err", std::string(answer.status().message())}});
    }
  }
  for (const Window& window : windows) {
    absl::StatusOr<Answer> answer = FetchByQueryApi(window, slice);
    const absl::Status status = answer.status();
    slice.Add({window}, std::move(answer));
    if (status.ok()) {
      has_query_api_ = true;
      continue;
    }
    // A balancer that says 404 for a source which is away knows nothing of either.
    if (options_.mode == SyncMode::kAuto && !has_query_api_) mode_ = SyncMode::kAuto;
    if (CannotBeReached(status)) return;
  }
}

void Sync::CountRequest() {
  absl::MutexLock lock(&mutex_);
  ++stats_.requests;
}

void Sync::CountFetched(Slice& slice, const Batch& batch) {
  slice.samples += batch.samples;
  // Pulls are not throttled, and do not slow history down either.
  if (slice.is_history) throttle_.Charge(batch.samples);
  absl::MutexLock lock(&mutex_);
  stats_.samples_fetched += batch.samples;
}

absl::Status Sync::AddSize(Slice& slice, int64_t arrived, const Window& window) const {
  if (slice.is_abandoned) return absl::CancelledError("the source: given up");
  const int64_t size = slice.size += arrived;
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
    int64_t size = std::ssize(series.samples);
    for (const HistogramSample& sample : series.histograms) {
      size += sample.histogram->SizeInSamples();
    }
    RETURN_IF_ERROR(AddSize(slice, size, windows[series.query_index]));
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
  const absl::Status size = AddSize(slice, batch.samples, window);
  CountFetched(slice, batch);
  RETURN_IF_ERROR(size);
  bool needs_live, has_live;
  int64_t covered_to_ms;
  {
    absl::ReaderMutexLock lock(&mutex_);
    needs_live = window.target->needs_live;
    has_live = !window.target->live.empty();
    covered_to_ms = window.target->covered_to_ms;
  }
  if (needs_live) {
    ASSIGN_OR_RETURN(const std::vector<Labels> live, LiveAt(*window.target, covered_to_ms));
    answer.live.insert(answer.live.end(), live.begin(), live.end());
  }
  // After the samples: of a sample that comes between the two requests nothing is concluded.
  if (!window.is_history && (has_live || !answer.live.empty())) {
    ASSIGN_OR_RETURN(answer.present, LiveAt(*window.target, window.to_ms));
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
