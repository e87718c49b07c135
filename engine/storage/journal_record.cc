// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/journal_record.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/crc32c.h"
#include "base/status_macros.h"
#include "engine/storage/chunk/bytes.h"
#include "engine/storage/chunk/chunk_codec.h"

namespace sloburn {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kHeaderBytes = 1 + sizeof(uint32_t);
// Fewer samples are shorter as they are.
constexpr size_t kChunkFrom = 8;

bool IsInteger(double value) {
  return std::fabs(value) < 0x1p53 &&
         std::bit_cast<uint64_t>(value) ==
             std::bit_cast<uint64_t>(static_cast<double>(static_cast<int64_t>(value)));
}

class RecordWriter {
 public:
  explicit RecordWriter(std::string& out) : out_(out), writer_(out) {}

  void Samples(uint32_t id, const SampleView& samples) {
    const bool is_chunk = samples.size >= kChunkFrom || samples.histograms != nullptr ||
                          samples.starts != nullptr;
    writer_.Varint(id);
    writer_.Varint(samples.size << 1 | (is_chunk ? 1 : 0));
    if (is_chunk) {
      const std::string chunk = EncodeChunk(samples);
      writer_.Varint(chunk.size());
      out_ += chunk;
      return;
    }
    for (size_t i = 0; i < samples.size; ++i) One(samples.timestamps[i], samples.values[i]);
  }

 private:
  void One(int64_t timestamp_ms, double value) {
    // Wraps around where it does not fit, as the reader does.
    const auto difference = static_cast<int64_t>(static_cast<uint64_t>(timestamp_ms) -
                                                 static_cast<uint64_t>(before_ms_));
    before_ms_ = timestamp_ms;
    const bool is_integer = IsInteger(value);
    writer_.Byte(is_integer ? 1 : 0);
    writer_.Signed(difference);
    if (is_integer) {
      writer_.Signed(static_cast<int64_t>(value));
    } else {
      writer_.Word(std::bit_cast<uint64_t>(value));
    }
  }

  std::string& out_;
  chunk::ByteWriter writer_;
  int64_t before_ms_ = 0;
};

// And there is one at least.
bool IsIncreasing(const std::vector<int64_t>& times) {
  return !times.empty() &&
         std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end();
}

absl::Status Damaged() { return absl::DataLossError("a journal record is damaged"); }

}  // namespace

std::string EncodeJournalRecord(const std::vector<CommittedSeries>& commit) {
  std::string record(kHeaderBytes, '\0');
  RecordWriter writer(record);
  for (const CommittedSeries& series : commit) {
    for (const SampleView* part : {&series.samples, &series.late}) {
      for (size_t begin = 0; begin < part->size; begin += kMaxChunkSamples) {
        const size_t size = std::min(kMaxChunkSamples, part->size - begin);
        writer.Samples(series.id, part->Part(begin, size));
      }
    }
  }
  record[0] = kVersion;
  const uint32_t crc = Crc32c(std::string_view(record).substr(kHeaderBytes));
  std::memcpy(record.data() + 1, &crc, sizeof crc);
  return record;
}

absl::Status DecodeJournalRecord(
    std::string_view record, const std::function<void(uint32_t id, const SampleView&)>& visit) {
  if (record.size() < kHeaderBytes) return Damaged();
  if (static_cast<uint8_t>(record[0]) != kVersion) {
    return absl::DataLossError("a journal record has a version that is not known");
  }
  uint32_t crc;
  std::memcpy(&crc, record.data() + 1, sizeof crc);
  if (crc != Crc32c(record.substr(kHeaderBytes))) return Damaged();
  chunk::ByteReader reader(record.substr(kHeaderBytes));
  SampleBuffer buffer;
  int64_t before_ms = 0;
  while (reader.left() > 0) {
    const uint64_t id = reader.Varint(), head = reader.Varint();
    buffer.Clear();
    if (head & 1) {
      const uint64_t size = reader.Varint();
      if (reader.failed() || size > reader.left()) return Damaged();
      RETURN_IF_ERROR(DecodeChunk({reader.data(), size}, buffer));
      reader.Skip(size);
      if (buffer.timestamps.size() != head >> 1) return Damaged();
    } else {
      for (uint64_t i = 0; i < head >> 1 && !reader.failed(); ++i) {
        const bool is_integer = reader.Byte() != 0;
        before_ms = static_cast<int64_t>(static_cast<uint64_t>(before_ms) +
                                         static_cast<uint64_t>(reader.Signed()));
        buffer.timestamps.push_back(before_ms);
        buffer.values.push_back(is_integer ? static_cast<double>(reader.Signed())
                                           : std::bit_cast<double>(reader.Word()));
      }
    }
    if (reader.failed() || id > UINT32_MAX || !IsIncreasing(buffer.timestamps)) return Damaged();
    visit(static_cast<uint32_t>(id), buffer.View());
  }
  return absl::OkStatus();
}

}  // namespace sloburn
