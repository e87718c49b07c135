// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/number_packing.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sloburn::chunk {
namespace {

__extension__ using Uint128 = unsigned __int128;

constexpr size_t kMaxDigits = 40;  // of radix 3

struct Radix {
  uint64_t radix = 0;
  size_t digits_per_word = 0;
  std::array<uint64_t, kMaxDigits + 1> powers{};
  std::array<uint8_t, kMaxDigits + 1> bytes{};  // for so many digits in the last word
  Uint128 reciprocal = 0;                       // 2^128 / the power of a whole word, less 1 at most
};

constexpr Radix MakeRadix(uint64_t radix) {
  Radix result;
  result.radix = radix;
  Uint128 power = 1;
  for (size_t digits = 0; digits <= kMaxDigits && power <= Uint128{1} << 64; ++digits) {
    result.digits_per_word = digits;
    result.powers[digits] = static_cast<uint64_t>(power);
    while (Uint128{1} << (8 * result.bytes[digits]) < power) ++result.bytes[digits];
    power *= radix;
  }
  result.reciprocal = ~Uint128{0} / result.powers[result.digits_per_word];
  return result;
}

constexpr auto MakeRadixes() {
  std::array<Radix, kRadixes.size()> result;
  for (size_t i = 0; i < kRadixes.size(); ++i) result[i] = MakeRadix(kRadixes[i]);
  return result;
}

constexpr std::array<Radix, kRadixes.size()> kTable = MakeRadixes();

const Radix& RadixOf(PackingCode code) { return kTable[code - kFirstRadixCode]; }

// ceil(number * 2^64 / power of a whole word), for divisions of 128 bits are slow: at most 2 more
// than what the reciprocal gives.
uint64_t WholeWord(const Radix& radix, uint64_t number) {
  const uint64_t power = radix.powers[radix.digits_per_word];
  const auto high = static_cast<uint64_t>(radix.reciprocal >> 64);
  const auto low = static_cast<uint64_t>(radix.reciprocal);
  uint64_t word = number * high + static_cast<uint64_t>(Uint128{number} * low >> 64);
  while (Uint128{word} * power < Uint128{number} << 64) ++word;
  return word;
}

// The fraction of 2^(8 bytes) that `size` digits make.
uint64_t FractionOf(const Radix& radix, const uint64_t* digits, size_t size, size_t bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < size; ++i) number = number * radix.radix + digits[i];
  if (size == radix.digits_per_word) return WholeWord(radix, number);
  const uint64_t power = radix.powers[size];
  return static_cast<uint64_t>(((Uint128{number} << (8 * bytes)) + power - 1) / power);
}

void PackDigits(const Radix& radix, const uint64_t* digits, size_t size, std::string& out) {
  while (size > 0) {
    const size_t count = std::min(size, radix.digits_per_word);
    const size_t bytes = radix.bytes[count];
    const uint64_t word = FractionOf(radix, digits, count, bytes);
    out.append(reinterpret_cast<const char*>(&word), bytes);
    digits += count;
    size -= count;
  }
}

inline uint64_t NextDigit(uint64_t& word, uint64_t radix) {
  const Uint128 product = Uint128{word} * radix;
  word = static_cast<uint64_t>(product);
  return static_cast<uint64_t>(product >> 64);
}

// Words four at a time, for in each the multiplications wait for one another; those beyond the
// numbers end in the padding.
void UnpackDigits(const Radix& radix, const char* packed, size_t size, uint64_t* numbers) {
  const size_t per_word = radix.digits_per_word, full = size / per_word;
  const size_t last_bytes = radix.bytes[size % per_word];
  for (size_t at = 0; at * per_word < size; at += 4) {
    uint64_t words[4];
    std::memcpy(words, packed + at * sizeof(uint64_t), sizeof words);
    if (full < at + 4 && last_bytes > 0) words[full - at] <<= 64 - 8 * last_bytes;
    uint64_t a = words[0], b = words[1], c = words[2], d = words[3];
    uint64_t* const to = numbers + at * per_word;
    for (size_t i = 0; i < per_word; ++i) {
      to[i] = NextDigit(a, radix.radix);
      to[i + per_word] = NextDigit(b, radix.radix);
      to[i + 2 * per_word] = NextDigit(c, radix.radix);
      to[i + 3 * per_word] = NextDigit(d, radix.radix);
    }
  }
}

static_assert(kUnpackedPadding >= 4 * kMaxDigits && kPackingPadding >= 4 * sizeof(uint64_t));

void PackBits(int width, const uint64_t* numbers, size_t size, std::string& out) {
  const size_t begin = out.size(), bytes = (size * width + 7) / 8;
  out.resize(begin + bytes);
  char* to = out.data() + begin;
  uint64_t word = 0;
  int used = 0;
  for (size_t i = 0; i < size; ++i) {
    word |= numbers[i] << used;
    used += width;
    if (used < 64) continue;
    std::memcpy(to, &word, sizeof word);
    to += sizeof word;
    used -= 64;
    word = used == 0 ? 0 : numbers[i] >> (width - used);
  }
  std::memcpy(to, &word, static_cast<size_t>(used + 7) / 8);
}

void UnpackBits(int width, const char* packed, size_t size, uint64_t* numbers) {
  const uint64_t mask = ~uint64_t{0} >> (64 - width);
  size_t bit = 0;
  if (width <= 57) {
    for (size_t i = 0; i < size; ++i, bit += width) {
      uint64_t word;
      std::memcpy(&word, packed + bit / 8, sizeof word);
      numbers[i] = word >> (bit % 8) & mask;
    }
    return;
  }
  for (size_t i = 0; i < size; ++i, bit += width) {
    uint64_t word;
    std::memcpy(&word, packed + bit / 8, sizeof word);
    const uint64_t next = static_cast<uint8_t>(packed[bit / 8 + sizeof word]);
    const size_t shift = bit % 8;
    numbers[i] = (word >> shift | (shift == 0 ? 0 : next << (64 - shift))) & mask;
  }
}

}  // namespace

double PackedBits(PackingCode code, size_t size) {
  const auto numbers = static_cast<double>(size);
  if (code < kFirstRadixCode) return numbers * code;
  return numbers * 64 / static_cast<double>(RadixOf(code).digits_per_word);
}

PackingCode PackingFor(uint64_t largest) {
  for (const PackingCode code : kSmallCodes) {
    if (largest < PackingLimit(code)) return code;
  }
  return static_cast<PackingCode>(std::bit_width(largest));
}

size_t PackedBytes(PackingCode code, size_t size) {
  if (code < kFirstRadixCode) return (size * code + 7) / 8;
  const Radix& radix = RadixOf(code);
  return size / radix.digits_per_word * 8 + radix.bytes[size % radix.digits_per_word];
}

void PackNumbers(PackingCode code, const uint64_t* numbers, size_t size, std::string& out) {
  if (code >= kFirstRadixCode) {
    PackDigits(RadixOf(code), numbers, size, out);
  } else if (code > 0) {
    PackBits(code, numbers, size, out);
  }
}

void UnpackNumbers(PackingCode code, const char* packed, size_t size, uint64_t* numbers) {
  if (code >= kFirstRadixCode) {
    UnpackDigits(RadixOf(code), packed, size, numbers);
  } else if (code > 0) {
    UnpackBits(code, packed, size, numbers);
  } else {
    std::fill_n(numbers, size, 0);
  }
}

}  // namespace sloburn::chunk
