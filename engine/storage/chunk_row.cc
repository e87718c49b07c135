// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk_row.h"

#include <bit>
#include <cstring>
#include <utility>

#include "base/crc32c.h"
#include "base/same_bits.h"
#include "base/status_macros.h"
#include "engine/storage/chunk/bytes.h"
#include "engine/storage/chunk/chunk_codec.h"

namespace sloburn {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kHeaderBytes = 1 + sizeof(uint32_t);

enum Flag : uint8_t {
  kHasMarkers = 1 << 0,
  kIsPlain = 1 << 1,
  kHasSums = 1 << 2,
  kHasCompensation = 1 << 3,
  kLeastIsFirst = 1 << 4,
  kLargestIsLast = 1 << 5,
  kKeepsResets = 1 << 6,
};

uint32_t Checksum(uint32_t series, std::string_view body) {
  const uint64_t id = series;
  std::string covered(reinterpret_cast<const char*>(&id), sizeof id);
  covered += body;
  return Crc32c(covered);
}

void Seal(uint32_t series, std::string& value) {
  value[0] = kVersion;
  const uint32_t crc = Checksum(series, std::string_view(value).substr(kHeaderBytes));
  std::memcpy(value.data() + 1, &crc, sizeof crc);
}

// What follows the header of an undamaged value.
absl::StatusOr<std::string_view> Unseal(uint32_t series, std::string_view value) {
  if (value.size() < kHeaderBytes) return absl::DataLossError("it ends early");
  if (static_cast<uint8_t>(value[0]) != kVersion) {
    return absl::DataLossError("its version is not known");
  }
  uint32_t crc;
  std::memcpy(&crc, value.data() + 1, sizeof crc);
  value.remove_prefix(kHeaderBytes);
  if (crc != Checksum(series, value)) return absl::DataLossError("its checksum does not match");
  return value;
}

// Times wrap around where their distance does not fit, as the reader's do.
uint64_t Distance(int64_t from, int64_t to) {
  return static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
}
int64_t After(int64_t from, uint64_t distance) {
  return static_cast<int64_t>(static_cast<uint64_t>(from) + distance);
}
int64_t Before(int64_t from, uint64_t distance) {
  return static_cast<int64_t>(static_cast<uint64_t>(from) - distance);
}

void WriteDouble(chunk::ByteWriter& out, double value) { out.Word(std::bit_cast<uint64_t>(value)); }
double ReadDouble(chunk::ByteReader& in) { return std::bit_cast<double>(in.Word()); }

uint8_t FlagsOf(const ChunkRow& row) {
  const StoredChunk& chunk = *row.chunk;
  const ChunkSummary& summary = chunk.summary;
  uint8_t flags = 0;
  const auto set = [&flags](Flag flag, bool is_set) { flags |= is_set ? flag : 0; };
  set(kHasMarkers, chunk.has_markers);
  set(kIsPlain, chunk.is_plain);
  set(kHasSums, summary.has_sums);
  set(kHasCompensation, !SameBits(summary.sum.c, 0));
  set(kLeastIsFirst, SameBits(summary.min, summary.first));
  set(kLargestIsLast, SameBits(summary.max, summary.last));
  set(kKeepsResets, row.keeps_resets);
  return flags;
}

void WriteSummary(chunk::ByteWriter& out, uint8_t flags, const StoredChunk& chunk) {
  const ChunkSummary& summary = chunk.summary;
  out.Varint(summary.count);
  if (summary.count == 0) return;
  out.Varint(summary.changes);
  out.Varint(summary.resets);
  out.Varint(Distance(chunk.min_ms, summary.first_ms));
  out.Varint(Distance(summary.last_ms, chunk.max_ms));
  out.Varint(Distance(summary.first_ms, summary.min_ms));
  out.Varint(Distance(summary.first_ms, summary.max_ms));
  WriteDouble(out, summary.first);
  WriteDouble(out, summary.last);
  if ((flags & kLeastIsFirst) == 0) WriteDouble(out, summary.min);
  if ((flags & kLargestIsLast) == 0) WriteDouble(out, summary.max);
  if ((flags & kHasSums) == 0) return;
  WriteDouble(out, summary.sum.sum);
  if ((flags & kHasCompensation) != 0) WriteDouble(out, summary.sum.c);
  WriteDouble(out, summary.squares);
}

void ReadSummary(chunk::ByteReader& in, uint8_t flags, StoredChunk& chunk) {
  ChunkSummary& summary = chunk.summary;
  summary.has_sums = (flags & kHasSums) != 0;
  summary.count = in.Varint();
  if (summary.count == 0) return;
  summary.changes = in.Varint();
  summary.resets = in.Varint();
  summary.first_ms = After(chunk.min_ms, in.Varint());
  summary.last_ms = Before(chunk.max_ms, in.Varint());
  summary.min_ms = After(summary.first_ms, in.Varint());
  summary.max_ms = After(summary.first_ms, in.Varint());
  summary.first = ReadDouble(in);
  summary.last = ReadDouble(in);
  summary.min = (flags & kLeastIsFirst) != 0 ? summary.first : ReadDouble(in);
  summary.max = (flags & kLargestIsLast) != 0 ? summary.last : ReadDouble(in);
  if (!summary.has_sums) return;
  summary.sum.sum = ReadDouble(in);
  if ((flags & kHasCompensation) != 0) summary.sum.c = ReadDouble(in);
  summary.squares = ReadDouble(in);
}

// Whatever reads them relies on it.
bool AreOrdered(const StoredChunk& chunk, const std::vector<Reset>& resets) {
  const ChunkSummary& summary = chunk.summary;
  if (chunk.min_ms > chunk.max_ms || summary.count > chunk.samples) return false;
  if (chunk.is_plain && !chunk.has_markers && summary.count != chunk.samples) return false;
  const auto length_ms =
      static_cast<uint64_t>(chunk.max_ms) - static_cast<uint64_t>(chunk.min_ms);
  if (chunk.interval_ms > 0 &&
      length_ms != static_cast<uint64_t>(chunk.interval_ms) * (chunk.samples - 1)) {
    return false;
  }
  if (summary.count > 0) {
    const auto is_within = [&summary](int64_t time_ms) {
      return summary.first_ms <= time_ms && time_ms <= summary.last_ms;
    };
    if (summary.first_ms < chunk.min_ms || summary.last_ms > chunk.max_ms) return false;
    if (!is_within(summary.min_ms) || !is_within(summary.max_ms)) return false;
  }
  for (size_t i = 0; i < resets.size(); ++i) {
    if (resets[i].position >= summary.count) return false;
    if (i > 0 && resets[i].position <= resets[i - 1].position) return false;
  }
  return true;
}

}  // namespace

std::string EncodeChunkRow(uint32_t series, const ChunkRow& row) {
  std::string value(kHeaderBytes, '\0');
  chunk::ByteWriter out(value);
  const StoredChunk& chunk = *row.chunk;
  const uint8_t flags = FlagsOf(row);
  out.Byte(flags);
  out.Varint(chunk.samples);
  out.Signed(chunk.min_ms);
  out.Varint(Distance(chunk.min_ms, chunk.max_ms));
  if (chunk.is_plain) {
    WriteSummary(out, flags, chunk);
    out.Varint(row.resets.size());
    uint64_t before = 0;
    for (const Reset& reset : row.resets) {
      out.Varint(reset.position - before);
      before = reset.position;
      WriteDouble(out, reset.before);
    }
  }
  value += chunk.bytes;
  Seal(series, value);
  return value;
}

absl::StatusOr<ChunkRow> DecodeChunkRow(uint32_t series, std::string_view value) {
  ASSIGN_OR_RETURN(const std::string_view body, Unseal(series, value));
  chunk::ByteReader in(body);
  ChunkRow row;
  auto chunk = std::make_shared<StoredChunk>();
  const uint8_t flags = in.Byte();
  row.keeps_resets = (flags & kKeepsResets) != 0;
  chunk->has_markers = (flags & kHasMarkers) != 0;
  chunk->is_plain = (flags & kIsPlain) != 0;
  const uint64_t samples = in.Varint();
  chunk->samples = static_cast<uint32_t>(samples);
  chunk->min_ms = in.Signed();
  chunk->max_ms = After(chunk->min_ms, in.Varint());
  if (chunk->is_plain) {
    ReadSummary(in, flags, *chunk);
    const uint64_t resets = in.Varint();
    Reset reset{0, 0};
    for (uint64_t i = 0; i < resets && !in.failed(); ++i) {
      reset.position += in.Varint();
      reset.before = ReadDouble(in);
      row.resets.push_back(reset);
    }
  }
  if (in.failed()) return absl::DataLossError("it ends early");
  chunk->bytes.assign(in.data(), in.left());
  ASSIGN_OR_RETURN(const ChunkInfo info, InspectChunk(chunk->bytes));
  chunk->interval_ms = info.interval_ms;
  if (info.samples != samples || !AreOrdered(*chunk, row.resets)) {
    return absl::DataLossError("its numbers contradict each other");
  }
  row.chunk = std::move(chunk);
  return row;
}

std::string EncodeNewestSamples(uint32_t series, const std::vector<std::string>& chunks) {
  std::string value(kHeaderBytes, '\0');
  chunk::ByteWriter out(value);
  for (const std::string& chunk : chunks) {
    out.Varint(chunk.size());
    value += chunk;
  }
  Seal(series, value);
  return value;
}

absl::StatusOr<std::vector<std::string_view>> SplitNewestSamples(uint32_t series,
                                                                std::string_view value) {
  ASSIGN_OR_RETURN(const std::string_view body, Unseal(series, value));
  chunk::ByteReader in(body);
  std::vector<std::string_view> chunks;
  while (in.left() > 0) {
    const uint64_t size = in.Varint();
    if (in.failed() || size > in.left()) return absl::DataLossError("it ends early");
    chunks.emplace_back(in.data(), size);
    in.Skip(size);
  }
  return chunks;
}

absl::Status DecodeNewestSamples(uint32_t series, std::string_view value, SampleBuffer& samples) {
  ASSIGN_OR_RETURN(const auto chunks, SplitNewestSamples(series, value));
  for (const std::string_view chunk : chunks) {
    const size_t before = samples.timestamps.size();
    RETURN_IF_ERROR(DecodeChunk(chunk, samples));
    if (before > 0 && samples.timestamps[before] <= samples.timestamps[before - 1]) {
      return absl::DataLossError("its chunks overlap");
    }
  }
  return absl::OkStatus();
}

}  // namespace sloburn
