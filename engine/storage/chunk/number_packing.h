// SPDX-License-Identifier: Apache-2.0
// Small numbers side by side, in whole bits or as digits of a radix that is no power of two.
//
//   const PackingCode code = ...;                 // numbers < PackingLimit(code)
//   PackNumbers(code, numbers, size, out);        // appends PackedBytes(code, size)
//   UnpackNumbers(code, packed, size, numbers);
//
// A code from 0 to 64 is a width in bits: number i has bits i * width and following, the lowest
// first. Codes from 65 are radixes (kRadixes): as many digits as fit share a little-endian word of
// 64 bits, the last word has as few bytes as its digits need. With k digits, the first one the
// highest, of the value N, the word is N * 2^64 / radix^k rounded up (in a word of b bytes: 2^8b):
// a fraction of one. Multiplied by the radix its whole part is the first digit and what remains is
// the word of the other digits, so that a digit costs one multiplication. A radix of 40 takes 5.33
// bits where whole bits take 6.
// Threads: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sloburn::chunk {

using PackingCode = uint8_t;

inline constexpr PackingCode kFirstRadixCode = 65;

// The largest radix for each number of digits in 64 bits, where that saves bits.
inline constexpr std::array<uint8_t, 15> kRadixes = {3,  5,  6,  7,  9,  10, 11, 13,
                                                     19, 23, 30, 40, 56, 84, 138};

inline constexpr bool IsPackingCode(uint8_t code) {
  return code < kFirstRadixCode + kRadixes.size();
}

// Numbers must be below it; 0 stands for 2^64.
inline constexpr uint64_t PackingLimit(PackingCode code) {
  if (code >= kFirstRadixCode) return kRadixes[code - kFirstRadixCode];
  return code == 64 ? 0 : uint64_t{1} << code;
}

// Of all numbers, in bits.
double PackedBits(PackingCode code, size_t size);

// The code that packs numbers up to `largest` in the fewest bits.
PackingCode PackingFor(uint64_t largest);

// All codes for numbers below 256, those of fewer bits per number (and so of lower limits) first.
inline constexpr std::array<PackingCode, 24> kSmallCodes = {
    0, 1, 65, 2, 66, 67, 68, 3, 69, 70, 71, 72, 4, 73, 74, 75, 5, 76, 77, 6, 78, 7, 79, 8};

size_t PackedBytes(PackingCode code, size_t size);

void PackNumbers(PackingCode code, const uint64_t* numbers, size_t size, std::string& out);

// REQUIRES: kPackingPadding bytes can be read after the packed ones, and kUnpackedPadding numbers
// be overwritten after the last one.
inline constexpr size_t kPackingPadding = 32;
inline constexpr size_t kUnpackedPadding = 160;
void UnpackNumbers(PackingCode code, const char* packed, size_t size, uint64_t* numbers);

}  // namespace sloburn::chunk
