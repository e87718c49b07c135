// SPDX-License-Identifier: Apache-2.0
// What an error budget costs as its window grows: from summaries of chunks, and by looking at all
// samples.
//
// usage: window_bench [SERIES]   counters of 91 days at 15 s with a reset now and then, 60 by
// default
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "engine/engine.h"
#include "engine/storage/memory_storage.h"

namespace sloburn {
namespace {

constexpr int64_t kStepMs = 15'000, kDayMs = 86'400'000, kDays = 91;
constexpr int64_t kStartMs = 1'700'000'000'000, kEndMs = kStartMs + kDays * kDayMs;

using Clock = std::chrono::steady_clock;
using ChunkSummaries = engine::PlanOptions::ChunkSummaries;

double MicrosecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

void Fill(int series, MemoryStorage& storage) {
  std::mt19937 random(1);
  std::vector<double> values(series);
  std::vector<Labels> labels;
  for (int i = 0; i < series; ++i) {
    labels.push_back(Labels::FromPairs({{"__name__", "requests_total"},
                                        {"code", i % 4 == 0 ? "500" : "200"},
                                        {"pod", absl::StrCat(i)}}));
  }
  for (int64_t day_ms = kStartMs; day_ms < kEndMs; day_ms += kDayMs) {
    auto appender = storage.NewAppender();
    for (int i = 0; i < series; ++i) {
      for (int64_t ms = day_ms; ms < day_ms + kDayMs; ms += kStepMs) {
        values[i] = random() % 20'000 == 0 ? 0 : values[i] + random() % 50;
        CHECK(appender->Append(labels[i], ms, values[i]).ok());
      }
    }
    CHECK(appender->Commit().ok());
  }
}

// The least time of `runs`, in microseconds.
double Measure(const Storage& storage, int days, ChunkSummaries summaries, int runs) {
  const std::string window = absl::StrCat("[", days, "d]");
  const std::string text = absl::StrCat("1 - sum(increase(requests_total{code=~\"5..\"}", window,
                                        ")) / (sum(increase(requests_total", window, ")) * 0.001)");
  engine::QueryOptions options;
  options.plan.chunk_summaries = summaries;
  options.max_samples = 1'000'000'000;
  const auto query = engine::Prepare(text, options);
  CHECK(query.ok());
  double least = 1e300;
  for (int run = 0; run < runs; ++run) {
    const Clock::time_point start = Clock::now();
    const auto result = engine::Execute(*query, *storage.TakeSnapshot(),
                                        TimeRange::Instant(kEndMs - kStepMs), options);
    CHECK(result.ok() && std::get<InstantVector>(result->value).size() == 1);
    least = std::min(least, MicrosecondsSince(start));
  }
  return least;
}

void Run(int series) {
  MemoryStorage storage;
  const Clock::time_point start = Clock::now();
  Fill(series, storage);
  const StorageStats stats = storage.Stats();
  std::printf("%d series, %.1f M samples, appended at %.2f M/s\n", series,
              static_cast<double>(stats.samples) / 1e6,
              static_cast<double>(stats.samples) / MicrosecondsSince(start));
  std::printf("%8s %16s %16s\n", "window", "summaries", "scan");
  for (const int days : {1, 7, 30, 90}) {
    std::printf("%7dd %13.1f us %13.1f us\n", days,
                Measure(storage, days, ChunkSummaries::kWhereCheaper, 300),
                Measure(storage, days, ChunkSummaries::kNever, 3));
  }
}

}  // namespace
}  // namespace sloburn

int main(int argc, char** argv) {
  const int series = argc > 1 ? std::atoi(argv[1]) : 60;
  if (series <= 0) {
    std::fprintf(stderr, "usage: %s [SERIES]\n", argv[0]);
    return 2;
  }
  sloburn::Run(series);
  return 0;
}
