// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/summary_vs_scan_case.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "engine/engine.h"
#include "engine/model/stale.h"
#include "engine/result_difference.h"
#include "engine/storage/memory_storage.h"
#include "tests/fuzz/query_generator.h"

namespace sloburn {
namespace {

using ChunkSummaries = engine::PlanOptions::ChunkSummaries;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr int64_t kFirstMs = 1'700'000'000'000;

constexpr std::array kFunctions = {"increase",
                                   "rate",
                                   "delta",
                                   "resets",
                                   "changes",
                                   "count_over_time",
                                   "present_over_time",
                                   "sum_over_time",
                                   "avg_over_time",
                                   "min_over_time",
                                   "max_over_time",
                                   "stddev_over_time",
                                   "stdvar_over_time",
                                   "first_over_time",
                                   "last_over_time",
                                   "ts_of_first_over_time",
                                   "ts_of_last_over_time",
                                   "ts_of_min_over_time",
                                   "ts_of_max_over_time"};

// How the values of a series follow each other.
class Values {
 public:
  Values(size_t kind, std::mt19937& random) : kind_(kind), random_(random) {}
  static constexpr size_t kKinds = 8;

  double Next() {
    switch (kind_) {
      case 0:  // a counter of events
        return value_ = Chance(0.01) ? random_() % 3 : value_ + random_() % 9;
      case 1:  // of seconds
        return value_ = Chance(0.01) ? Uniform() : value_ + Uniform() * 17;
      case 2:
        return value_ = value_ > 10 ? 0 : value_ + 1;  // resets all the time
      case 3:
        return 1e9 + std::normal_distribution<>(0, 3)(random_);
      case 4:
        return std::normal_distribution<>(0, 3)(random_);  // sums cancel out
      case 5:
        return value_ = Chance(0.1) ? Uniform() : value_;
      case 6:
        return std::ldexp(Uniform() - 0.5, static_cast<int>(random_() % 2000) - 1000);
      default:
        return Special();
    }
  }

 private:
  bool Chance(double p) { return Uniform() < p; }
  double Uniform() { return std::uniform_real_distribution<>(0, 1)(random_); }

  double Special() {
    constexpr double kValues[] = {0, -0.0, 1, -1, 5e-324, 1.7e308, -1.7e308, kInf, -kInf};
    return Chance(0.2) ? NormalNan() : kValues[random_() % std::size(kValues)];
  }

  const size_t kind_;
  std::mt19937& random_;
  double value_ = 0;
};

MemoryStorageOptions StorageOptionsOf(ByteSource& bytes) {
  constexpr size_t kChunkSamples[] = {1, 2, 3, 7, 16, 40, 1024};
  MemoryStorageOptions options;
  options.chunks = ChunkSizes::Of(kChunkSamples[bytes.Pick(std::size(kChunkSamples))]);
  if (bytes.Flip()) options.out_of_order_window = absl::Minutes(2);
  if (bytes.Pick(4) == 3) options.retention = absl::Minutes(30);
  return options;
}

uint32_t SeedOf(ByteSource& bytes) {
  uint32_t seed = 0;
  for (int i = 0; i < 4; ++i) seed = seed << 8 | static_cast<uint32_t>(bytes.Pick(256));
  return seed;
}

// The one series of a case. Its times are remembered, for windows that end at and beside samples.
class Series {
 public:
  explicit Series(ByteSource& bytes)
      : random_(SeedOf(bytes)),
        storage_(StorageOptionsOf(bytes)),
        values_(bytes.Pick(Values::kKinds), random_),
        step_ms_(bytes.Pick(4) == 3 ? 1 : 15'000),
        has_gaps_(bytes.Flip()),
        has_markers_(bytes.Flip()),
        has_late_(bytes.Flip()) {
    constexpr size_t kSizes[] = {3, 40, 150, 150, 400, 400, 400, 3000};
    const size_t size = 1 + random_() % kSizes[bytes.Pick(std::size(kSizes))];
    while (times_.size() < size) AppendCommit(size);
    std::sort(times_.begin(), times_.end());
  }

  const Storage& storage() const { return storage_; }
  // At a sample, a millisecond beside one, between two, or outside.
  int64_t AnyTime() {
    const int64_t at = times_[random_() % times_.size()];
    switch (random_() % 6) {
      case 0:
        return at;
      case 1:
        return at - 1;
      case 2:
        return at + 1;
      case 3:
        return times_.back() + static_cast<int64_t>(random_() % 60'000);
      default:
        return at + static_cast<int64_t>(random_() % 20'000) - 10'000;
    }
  }
  int64_t length_ms() const { return times_.back() - times_.front() + 1; }
  // REQUIRES: below > 0.
  int64_t Random(int64_t below) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(below));
  }

 private:
  void AppendCommit(size_t size) {
    static const Labels kLabels = Labels::FromPairs({{"__name__", "m"}});
    auto appender = storage_.NewAppender();
    const size_t end = std::min(size, times_.size() + 1 + random_() % 200);
    while (times_.size() < end) {
      now_ms_ += has_gaps_ && random_() % 40 == 0 ? step_ms_ * (2 + random_() % 30) : step_ms_;
      const bool is_late = has_late_ && random_() % 20 == 0;
      const int64_t time_ms = is_late ? now_ms_ - 3 * step_ms_ + 1 : now_ms_;
      const double value = has_markers_ && random_() % 30 == 0 ? StaleMarker() : values_.Next();
      // Late ones may be refused: too late, or where another late one is.
      (void)appender->Append(kLabels, time_ms, value);
      times_.push_back(time_ms);
    }
    CHECK(appender->Commit().ok());
  }

  std::mt19937 random_;
  MemoryStorage storage_;
  Values values_;
  const int64_t step_ms_;
  const bool has_gaps_, has_markers_, has_late_;
  int64_t now_ms_ = kFirstMs;
  std::vector<int64_t> times_;
};

struct Case {
  std::string function;
  std::string text;
  TimeRange range;
};

// Windows from one sample to more than the whole series.
Case MakeCase(Series& series) {
  Case made;
  made.function = kFunctions[series.Random(kFunctions.size())];
  const int64_t window_ms = series.Random(4) == 0 ? 1 + series.Random(120'000)
                                                  : 1 + series.Random(series.length_ms() + 20'000);
  std::string moved;
  int64_t offset_ms = 0;
  if (series.Random(4) == 0) {
    offset_ms = series.Random(100'000) - 50'000;
    moved = absl::StrCat(" offset ", offset_ms < 0 ? "-" : "", std::abs(offset_ms), "ms");
  }
  if (series.Random(8) == 0) {
    const int64_t at_ms = series.AnyTime();
    absl::StrAppend(&moved, " @ ", at_ms / 1000, ".", absl::Dec(at_ms % 1000, absl::kZeroPad3));
  }
  made.text = absl::StrCat(made.function, "(m[", window_ms, "ms]", moved, ")");
  const int64_t start_ms = series.AnyTime() + offset_ms;
  made.range = TimeRange::Instant(start_ms);
  if (series.Random(3) == 0) {
    const int64_t step_ms = 1 + series.Random(40'000);
    made.range = {start_ms, start_ms + step_ms * (1 + series.Random(30)), step_ms};
  }
  return made;
}

absl::StatusOr<engine::QueryResult> Run(const Case& one, const Snapshot& snapshot,
                                        ChunkSummaries summaries) {
  engine::QueryOptions options;
  options.parse.enable_experimental_functions = true;
  options.plan.chunk_summaries = summaries;
  const auto query = engine::Prepare(one.text, options);
  CHECK(query.ok());
  auto result = engine::Execute(*query, snapshot, one.range, options, /*as_range=*/true);
  CHECK(result.ok());
  return result;
}

const std::vector<Sample>& SamplesOf(const absl::StatusOr<engine::QueryResult>& result) {
  static const std::vector<Sample> kNone;
  const Matrix& matrix = std::get<Matrix>(result->value);
  return matrix.empty() ? kNone : matrix[0].samples;
}

// Whether deviations are the same but for rounding, which is all that there is where values are
// nearly the same.
bool AreSameDeviations(const Case& one, const Snapshot& snapshot,
                       const absl::StatusOr<engine::QueryResult>& told,
                       const absl::StatusOr<engine::QueryResult>& seen) {
  const std::vector<Sample>& a = SamplesOf(told);
  const std::vector<Sample>& b = SamplesOf(seen);
  std::vector<double> sizes(a.size());
  for (const char* function : {"min_over_time", "max_over_time"}) {
    Case extreme = one;
    extreme.text = absl::StrCat(function, one.text.substr(one.function.size()));
    const auto extremes = Run(extreme, snapshot, ChunkSummaries::kNever);
    if (SamplesOf(extremes).size() != a.size() || a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
      sizes[i] = std::max(sizes[i], std::fabs(SamplesOf(extremes)[i].value));
    }
  }
  for (size_t i = 0; i < a.size(); ++i) {
    const bool is_squared = one.function == "stdvar_over_time";
    const double rounding = is_squared ? 1e-18 * sizes[i] * sizes[i] : 1e-9 * sizes[i];
    const double bound = std::max(rounding, 1e-9 * std::max(a[i].value, b[i].value));
    const bool is_same = std::isnan(a[i].value) ? std::isnan(b[i].value)
                                                : !(std::fabs(a[i].value - b[i].value) > bound);
    if (!is_same || a[i].timestamp_ms != b[i].timestamp_ms) return false;
  }
  return true;
}

std::string Compare(const Case& one, const Snapshot& snapshot) {
  const auto told = Run(one, snapshot, ChunkSummaries::kAlways);
  const auto seen = Run(one, snapshot, ChunkSummaries::kNever);
  const bool is_deviation = one.function.starts_with("std");
  if (is_deviation && AreSameDeviations(one, snapshot, told, seen)) return "";
  const bool is_sum = one.function == "sum_over_time" || one.function == "avg_over_time";
  const std::string difference = engine::DescribeDifference(told, seen, is_sum ? 1e-12 : 0);
  if (difference.empty()) return "";
  return absl::StrCat(one.text, " from ", one.range.start_ms, " to ", one.range.end_ms, " step ",
                      one.range.step_ms, " ms: ", difference);
}

}  // namespace

SummaryVsScan CompareSummariesWithScan(std::string_view bytes) {
  constexpr int kCases = 16;
  ByteSource source(bytes);
  Series series(source);
  const auto snapshot = series.storage().TakeSnapshot();
  SummaryVsScan result;
  while (result.cases < kCases && result.difference.empty()) {
    result.difference = Compare(MakeCase(series), *snapshot);
    ++result.cases;
  }
  return result;
}

}  // namespace sloburn
