// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/outbox_writer.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/status_macros.h"
#include "engine/model/label_builder.h"

namespace sloburn::remote {
namespace {

// Late samples come after newer ones, and two series may have become one.
template <typename Samples>
void SortByTime(Samples& samples) {
  const auto by_time = [](const auto& a, const auto& b) { return a.timestamp_ms < b.timestamp_ms; };
  if (!std::is_sorted(samples.begin(), samples.end(), by_time)) {
    std::stable_sort(samples.begin(), samples.end(), by_time);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutboxWriter>> OutboxWriter::Create(OutboxWriterOptions options,
                                                                   Outbox& outbox) {
  if (options.max_samples_per_send == 0) {
    return absl::InvalidArgumentError("remote_write: max_samples_per_send must be at least 1");
  }
  ASSIGN_OR_RETURN(auto sender, WriteSender::Create(options.sender));
  return std::unique_ptr<OutboxWriter>(
      new OutboxWriter(std::move(options), std::move(sender), outbox));
}

OutboxWriter::~OutboxWriter() { Stop(absl::ZeroDuration()); }

void OutboxWriter::Start() {
  outbox_.Resume(options_.reader);
  thread_ = std::thread([this] { Run(); });
}

void OutboxWriter::Stop(absl::Duration drain) {
  if (!thread_.joinable()) return;
  outbox_.WaitUntilDelivered(options_.reader, drain);
  outbox_.Stop(options_.reader);
  sender_->Cancel();
  thread_.join();
}

void OutboxWriter::Run() {
  while (auto batch = outbox_.Next(options_.reader, options_.max_samples_per_send)) {
    WriteBatch out = ToWriteBatch(*std::move(batch));
    if (!out.series.empty() && !sender_->Deliver(std::move(out))) return;
    outbox_.Acknowledge(options_.reader);
  }
}

WriteBatch OutboxWriter::ToWriteBatch(OutboxBatch batch) {
  std::vector<SeriesSamples> all;
  std::unordered_map<Labels, size_t, LabelsHash> positions;
  for (SeriesSamples& series : batch.series) {
    std::optional<Labels> labels =
        Relabel(AddMissingLabels(series.labels, options_.external_labels), options_.relabel);
    if (!labels || labels->empty()) {
      samples_relabelled_away_ += std::ssize(series.samples) + std::ssize(series.histograms);
      continue;
    }
    const auto [position, is_new] = positions.emplace(*labels, all.size());
    if (is_new) {
      series.labels = *std::move(labels);
      all.push_back(std::move(series));
      continue;
    }
    SeriesSamples& same = all[position->second];
    same.samples.insert(same.samples.end(), series.samples.begin(), series.samples.end());
    same.histograms.insert(same.histograms.end(), series.histograms.begin(),
                           series.histograms.end());
  }
  WriteBatch out;
  out.may_be_written = batch.may_be_delivered;
  for (SeriesSamples& series : all) {
    SortByTime(series.samples);
    SortByTime(series.histograms);
    AddSeries(std::move(series), out);
  }
  return out;
}

RemoteWriteStats OutboxWriter::Stats() const {
  RemoteWriteStats stats = sender_->Stats();
  const OutboxReaderStats reader = outbox_.ReaderStats(options_.reader);
  stats.samples_pending = reader.samples_pending;
  stats.samples_dropped = reader.samples_dropped;
  stats.samples_relabelled_away = samples_relabelled_away_;
  stats.highest_ms = reader.newest_ms;
  stats.max_samples_per_send = static_cast<int64_t>(options_.max_samples_per_send);
  return stats;
}

}  // namespace sloburn::remote
