// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/outbox.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "absl/time/clock.h"
#include "base/log.h"
#include "base/str_cat.h"
#include "engine/storage/journal_record.h"
#include "engine/storage/memory_storage.h"

namespace sloburn {
namespace {

constexpr absl::Duration kLogPause = absl::Minutes(1);
// What an entry takes beside its record.
constexpr int64_t kEntryBytes = sizeof(OutboxEntry);

int64_t BytesOf(const OutboxEntry& entry) { return kEntryBytes + std::ssize(entry.record); }

auto AfterSeq(const std::deque<OutboxEntry>& entries, int64_t seq) {
  return std::upper_bound(entries.begin(), entries.end(), seq,
                          [](int64_t a, const OutboxEntry& b) { return a < b.seq; });
}

}  // namespace

void Outbox::Restore(OutboxContents contents, OutboxLog* log) {
  absl::MutexLock lock(&mutex_);
  log_ = log;
  for (OutboxEntry& entry : contents.entries) {
    bytes_ += BytesOf(entry);
    last_seq_ = std::max(last_seq_, entry.seq);
    entries_.push_back(std::move(entry));
  }
  for (const auto& [name, position] : contents.readers) {
    last_seq_ = std::max(last_seq_, position.claimed);
    readers_[name].position = position;
  }
  for (auto& [name, reader] : readers_) reader.samples_pending = CountAfter(reader.position.done);
}

void Outbox::AddReader(const std::string& name) {
  {
    absl::MutexLock lock(&mutex_);
    const auto [reader, is_new] = readers_.try_emplace(name);
    if (!is_new) return;
    reader->second.position = {last_seq_, last_seq_};
  }
  Save();
}

std::map<std::string, int64_t> Outbox::KeepReaders(const std::vector<std::string>& names) {
  std::map<std::string, int64_t> forgotten;
  {
    absl::MutexLock lock(&mutex_);
    for (auto reader = readers_.begin(); reader != readers_.end();) {
      if (std::find(names.begin(), names.end(), reader->first) != names.end()) {
        ++reader;
        continue;
      }
      forgotten[reader->first] = reader->second.samples_pending;
      reader = readers_.erase(reader);
    }
    if (forgotten.empty()) return forgotten;
    ForgetDelivered();
    changed_.SignalAll();
  }
  Save();
  return forgotten;
}

int64_t Outbox::CountAfter(int64_t seq) const {
  int64_t samples = 0;
  for (auto entry = AfterSeq(entries_, seq); entry != entries_.end(); ++entry) {
    samples += entry->samples;
  }
  return samples;
}

// The entries that are to be delivered together.
OutboxPosition Outbox::Claim(Reader& reader, size_t max_samples) {
  OutboxPosition& position = reader.position;
  if (position.claimed > position.done) return position;
  size_t samples = 0;
  for (auto entry = AfterSeq(entries_, position.done); entry != entries_.end(); ++entry) {
    samples += static_cast<size_t>(entry->samples);
    if (position.claimed > position.done && samples > max_samples) break;
    position.claimed = entry->seq;
  }
  return position;
}

// What is given once more may be less: the rest was dropped meanwhile.
void Outbox::TakeInHand(Reader& reader, int64_t samples) {
  const int64_t lost = std::max<int64_t>(0, reader.samples_in_hand - samples);
  reader.samples_dropped += lost;
  reader.samples_pending -= lost;
  reader.samples_in_hand = samples;
}

std::optional<OutboxBatch> Outbox::Next(std::string_view name, size_t max_samples) {
  std::vector<std::string> records;
  bool was_claimed = false;
  {
    absl::MutexLock lock(&mutex_);
    while (true) {
      const auto found = readers_.find(name);
      if (found == readers_.end() || found->second.is_stopped) return std::nullopt;
      Reader& reader = found->second;
      was_claimed = reader.position.claimed > reader.position.done;
      const OutboxPosition claim = Claim(reader, max_samples);
      int64_t samples = 0;
      for (auto entry = AfterSeq(entries_, claim.done);
           entry != entries_.end() && entry->seq <= claim.claimed; ++entry) {
        records.push_back(entry->record);
        samples += entry->samples;
      }
      TakeInHand(reader, samples);
      if (!records.empty()) break;
      if (claim.claimed == claim.done) {
        changed_.Wait(&mutex_);
        continue;
      }
      reader.position.done = reader.position.claimed;  // dropped meanwhile
      was_claimed = false;
    }
  }
  if (!was_claimed) Save();
  OutboxBatch batch = Decode(records);
  batch.may_be_delivered = was_claimed;
  return batch;
}

OutboxBatch Outbox::Decode(const std::vector<std::string>& records) const {
  OutboxBatch batch;
  std::unordered_map<uint32_t, size_t> positions;
  const auto visit = [&](uint32_t id, const SampleView& samples) {
    const auto [position, is_new] = positions.emplace(id, batch.series.size());
    if (is_new) batch.series.push_back({storage_.LabelsOf(id), {}});
    SeriesSamples& series = batch.series[position->second];
    for (size_t i = 0; i < samples.size; ++i) {
      const int64_t time_ms = samples.timestamps[i];
      if (samples.histograms != nullptr && samples.histograms[i] != nullptr) {
        series.histograms.push_back({time_ms, samples.histograms[i]});
      } else {
        series.samples.push_back({time_ms, samples.values[i]});
      }
      batch.newest_ms = std::max(batch.newest_ms, time_ms);
    }
    batch.samples += samples.size;
  };
  for (const std::string& record : records) {
    const absl::Status status = DecodeJournalRecord(record, visit);
    // Made by this process, or checked when it was loaded.
    if (!status.ok()) Log(LogLevel::kError, "Outbox", {{"err", std::string(status.message())}});
  }
  return batch;
}

void Outbox::Acknowledge(std::string_view name) {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = readers_.find(name);
    if (found == readers_.end()) return;
    Reader& reader = found->second;
    reader.position.done = reader.position.claimed;
    reader.samples_pending -= std::exchange(reader.samples_in_hand, 0);
    ForgetDelivered();
    changed_.SignalAll();
  }
  Save();
}

void Outbox::Stop(std::string_view name) {
  absl::MutexLock lock(&mutex_);
  const auto found = readers_.find(name);
  if (found != readers_.end()) found->second.is_stopped = true;
  changed_.SignalAll();
}

void Outbox::Resume(std::string_view name) {
  absl::MutexLock lock(&mutex_);
  const auto found = readers_.find(name);
  if (found != readers_.end()) found->second.is_stopped = false;
}

bool Outbox::WaitUntilDelivered(std::string_view name, absl::Duration patience) {
  // The clock may be set back meanwhile.
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
  absl::MutexLock lock(&mutex_);
  while (true) {
    const auto found = readers_.find(name);
    if (found == readers_.end() || found->second.samples_pending == 0) return true;
    const absl::Duration left = absl::FromChrono(end - std::chrono::steady_clock::now());
    if (left <= absl::ZeroDuration()) return false;
    changed_.WaitWithTimeout(&mutex_, left);
  }
}

OutboxStats Outbox::Stats() const {
  absl::MutexLock lock(&mutex_);
  return {std::ssize(entries_), bytes_};
}

OutboxReaderStats Outbox::ReaderStats(std::string_view name) const {
  absl::MutexLock lock(&mutex_);
  const auto found = readers_.find(name);
  if (found == readers_.end()) return {};
  return {found->second.samples_pending, found->second.samples_dropped, newest_ms_};
}

std::optional<OutboxEntry> Outbox::Prepare(const std::vector<CommittedSeries>& commit) {
  OutboxEntry entry;
  {
    absl::MutexLock lock(&mutex_);
    if (readers_.empty()) return std::nullopt;
    entry.seq = last_seq_ + 1;
  }
  for (const CommittedSeries& series : commit) {
    entry.samples += static_cast<int64_t>(series.samples.size + series.late.size);
    for (const SampleView* part : {&series.samples, &series.late}) {
      if (part->size > 0) {
        entry.newest_ms = std::max(entry.newest_ms, part->timestamps[part->size - 1]);
      }
    }
  }
  entry.record = EncodeJournalRecord(commit);
  return entry;
}

void Outbox::Add(OutboxEntry entry) {
  bool drops = false;
  {
    absl::MutexLock lock(&mutex_);
    last_seq_ = entry.seq;
    newest_ms_ = std::max(newest_ms_, entry.newest_ms);
    bytes_ += BytesOf(entry);
    for (auto& [name, reader] : readers_) reader.samples_pending += entry.samples;
    entries_.push_back(std::move(entry));
    drops = bytes_ > options_.max_bytes;
    if (drops) DropOldest();
    changed_.SignalAll();
  }
  if (drops) Save();
}

void Outbox::PopFront() {
  bytes_ -= BytesOf(entries_.front());
  entries_.pop_front();
}

void Outbox::DropOldest() {
  int64_t dropped = 0;
  while (bytes_ > options_.max_bytes && !entries_.empty()) {
    const OutboxEntry& oldest = entries_.front();
    for (auto& [name, reader] : readers_) {
      if (reader.position.done >= oldest.seq) continue;
      const bool is_in_hand = reader.samples_in_hand > 0 && reader.position.claimed >= oldest.seq;
      if (is_in_hand) continue;  // it goes on being sent
      reader.samples_dropped += oldest.samples;
      reader.samples_pending -= oldest.samples;
      dropped += oldest.samples;
    }
    PopFront();
  }
  const absl::Time now = absl::Now();
  if (dropped == 0 || now - last_drop_log_ < kLogPause) return;
  last_drop_log_ = now;
  Log(LogLevel::kError,
      "The outbox of remote write is full: the oldest samples are dropped before they were sent",
      {{"max_bytes", StrCat(options_.max_bytes)}, {"dropped", StrCat(dropped)}});
}

void Outbox::ForgetDelivered() {
  int64_t done = last_seq_;
  for (const auto& [name, reader] : readers_) done = std::min(done, reader.position.done);
  while (!entries_.empty() && entries_.front().seq <= done) PopFront();
}

void Outbox::Save() {
  absl::MutexLock save_lock(&save_mutex_);
  OutboxPositions positions;
  OutboxLog* log = nullptr;
  int64_t forgotten = 0;
  {
    absl::MutexLock lock(&mutex_);
    log = log_;
    forgotten = entries_.empty() ? last_seq_ : entries_.front().seq - 1;
    for (const auto& [name, reader] : readers_) positions[name] = reader.position;
  }
  if (log == nullptr) return;
  const absl::Status status = log->WriteOutbox(positions, forgotten);
  if (status.ok() || absl::Now() - last_save_log_ < kLogPause) return;
  last_save_log_ = absl::Now();
  // What was delivered may be delivered once more after a crash; nothing is lost.
  Log(LogLevel::kWarn, "The outbox' positions cannot be written",
      {{"err", std::string(status.message())}});
}

}  // namespace sloburn
