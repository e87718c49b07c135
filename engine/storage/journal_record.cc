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

bool IsPlain(const NewSample& sample) {
  return sample.histogram == nullptr && sample.start_ms == 0;
}

bool IsInteger(double value) {
  return std::fabs(value) < 0x1p53 &&
         std::bit_cast<uint64_t>(value) ==
             std::bit_cast<uint64_t>(static_cast<double>(static_cast<int64_t>(value)));
}

class RecordWriter {
 public:
  explicit RecordWriter(std::string& out) : out_(out), writer_(out) {}

  // Samples [begin, end) of one series; in order of time where they are many.
  void Samples(uint32_t id, const NewSample* begin, const NewSample* end) {
    const size_t size = end - begin;
    const bool is_chunk = size >= kChunkFrom || !std::all_of(begin, end, IsPlain);
    writer_.Varint(id);
    writer_.Varint(size << 1 | (is_chunk ? 1 : 0));
    if (is_chunk) {
      Chunk(begin, end);
    } else {
      for (const NewSample* sample = begin; sample != end; ++sample) One(*sample);
    }
  }

 private:
  void Chunk(const NewSample* begin, const NewSample* end) {
    buffer_.Clear();
    for (const NewSample* sample = begin; sample != end; ++sample) {
      buffer_.timestamps.push_back(sample->timestamp_ms);
      buffer_.values.push_back(sample->value);
      if (sample->histogram != nullptr || !buffer_.histograms.empty()) {
        buffer_.histograms.resize(buffer_.timestamps.size());
        buffer_.histograms.back() = sample->histogram;
      }
      if (sample->start_ms != 0 || !buffer_.starts.empty()) {
        buffer_.starts.resize(buffer_.timestamps.size());
        buffer_.starts.back() = sample->start_ms;
      }
    }
    const std::string chunk = EncodeChunk(buffer_.View());
    writer_.Varint(chunk.size());
    out_ += chunk;
  }

  void One(const NewSample& sample) {
    // Wraps around where it does not fit, as the reader does.
    const auto difference = static_cast<int64_t>(static_cast<uint64_t>(sample.timestamp_ms) -
                                                 static_cast<uint64_t>(before_ms_));
    before_ms_ = sample.timestamp_ms;
    const bool is_integer = IsInteger(sample.value);
    writer_.Byte(is_integer ? 1 : 0);
    writer_.Signed(difference);
    if (is_integer) {
      writer_.Signed(static_cast<int64_t>(sample.value));
    } else {
      writer_.Word(std::bit_cast<uint64_t>(sample.value));
    }
  }

  std::string& out_;
  chunk::ByteWriter writer_;
  SampleBuffer buffer_;
  int64_t before_ms_ = 0;
};

absl::Status Damaged() { return absl::DataLossError("a journal record is damaged"); }

}  // namespace

std::string EncodeJournalRecord(const std::vector<CommittedSeries>& commit) {
  std::string record(kHeaderBytes, '\0');
  RecordWriter writer(record);
  for (const CommittedSeries& series : commit) {
    const std::vector<NewSample>& samples = *series.samples;
    for (size_t begin = 0; begin < samples.size(); begin += kMaxChunkSamples) {
      const size_t size = std::min(kMaxChunkSamples, samples.size() - begin);
      writer.Samples(series.id, samples.data() + begin, samples.data() + begin + size);
    }
    for (const NewSample& sample : *series.late) writer.Samples(series.id, &sample, &sample + 1);
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
    if (reader.failed() || id > UINT32_MAX) return Damaged();
    visit(static_cast<uint32_t>(id), buffer.View());
  }
  return absl::OkStatus();
}

}  // namespace sloburn
