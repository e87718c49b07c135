// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/runs.h"

#include <functional>
#include <numeric>

#include "engine/storage/chunk/integer_column.h"

namespace sloburn::chunk {

std::vector<size_t> RunStarts(const uint64_t* elements, size_t size) {
  std::vector<size_t> starts;
  for (size_t i = 0; i < size; ++i) {
    if (i == 0 || elements[i] != elements[i - 1]) starts.push_back(i);
  }
  return starts;
}

void WriteRuns(const std::vector<size_t>& starts, size_t size, std::string& out) {
  ByteWriter(out).Varint(starts.size());
  if (starts.size() == 1 || starts.size() == size) return;
  std::vector<uint64_t> lengths(starts.size() - 1);
  for (size_t run = 0; run < lengths.size(); ++run) lengths[run] = starts[run + 1] - starts[run];
  WriteColumn(lengths.data(), lengths.size(), 0, 0, out);
}

std::vector<size_t> ReadRuns(ByteReader& in, size_t size) {
  const uint64_t runs = in.Varint();
  if (runs == 0 || runs > size) in.Fail();
  if (in.failed()) return {};
  std::vector<size_t> starts(runs, 0);
  if (runs == size) {
    std::iota(starts.begin(), starts.end(), size_t{0});
    return starts;
  }
  if (runs > 1) ReadColumn(in, runs - 1, starts.data() + 1, std::identity());
  for (size_t run = 1; run < runs; ++run) {
    const size_t length = starts[run];
    if (in.failed() || length == 0 || length >= size - starts[run - 1]) {
      in.Fail();
      return {};
    }
    starts[run] = starts[run - 1] + length;
  }
  return starts;
}

}  // namespace sloburn::chunk
