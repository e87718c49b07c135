// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/write_batch.h"

#include <algorithm>
#include <iterator>

namespace sloburn::remote {
namespace {

// The first `count` of `from` leave it.
template <typename T>
std::vector<T> TakeFront(std::vector<T>& from, size_t count) {
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<T> taken(std::make_move_iterator(from.begin()), std::make_move_iterator(end));
  from.erase(from.begin(), end);
  return taken;
}

// How many samples of `from` come before all of `other`, ties included.
template <typename T, typename U>
size_t CountBefore(const std::vector<T>& from, const std::vector<U>& other) {
  if (other.empty()) return from.size();
  const int64_t end = other.front().timestamp_ms;
  return static_cast<size_t>(
      std::find_if(from.begin(), from.end(), [end](const T& s) { return s.timestamp_ms > end; }) -
      from.begin());
}

// The samples up to where the kind changes leave `series`.
SeriesSamples TakeRun(SeriesSamples& series) {
  SeriesSamples run{series.labels, {}};
  run.samples = TakeFront(series.samples, CountBefore(series.samples, series.histograms));
  if (run.samples.empty()) {
    run.histograms = TakeFront(series.histograms, CountBefore(series.histograms, series.samples));
  }
  return run;
}

bool HasBothKinds(const SeriesSamples& series) {
  return !series.samples.empty() && !series.histograms.empty();
}

}  // namespace

void AddSeries(SeriesSamples series, WriteBatch& batch) {
  if (series.empty()) return;
  batch.samples += series.samples.size() + series.histograms.size();
  for (const Sample& sample : series.samples) {
    batch.newest_ms = std::max(batch.newest_ms, sample.timestamp_ms);
  }
  for (const HistogramSample& sample : series.histograms) {
    batch.newest_ms = std::max(batch.newest_ms, sample.timestamp_ms);
  }
  batch.series.push_back(std::move(series));
}

int64_t CountHistograms(const WriteBatch& batch) {
  size_t count = 0;
  for (const SeriesSamples& series : batch.series) count += series.histograms.size();
  return static_cast<int64_t>(count);
}

std::pair<WriteBatch, WriteBatch> Halve(WriteBatch batch) {
  std::pair<WriteBatch, WriteBatch> halves;
  halves.first.may_be_written = halves.second.may_be_written = batch.may_be_written;
  if (batch.series.size() == 1) {
    SeriesSamples& second = batch.series.front();
    SeriesSamples first{second.labels, TakeFront(second.samples, second.samples.size() / 2),
                        TakeFront(second.histograms, second.histograms.size() / 2)};
    AddSeries(std::move(first), halves.first);
    AddSeries(std::move(second), halves.second);
    return halves;
  }
  const size_t middle = batch.series.size() / 2;
  for (size_t i = 0; i < batch.series.size(); ++i) {
    AddSeries(std::move(batch.series[i]), i < middle ? halves.first : halves.second);
  }
  return halves;
}

std::vector<WriteBatch> SplitByKind(WriteBatch batch) {
  std::vector<WriteBatch> batches;
  while (std::any_of(batch.series.begin(), batch.series.end(), HasBothKinds)) {
    WriteBatch head, tail;
    head.may_be_written = tail.may_be_written = batch.may_be_written;
    for (SeriesSamples& series : batch.series) {
      AddSeries(TakeRun(series), head);
      AddSeries(std::move(series), tail);
    }
    batches.push_back(std::move(head));
    batch = std::move(tail);
  }
  if (!batch.series.empty()) batches.push_back(std::move(batch));
  return batches;
}

std::vector<WriteBatch> SplitByTick(WriteBatch batch) {
  std::vector<WriteBatch> batches;
  const auto at = [&](size_t tick) -> WriteBatch& {
    if (tick == batches.size()) batches.emplace_back().may_be_written = batch.may_be_written;
    return batches[tick];
  };
  for (SeriesSamples& series : batch.series) {
    auto sample = series.samples.begin();
    auto histogram = series.histograms.begin();
    for (size_t tick = 0; sample != series.samples.end() || histogram != series.histograms.end();
         ++tick) {
      SeriesSamples one{series.labels, {}};
      if (histogram == series.histograms.end() ||
          (sample != series.samples.end() && sample->timestamp_ms <= histogram->timestamp_ms)) {
        one.samples.push_back(*sample++);
      } else {
        one.histograms.push_back(std::move(*histogram++));
      }
      AddSeries(std::move(one), at(tick));
    }
  }
  return batches;
}

Removed RemoveSamples(
    WriteBatch& batch,
    absl::FunctionRef<bool(int64_t timestamp_ms, const HistogramPtr& histogram)> is_unwanted) {
  Removed removed;
  WriteBatch kept;
  kept.may_be_written = batch.may_be_written;
  for (SeriesSamples& series : batch.series) {
    removed.floats += static_cast<int64_t>(std::erase_if(
        series.samples, [&](const Sample& s) { return is_unwanted(s.timestamp_ms, nullptr); }));
    removed.histograms +=
        static_cast<int64_t>(std::erase_if(series.histograms, [&](const HistogramSample& s) {
          return is_unwanted(s.timestamp_ms, s.histogram);
        }));
    AddSeries(std::move(series), kept);
  }
  batch = std::move(kept);
  return removed;
}

}  // namespace sloburn::remote
