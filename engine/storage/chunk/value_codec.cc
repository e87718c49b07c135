// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/value_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "base/multiversion.h"
#include "engine/storage/chunk/integer_column.h"
#include "engine/storage/chunk/runs.h"
#include "engine/storage/chunk/scaled_integers.h"
#include "engine/storage/chunk/special_values.h"

namespace sloburn::chunk {
namespace {

constexpr uint8_t kHasSigns = 0x80;
constexpr uint64_t kSign = uint64_t{1} << 63;
// On average, from which runs are shorter than columns.
constexpr size_t kRunOfIntegers = 8, kRunOfOthers = 2;

SLOBURN_MULTIVERSION size_t CountChanges(const double* values, size_t size) {
  size_t changes = 0;
  for (size_t i = 1; i < size; ++i) {
    changes += std::bit_cast<uint64_t>(values[i]) != std::bit_cast<uint64_t>(values[i - 1]);
  }
  return changes;
}

void WriteConstant(double value, std::string& out) {
  ByteWriter writer(out);
  const bool is_small = std::fabs(value) < 0x1p53;
  const int64_t integer = is_small ? static_cast<int64_t>(value) : 0;
  if (is_small &&
      std::bit_cast<uint64_t>(static_cast<double>(integer)) == std::bit_cast<uint64_t>(value)) {
    writer.Varint(ZigZag(integer) << 1);
  } else {
    writer.Byte(1);
    writer.Word(std::bit_cast<uint64_t>(value));
  }
}

double ReadConstant(ByteReader& in) {
  const uint64_t number = in.Varint();
  if (number == 1) return std::bit_cast<double>(in.Word());
  if ((number & 1) != 0) in.Fail();
  return static_cast<double>(UnZigZag(number >> 1));
}

ValueCodec WriteColumnOf(const double* values, size_t size, bool only_integers, std::string& out);

void WriteValueRuns(const double* values, size_t size, std::string& out) {
  std::vector<size_t> starts;
  for (size_t i = 0; i < size; ++i) {
    if (i == 0 || std::bit_cast<uint64_t>(values[i]) != std::bit_cast<uint64_t>(values[i - 1])) {
      starts.push_back(i);
    }
  }
  WriteRuns(starts, size, out);
  std::vector<double> heads(starts.size());
  for (size_t run = 0; run < starts.size(); ++run) heads[run] = values[starts[run]];
  const size_t codec_at = out.size();
  out.push_back(0);
  out[codec_at] = static_cast<char>(WriteColumnOf(heads.data(), heads.size(), false, out));
}

void ReadValueRuns(ByteReader& in, size_t size, double* values) {
  const std::vector<size_t> starts = ReadRuns(in, size);
  const uint8_t codec = in.Byte();
  const bool is_column = IsValueCodec(codec) && ValueCodec{codec} != ValueCodec::kRuns;
  if (!is_column) in.Fail();
  if (in.failed()) return;
  ReadValues(ValueCodec{codec}, in, starts.size(), starts.size(), values);
  if (!in.failed()) ExpandRuns(starts, size, values);
}

void WriteInteger(ScaledIntegers& scaled, std::string& out) {
  uint64_t all = 0;
  for (const uint64_t integer : scaled.integers) all |= integer;
  const int shift = all == 0 ? 0 : std::countr_zero(all);
  if (shift > 0) {
    for (uint64_t& integer : scaled.integers) {
      integer = static_cast<uint64_t>(static_cast<int64_t>(integer) >> shift);
    }
  }
  ByteWriter(out).Byte(static_cast<uint8_t>(shift));
  scaled.specials.Write(out);
  WriteColumn(scaled.integers.data(), scaled.integers.size(), 0, 1, out);
}

inline double ToDouble(uint64_t integer) {
  return static_cast<double>(static_cast<int64_t>(integer));
}

void ReadInteger(ByteReader& in, size_t size, size_t wanted, double* values) {
  const uint8_t shift = in.Byte();
  if (shift > 63) return in.Fail();
  SpecialValues specials;
  specials.Read(in, size);
  if (shift == 0) {
    ReadColumn(
        in, size, values, [](uint64_t number) { return ToDouble(number); }, wanted);
  } else {
    const auto shifted = [shift](uint64_t number) { return ToDouble(number << shift); };
    ReadColumn(in, size, values, shifted, wanted);
  }
  if (!in.failed()) specials.Apply(values);
}

void WriteDecimal(const ScaledIntegers& scaled, std::string& out) {
  ByteWriter(out).Byte(static_cast<uint8_t>(scaled.digits));
  scaled.specials.Write(out);
  WriteColumn(scaled.integers.data(), scaled.integers.size(), 0, 1, out);
}

void ReadDecimal(ByteReader& in, size_t size, size_t wanted, double* values) {
  const uint8_t digits = in.Byte();
  if (digits > kMaxDecimals) return in.Fail();
  const double power = kPowersOf10[digits];
  SpecialValues specials;
  specials.Read(in, size);
  const auto scaled = [power](uint64_t number) { return ToDouble(number) / power; };
  ReadColumn(in, size, values, scaled, wanted);
  if (!in.failed()) specials.Apply(values);
}

void WriteBits(const double* values, size_t size, std::string& out) {
  std::vector<uint64_t> patterns(size);
  uint64_t all = 0;
  for (size_t i = 0; i < size; ++i) all |= patterns[i] = std::bit_cast<uint64_t>(values[i]);
  // Of signs that differ, the lowest bit costs least; numbers are signed to the column.
  const bool has_signs = (all & kSign) != 0;
  const int shift = all << 1 == 0 ? 0 : std::countr_zero(all);
  for (uint64_t& pattern : patterns) {
    pattern = has_signs ? (pattern & ~kSign) >> shift << 1 | pattern >> 63 : pattern >> shift;
  }
  ByteWriter(out).Byte(static_cast<uint8_t>(has_signs ? shift | kHasSigns : shift));
  WriteColumn(patterns.data(), size, 0, 1, out);
}

void ReadBits(ByteReader& in, size_t size, size_t wanted, double* values) {
  const uint8_t header = in.Byte();
  const bool has_signs = (header & kHasSigns) != 0;
  const int shift = header & ~kHasSigns;
  if (shift > 63) return in.Fail();
  const auto value_of = [=](uint64_t number) {
    return std::bit_cast<double>(has_signs ? (number >> 1 << shift & ~kSign) | number << 63
                                           : number << shift);
  };
  ReadColumn(in, size, values, value_of, wanted);
}

// With `only_integers`, writes no others and says that these are for runs.
ValueCodec WriteColumnOf(const double* values, size_t size, bool only_integers, std::string& out) {
  if (auto integers = ScaleBy(values, size, 0)) {
    WriteInteger(*integers, out);
    return ValueCodec::kInteger;
  }
  if (only_integers) return ValueCodec::kRuns;
  if (const auto digits = CommonDigits(values, size); digits && *digits > 0) {
    if (const auto decimals = ScaleBy(values, size, *digits)) {
      WriteDecimal(*decimals, out);
      return ValueCodec::kDecimal;
    }
  }
  WriteBits(values, size, out);
  return ValueCodec::kBits;
}

}  // namespace

std::string_view CodecName(ValueCodec codec) {
  switch (codec) {
    case ValueCodec::kConstant:
      return "constant";
    case ValueCodec::kRuns:
      return "runs";
    case ValueCodec::kInteger:
      return "integer";
    case ValueCodec::kDecimal:
      return "decimal";
    case ValueCodec::kBits:
      return "bits";
  }
  return "";
}

ValueCodec WriteValues(const double* values, size_t size, std::string& out) {
  const size_t changes = CountChanges(values, size);
  if (changes == 0) {
    WriteConstant(values[0], out);
    return ValueCodec::kConstant;
  }
  const size_t run_length = size / (changes + 1);
  if (run_length < kRunOfIntegers) {
    const ValueCodec codec = WriteColumnOf(values, size, run_length >= kRunOfOthers, out);
    if (codec != ValueCodec::kRuns) return codec;
  }
  WriteValueRuns(values, size, out);
  return ValueCodec::kRuns;
}

void ReadValues(ValueCodec codec, ByteReader& in, size_t size, size_t wanted, double* values) {
  switch (codec) {
    case ValueCodec::kConstant:
      std::fill_n(values, size, ReadConstant(in));
      return;
    case ValueCodec::kRuns:
      return ReadValueRuns(in, size, values);
    case ValueCodec::kInteger:
      return ReadInteger(in, size, wanted, values);
    case ValueCodec::kDecimal:
      return ReadDecimal(in, size, wanted, values);
    case ValueCodec::kBits:
      return ReadBits(in, size, wanted, values);
  }
}

}  // namespace sloburn::chunk
