// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/time_codec.h"

#include <limits>
#include <vector>

#include "base/multiversion.h"
#include "engine/storage/chunk/integer_column.h"
#include "engine/storage/chunk/runs.h"

namespace sloburn::chunk {
namespace {

std::vector<uint64_t> Unsigned(const int64_t* numbers, size_t size) {
  return {numbers, numbers + size};
}

SLOBURN_MULTIVERSION bool IsIncreasing(const int64_t* timestamps, size_t size) {
  bool is_increasing = true;
  for (size_t i = 1; i < size; ++i) is_increasing &= timestamps[i - 1] < timestamps[i];
  return is_increasing;
}

SLOBURN_MULTIVERSION void FillRegular(RegularTimes times, size_t size, int64_t* timestamps) {
  auto time = static_cast<uint64_t>(times.first);
  for (size_t i = 0; i < size; ++i, time += times.interval) {
    timestamps[i] = static_cast<int64_t>(time);
  }
}

}  // namespace

SLOBURN_MULTIVERSION bool IsRegular(const int64_t* timestamps, size_t size) {
  if (size < 2) return true;
  const uint64_t interval =
      static_cast<uint64_t>(timestamps[1]) - static_cast<uint64_t>(timestamps[0]);
  uint64_t differing = 0;
  for (size_t i = 1; i < size; ++i) {
    differing |= (static_cast<uint64_t>(timestamps[i]) - static_cast<uint64_t>(timestamps[i - 1])) ^
                 interval;
  }
  return differing == 0;
}

void WriteTimes(const int64_t* timestamps, size_t size, bool is_regular, std::string& out) {
  if (!is_regular) {
    WriteColumn(Unsigned(timestamps, size).data(), size, 1, 2, out);
    return;
  }
  ByteWriter writer(out);
  writer.Signed(timestamps[0]);
  if (size < 2) return;
  writer.Varint(static_cast<uint64_t>(timestamps[1]) - static_cast<uint64_t>(timestamps[0]));
}

RegularTimes ReadRegularTimes(ByteReader& in, size_t size) {
  RegularTimes times{in.Signed(), 0};
  if (size < 2) return times;
  times.interval = in.Varint();
  const uint64_t room = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) -
                        static_cast<uint64_t>(times.first);
  if (times.interval == 0 || times.interval > room / (size - 1)) in.Fail();
  return times;
}

void ReadTimes(ByteReader& in, size_t size, bool is_regular, int64_t* timestamps) {
  if (is_regular) {
    const RegularTimes times = ReadRegularTimes(in, size);
    if (!in.failed()) FillRegular(times, size, timestamps);
    return;
  }
  ReadColumn(in, size, timestamps, [](uint64_t time) { return static_cast<int64_t>(time); });
  if (!in.failed() && !IsIncreasing(timestamps, size)) in.Fail();
}

void WriteStarts(const int64_t* starts, size_t size, std::string& out) {
  const std::vector<uint64_t> numbers = Unsigned(starts, size);
  const std::vector<size_t> runs = RunStarts(numbers.data(), size);
  WriteRuns(runs, size, out);
  std::vector<uint64_t> heads(runs.size());
  for (size_t run = 0; run < runs.size(); ++run) heads[run] = numbers[runs[run]];
  WriteColumn(heads.data(), heads.size(), 0, 1, out);
}

void ReadStarts(ByteReader& in, size_t size, int64_t* starts) {
  const std::vector<size_t> runs = ReadRuns(in, size);
  if (in.failed()) return;
  ReadColumn(in, runs.size(), starts, [](uint64_t start) { return static_cast<int64_t>(start); });
  if (!in.failed()) ExpandRuns(runs, size, starts);
}

}  // namespace sloburn::chunk
