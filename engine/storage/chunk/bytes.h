// SPDX-License-Identifier: Apache-2.0
// The bytes of a chunk, written and read in order.
//
//   ByteWriter out(text);  out.Varint(3);
//   ByteReader in(text);   in.Varint();  if (in.failed()) ...
//
// Past the end or at a malformed number the reader gives zeros and remembers that it failed, so
// that callers look once per part. Both point to the caller's bytes. Threads: plain values.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sloburn::chunk {

static_assert(std::endian::native == std::endian::little, "words are stored as little-endian");

// Signed numbers of few bits as unsigned ones: 0, -1, 1, -2 ... become 0, 1, 2, 3 ...
inline uint64_t ZigZag(int64_t number) {
  return static_cast<uint64_t>(number) << 1 ^ static_cast<uint64_t>(number >> 63);
}
inline int64_t UnZigZag(uint64_t number) {
  return static_cast<int64_t>(number >> 1 ^ (0 - (number & 1)));
}

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void Byte(uint8_t byte) { out_.push_back(static_cast<char>(byte)); }

  void Varint(uint64_t number) {
    for (; number >= 0x80; number >>= 7) Byte(static_cast<uint8_t>(number | 0x80));
    Byte(static_cast<uint8_t>(number));
  }
  void Signed(int64_t number) { Varint(ZigZag(number)); }

  // The lowest `size` bytes, at most 8.
  void Word(uint64_t word, size_t size = sizeof(uint64_t)) {
    out_.append(reinterpret_cast<const char*>(&word), size);
  }

 private:
  std::string& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  size_t left() const { return bytes_.size(); }
  const char* data() const { return bytes_.data(); }

  uint8_t Byte() {
    if (!Has(1)) return 0;
    const auto byte = static_cast<uint8_t>(bytes_[0]);
    bytes_.remove_prefix(1);
    return byte;
  }

  uint64_t Varint() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint64_t byte = Byte();
      if (shift == 63 && byte > 1) break;
      number |= (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return number;
    }
    Fail();
    return 0;
  }
  int64_t Signed() { return UnZigZag(Varint()); }

  uint64_t Word() {
    uint64_t word = 0;
    if (!Has(sizeof word)) return 0;
    std::memcpy(&word, bytes_.data(), sizeof word);
    bytes_.remove_prefix(sizeof word);
    return word;
  }

  void Fail() {
    failed_ = true;
    bytes_ = {};
  }

  void Skip(size_t size) {
    if (Has(size)) bytes_.remove_prefix(size);
  }

 private:
  bool Has(size_t size) {
    if (bytes_.size() >= size) return true;
    Fail();
    return false;
  }

  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace sloburn::chunk
