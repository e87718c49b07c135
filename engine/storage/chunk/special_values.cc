// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/special_values.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "engine/storage/chunk/integer_column.h"

namespace sloburn::chunk {
namespace {

// Of patterns that differ a lot only the newest are looked at: alike ones come close together.
constexpr size_t kRemembered = 8;

}  // namespace

void SpecialValues::Add(size_t position, double value) {
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  const size_t oldest = patterns_.size() - std::min(patterns_.size(), kRemembered);
  size_t index = patterns_.size();
  while (index > oldest && patterns_[index - 1] != bits) --index;
  if (index > oldest) {
    --index;
  } else {
    index = patterns_.size();
    patterns_.push_back(bits);
  }
  gaps_.push_back(position - next_);
  indexes_.push_back(index);
  next_ = position + 1;
}

void SpecialValues::Write(std::string& out) const {
  ByteWriter writer(out);
  writer.Varint(gaps_.size());
  if (gaps_.empty()) return;
  writer.Varint(patterns_.size());
  for (const uint64_t pattern : patterns_) writer.Word(pattern);
  WriteColumn(gaps_.data(), gaps_.size(), 0, 0, out);
  if (patterns_.size() > 1) WriteColumn(indexes_.data(), indexes_.size(), 0, 0, out);
}

void SpecialValues::Read(ByteReader& in, size_t size) {
  const uint64_t count = in.Varint();
  if (count == 0) return;
  const uint64_t patterns = in.Varint();
  if (count > size || patterns == 0 || patterns > count ||
      patterns > in.left() / sizeof(uint64_t)) {
    return in.Fail();
  }
  for (uint64_t i = 0; i < patterns; ++i) patterns_.push_back(in.Word());
  gaps_.resize(count);
  indexes_.assign(count, 0);
  ReadColumn(in, count, gaps_.data(), std::identity());
  if (patterns > 1) ReadColumn(in, count, indexes_.data(), std::identity());
  if (in.failed()) return;
  size_t next = 0;
  for (size_t i = 0; i < count; ++i) {
    if (next >= size || gaps_[i] >= size - next || indexes_[i] >= patterns) return in.Fail();
    next += gaps_[i] + 1;
  }
}

void SpecialValues::Apply(double* values) const {
  size_t next = 0;
  for (size_t i = 0; i < gaps_.size(); ++i) {
    next += gaps_[i];
    values[next++] = std::bit_cast<double>(patterns_[indexes_[i]]);
  }
}

}  // namespace sloburn::chunk
