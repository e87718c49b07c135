// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/runs.h"

#include <numeric>

namespace sloburn::chunk {

std::vector<size_t> RunStarts(const uint64_t* elements, size_t size) {
  std::vector<size_t> starts;
  for (size_t i = 0; i < size; ++i) {
    if (i == 0 || elements[i] != elements[i - 1]) starts.push_back(i);
  }
  return starts;
}

void WriteRuns(const std::vector<size_t>& starts, size_t size, std::string& out) {
  ByteWriter writer(out);
  writer.Varint(starts.size());
  if (starts.size() == size) return;
  for (size_t run = 1; run < starts.size(); ++run) writer.Varint(starts[run] - starts[run - 1] - 1);
}

std::vector<size_t> ReadRuns(ByteReader& in, size_t size) {
  const uint64_t runs = in.Varint();
  if (runs == 0 || runs > size || (runs < size && runs - 1 > in.left())) {
    in.Fail();
    return {};
  }
  std::vector<size_t> starts(runs, 0);
  if (runs == size) {
    std::iota(starts.begin(), starts.end(), size_t{0});
    return starts;
  }
  for (size_t run = 1; run < runs; ++run) {
    const uint64_t length = in.Varint();
    if (in.failed() || length >= size - 1 - starts[run - 1]) {
      in.Fail();
      return {};
    }
    starts[run] = starts[run - 1] + length + 1;
  }
  return starts;
}

}  // namespace sloburn::chunk
