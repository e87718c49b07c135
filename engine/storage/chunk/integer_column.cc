// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/integer_column.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/multiversion.h"

namespace sloburn::chunk {
namespace {

constexpr uint8_t kHasExceptions = 0x80;
constexpr int kMostOrder = 2;
// Numbers whose range tells what an order costs, and from where to where.
constexpr size_t kSpan = 64, kSpanDistance = 128;

// The logarithm to base 2, linear between powers of it.
double RoughLog2(uint64_t number) {
  const uint64_t bits = std::bit_cast<uint64_t>(static_cast<double>(number));
  return static_cast<double>(bits >> 32) * 0x1p-20 - 1023;
}

// numbers[i] and what differences of order 0 to 2 end there.
struct Differences {
  int64_t of_order[kMostOrder + 1];
};
inline Differences DifferencesAt(const uint64_t* at) {
  const uint64_t delta = at[0] - at[-1], before = at[-1] - at[-2];
  return {static_cast<int64_t>(at[0]), static_cast<int64_t>(delta),
          static_cast<int64_t>(delta - before)};
}

struct Ranges {
  uint64_t of_order[kMostOrder + 1];
};

SLOBURN_MULTIVERSION Ranges RangesOf(const uint64_t* numbers, size_t size) {
  int64_t min0 = std::numeric_limits<int64_t>::max(), min1 = min0, min2 = min0;
  int64_t max0 = std::numeric_limits<int64_t>::min(), max1 = max0, max2 = max0;
  for (size_t i = 0; i < size; ++i) {
    const auto [d0, d1, d2] = DifferencesAt(numbers + i).of_order;
    min0 = d0 < min0 ? d0 : min0;
    max0 = d0 > max0 ? d0 : max0;
    min1 = d1 < min1 ? d1 : min1;
    max1 = d1 > max1 ? d1 : max1;
    min2 = d2 < min2 ? d2 : min2;
    max2 = d2 > max2 ? d2 : max2;
  }
  const auto width = [](int64_t min, int64_t max) {
    return static_cast<uint64_t>(max) - static_cast<uint64_t>(min);
  };
  return {{width(min0, max0), width(min1, max1), width(min2, max2)}};
}

// By the ranges of short spans, in which the rare outliers of every order stay.
int ChooseOrder(const uint64_t* numbers, size_t size, int least, int most) {
  if (least == most || size <= static_cast<size_t>(kMostOrder)) return least;
  std::array<double, kMostOrder + 1> bits{};
  for (size_t at = kMostOrder; at < size; at += kSpanDistance) {
    const size_t count = std::min(kSpan, size - at);
    const Ranges ranges = RangesOf(numbers + at, count);
    for (int order = least; order <= most; ++order) {
      const uint64_t width = ranges.of_order[order];
      bits[order] +=
          static_cast<double>(count) * RoughLog2(width == ~uint64_t{0} ? width : width + 1);
    }
  }
  int best = least;
  for (int order = least + 1; order <= most; ++order) {
    if (bits[order] < bits[best]) best = order;
  }
  return best;
}

SLOBURN_MULTIVERSION void TakeDifferences(const uint64_t* from, size_t size, int order,
                                          uint64_t* differences) {
  if (order == 0) {
    std::copy_n(from, size, differences);
  } else if (order == 1) {
    for (size_t i = 0; i < size; ++i) differences[i] = from[i] - *(from + i - 1);
  } else {
    for (size_t i = 0; i < size; ++i) {
      differences[i] = static_cast<uint64_t>(DifferencesAt(from + i).of_order[2]);
    }
  }
}

uint64_t ExcessOf(uint64_t number, const BlockLayout& layout) {
  const uint64_t distance = number - layout.base;
  const bool is_below = static_cast<int64_t>(distance) < 0;
  return ZigZag(static_cast<int64_t>(is_below ? distance : distance - PackingLimit(layout.code)));
}

uint64_t FromExcess(uint64_t excess, PackingCode code) {
  const int64_t distance = UnZigZag(excess);
  return static_cast<uint64_t>(distance) + (distance < 0 ? 0 : PackingLimit(code));
}

struct Exceptions {
  size_t size = 0;
  BlockNumbers gaps, excesses;
};

void WritePacked(const uint64_t* numbers, size_t size, std::string& out) {
  const PackingCode code = PackingFor(*std::max_element(numbers, numbers + size));
  ByteWriter(out).Byte(code);
  PackNumbers(code, numbers, size, out);
}

// The numbers that are left to be packed have a 0 in place of each exception.
void TakeExceptions(const BlockLayout& layout, uint64_t* numbers, size_t size,
                    Exceptions& exceptions) {
  size_t next = 0;  // after the last exception
  for (size_t i = 0; i < size; ++i) {
    if (layout.Packs(numbers[i])) {
      numbers[i] -= layout.base;
      continue;
    }
    exceptions.gaps[exceptions.size] = i - next;
    exceptions.excesses[exceptions.size++] = ExcessOf(numbers[i], layout);
    numbers[i] = 0;
    next = i + 1;
  }
}

// Changes `numbers`.
void WriteBlock(uint64_t* numbers, size_t size, std::string& out) {
  const BlockLayout layout = ChooseLayout(numbers, size);
  ByteWriter writer(out);
  writer.Signed(static_cast<int64_t>(layout.base));
  if (!layout.may_have_exceptions) {
    writer.Byte(layout.code);
    for (size_t i = 0; i < size; ++i) numbers[i] -= layout.base;
    return PackNumbers(layout.code, numbers, size, out);
  }
  Exceptions exceptions;
  TakeExceptions(layout, numbers, size, exceptions);
  writer.Byte(exceptions.size == 0 ? layout.code : layout.code | kHasExceptions);
  PackNumbers(layout.code, numbers, size, out);
  if (exceptions.size == 0) return;
  writer.Byte(static_cast<uint8_t>(exceptions.size - 1));
  WritePacked(exceptions.gaps.data(), exceptions.size, out);
  WritePacked(exceptions.excesses.data(), exceptions.size, out);
}

bool Unpack(ByteReader& in, uint8_t code, size_t size, BlockNumbers& numbers) {
  if (!IsPackingCode(code)) return false;
  const size_t bytes = PackedBytes(code, size);
  if (bytes > in.left()) return false;
  if (in.left() >= bytes + kPackingPadding) {
    UnpackNumbers(code, in.data(), size, numbers.data());
  } else {
    char padded[kBlockSize * sizeof(uint64_t) + kPackingPadding] = {};
    if (bytes > 0) std::memcpy(padded, in.data(), bytes);
    UnpackNumbers(code, padded, size, numbers.data());
  }
  in.Skip(bytes);
  return true;
}

bool ReadExceptions(ByteReader& in, PackingCode code, size_t size, BlockNumbers& numbers) {
  const size_t count = size_t{in.Byte()} + 1;
  if (count > size) return false;
  Exceptions exceptions;
  if (!Unpack(in, in.Byte(), count, exceptions.gaps)) return false;
  if (!Unpack(in, in.Byte(), count, exceptions.excesses)) return false;
  size_t at = 0;
  for (size_t i = 0; i < count; ++i, ++at) {
    if (at >= size || exceptions.gaps[i] >= size - at) return false;
    at += exceptions.gaps[i];
    numbers[at] = FromExcess(exceptions.excesses[i], code);
  }
  return true;
}

}  // namespace

void WriteColumn(const uint64_t* numbers, size_t size, int least_order, int most_order,
                 std::string& out) {
  const int order = ChooseOrder(numbers, size, least_order, most_order);
  ByteWriter writer(out);
  writer.Byte(static_cast<uint8_t>(order));
  const size_t firsts = std::min(size, static_cast<size_t>(order));
  for (size_t i = 0; i < firsts; ++i) writer.Signed(static_cast<int64_t>(numbers[i]));
  uint64_t block[kBlockSize];
  for (size_t at = firsts; at < size; at += kBlockSize) {
    const size_t count = std::min(kBlockSize, size - at);
    TakeDifferences(numbers + at, count, order, block);
    WriteBlock(block, count, out);
  }
}

namespace internal {

ColumnHead ReadColumnHead(ByteReader& in, size_t size) {
  ColumnHead head;
  head.order = in.Byte();
  if (head.order > kMostOrder) in.Fail();
  if (in.failed()) return head;
  head.firsts = std::min(size, static_cast<size_t>(head.order));
  for (size_t i = 0; i < head.firsts; ++i) head.first[i] = static_cast<uint64_t>(in.Signed());
  return head;
}

bool ReadBlock(ByteReader& in, size_t size, uint64_t& base, BlockNumbers& numbers) {
  base = static_cast<uint64_t>(in.Signed());
  const uint8_t code = in.Byte();
  const PackingCode packing = code & ~kHasExceptions;
  bool is_good = !in.failed() && Unpack(in, packing, size, numbers);
  if (is_good && (code & kHasExceptions) != 0) is_good = ReadExceptions(in, packing, size, numbers);
  if (!is_good) in.Fail();
  return is_good;
}

}  // namespace internal
}  // namespace sloburn::chunk
