// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/remote/prometheus_wire.h"

#include <bit>
#include <cstring>

#include "engine/model/stale.h"
#include "base/crc32c.h"

namespace sloburn::remote {
namespace {

class BitWriter {
 public:
  void Bits(uint64_t bits, int count) {
    for (int i = count - 1; i >= 0; --i) {
      if (used_ == 0) bytes_ += '\0';
      if ((bits >> i & 1) != 0) bytes_.back() = static_cast<char>(bytes_.back() | (128 >> used_));
      used_ = (used_ + 1) % 8;
    }
  }
  void Uvarint(uint64_t value) {
    for (const unsigned char byte : remote::Varint(value)) Bits(byte, 8);
  }
  void Varint(int64_t value) {
    Uvarint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  int used_ = 0;  // bits of the last byte
};

std::string CountHeader(size_t count) {
  return {static_cast<char>(count >> 8), static_cast<char>(count)};
}

bool FitsHalf(int64_t value, int bits) {
  const int64_t half = int64_t{1} << (bits - 1);
  return -(half - 1) <= value && value <= half;
}

bool FitsTwosComplement(int64_t value, int bits) {
  const int64_t half = int64_t{1} << (bits - 1);
  return -half <= value && value < half;
}

// `prefix` has `prefix_bits`; the number follows in `bits`.
void Prefixed(BitWriter& out, uint64_t prefix, int prefix_bits, int64_t value, int bits) {
  out.Bits(prefix, prefix_bits);
  out.Bits(static_cast<uint64_t>(value), bits);
}

void WriteDeltaOfDelta(BitWriter& out, int64_t value) {
  if (value == 0) {
    out.Bits(0, 1);
  } else if (FitsHalf(value, 14)) {
    Prefixed(out, 0b10, 2, value, 14);
  } else if (FitsHalf(value, 17)) {
    Prefixed(out, 0b110, 3, value, 17);
  } else if (FitsHalf(value, 20)) {
    Prefixed(out, 0b1110, 4, value, 20);
  } else {
    Prefixed(out, 0b1111, 4, value, 64);
  }
}

struct Window {
  int leading = -1, trailing = 0;

  // `reuse` and `renew` are the codes of the two ways, each (bits, count).
  void Write(BitWriter& out, uint64_t difference, std::pair<int, int> reuse,
             std::pair<int, int> renew) {
    const int zeros_before = std::min(31, std::countl_zero(difference));
    const int zeros_after = std::countr_zero(difference);
    if (leading >= 0 && zeros_before >= leading && zeros_after >= trailing) {
      out.Bits(static_cast<uint64_t>(reuse.first), reuse.second);
      out.Bits(difference >> trailing, 64 - leading - trailing);
      return;
    }
    leading = zeros_before;
    trailing = zeros_after;
    const int size = 64 - leading - trailing;
    out.Bits(static_cast<uint64_t>(renew.first), renew.second);
    out.Bits(static_cast<uint64_t>(leading), 5);
    out.Bits(static_cast<uint64_t>(size), 6);
    out.Bits(difference >> trailing, size);
  }
};

void WriteVarbit(BitWriter& out, int64_t value) {
  static constexpr int kBits[] = {3, 6, 9, 12, 18, 25, 56};
  if (value == 0) return out.Bits(0, 1);
  for (int i = 0; i < 7; ++i) {
    if (!FitsHalf(value, kBits[i])) continue;
    const int ones = i + 1;
    out.Bits(((uint64_t{1} << ones) - 1) << 1, ones + 1);
    return out.Bits(static_cast<uint64_t>(value), kBits[i]);
  }
  Prefixed(out, 0xff, 8, value, 64);
}

// The value of an XOR2 sample, where the code for time does not tell of it.
void WriteXor2Value(BitWriter& out, double value, uint64_t baseline, Window& window) {
  const auto bits = std::bit_cast<uint64_t>(value);
  if (IsStale(value)) return out.Bits(0b111, 3);
  if (bits == baseline) return out.Bits(0, 1);
  window.Write(out, bits ^ baseline, {0b10, 2}, {0b110, 3});
}

void WriteXor2Joint(BitWriter& out, int64_t dod, double value, uint64_t baseline, Window& window) {
  const auto bits = std::bit_cast<uint64_t>(value);
  if (dod == 0) {
    if (IsStale(value)) return out.Bits(0b11111, 5);
    if (bits == baseline) return out.Bits(0, 1);
    out.Bits(0b10, 2);
    return window.Write(out, bits ^ baseline, {0, 1}, {1, 1});
  }
  if (FitsTwosComplement(dod, 13)) {
    Prefixed(out, 0b110, 3, dod, 13);
  } else if (FitsTwosComplement(dod, 20)) {
    Prefixed(out, 0b1110, 4, dod, 20);
  } else {
    Prefixed(out, 0b11110, 5, dod, 64);
  }
  WriteXor2Value(out, value, baseline, window);
}

}  // namespace

std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
  return out + static_cast<char>(value);
}

std::string BytesField(int field, std::string_view bytes) {
  return Varint(static_cast<uint64_t>(field) << 3 | 2) + Varint(bytes.size()) + std::string(bytes);
}

std::string VarintField(int field, uint64_t value) {
  return Varint(static_cast<uint64_t>(field) << 3) + Varint(value);
}

std::string DoubleField(int field, double value) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &value, 8);
  return Varint(static_cast<uint64_t>(field) << 3 | 1) + bytes;
}

std::string LabelFields(const std::vector<Label>& labels) {
  std::string out;
  for (const Label& label : labels) {
    out += BytesField(1, BytesField(1, label.name) + BytesField(2, label.value));
  }
  return out;
}

std::string Frame(std::string_view payload) {
  const uint32_t crc = Crc32c(payload);
  std::string out = Varint(payload.size());
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(crc >> shift);
  return out + std::string(payload);
}

std::string XorChunk(const std::vector<Sample>& samples) {
  BitWriter out;
  Window window;
  int64_t delta = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto bits = std::bit_cast<uint64_t>(samples[i].value);
    if (i == 0) {
      out.Varint(samples[0].timestamp_ms);
      out.Bits(bits, 64);
      continue;
    }
    const int64_t next = samples[i].timestamp_ms - samples[i - 1].timestamp_ms;
    if (i == 1) {
      out.Uvarint(static_cast<uint64_t>(next));
    } else {
      WriteDeltaOfDelta(out, next - delta);
    }
    delta = next;
    const uint64_t difference = bits ^ std::bit_cast<uint64_t>(samples[i - 1].value);
    if (difference == 0) {
      out.Bits(0, 1);
    } else {
      window.Write(out, difference, {0b10, 2}, {0b11, 2});
    }
  }
  return CountHeader(samples.size()) + out.bytes();
}

std::string Xor2Chunk(const std::vector<Sample>& samples, const std::vector<int64_t>& starts) {
  BitWriter out;
  Window window;
  int64_t delta = 0, start_difference = 0;
  uint64_t baseline = 0;
  size_t starts_from = 0;  // the sample from which on start timestamps are written
  unsigned char header = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto [time, value] = samples[i];
    const int64_t start = starts.empty() ? 0 : starts[i];
    if (i == 0) {
      out.Varint(time);
      out.Bits(std::bit_cast<uint64_t>(value), 64);
      if (start != 0) {
        out.Varint(time - start);
        header |= 0x80;
      }
    } else {
      const int64_t next = time - samples[i - 1].timestamp_ms;
      if (i == 1) {
        out.Uvarint(static_cast<uint64_t>(next));
        WriteXor2Value(out, value, baseline, window);
      } else {
        WriteXor2Joint(out, next - delta, value, baseline, window);
      }
      delta = next;
      const int64_t difference = samples[i - 1].timestamp_ms - start;
      const bool changes = !starts.empty() && (start != starts[i - 1] || i == 127);
      if (starts_from == 0 && changes) {
        starts_from = i;
        header |= static_cast<unsigned char>(i);
        WriteVarbit(out, difference);
      } else if (starts_from > 0) {
        WriteVarbit(out, difference - start_difference);
      }
      start_difference = difference;
    }
    if (!IsStale(value)) baseline = std::bit_cast<uint64_t>(value);
  }
  return CountHeader(samples.size()) + static_cast<char>(header) + out.bytes();
}

std::string ChunkMessage(const std::vector<Sample>& samples, int type, std::string_view data) {
  return VarintField(1, static_cast<uint64_t>(samples.front().timestamp_ms)) +
         VarintField(2, static_cast<uint64_t>(samples.back().timestamp_ms)) +
         VarintField(3, static_cast<uint64_t>(type)) + BytesField(4, data);
}

}  // namespace sloburn::remote
