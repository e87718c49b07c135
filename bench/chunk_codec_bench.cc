// SPDX-License-Identifier: Apache-2.0
// Bytes and nanoseconds per sample of chunks by kind of series: the best of many rounds, because
// machines are shared. The first kinds are those of an SLO workload, with a total weighted by how
// many series of each a service has.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "engine/storage/chunk/chunk_codec.h"

namespace sloburn {
namespace {

constexpr size_t kChunkSamples = 1024, kChunks = 48;
constexpr int64_t kStep = 15'000, kBegin = 1'700'000'000'000;

using Random = std::mt19937_64;

double Uniform(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

// The load of a service over a day, around 1.
double LoadAt(size_t tick) {
  return 1 + 0.5 * std::sin(static_cast<double>(tick) * kStep / 86'400'000 * 2 * M_PI);
}

using Column = std::vector<double>;

struct Series {
  std::vector<int64_t> timestamps;
  Column values;

  void Add(size_t tick, double value, int64_t jitter = 0) {
    timestamps.push_back(kBegin + static_cast<int64_t>(tick) * kStep + jitter);
    values.push_back(value);
  }
  SampleView Chunk(size_t first) const {
    return {timestamps.data() + first, values.data() + first,
            std::min(kChunkSamples, values.size() - first)};
  }
};

constexpr size_t kTicks = kChunkSamples * kChunks;

// Requests: uniform increments, rare resets and gaps.
Series Counter(double mean, bool has_gaps) {
  Random random(static_cast<uint64_t>(mean * 1000));
  Series series;
  double value = 0;
  for (size_t tick = 0; tick < kTicks; ++tick) {
    if (has_gaps && Uniform(random) < 1e-5) tick += 5 + random() % 40;
    if (Uniform(random) < 1e-4) value = 0;
    value += std::floor(mean * LoadAt(tick) * 2 * Uniform(random) + Uniform(random) * 0.999);
    series.Add(tick, value);
  }
  return series;
}

// A bucket of a classic histogram of latencies; `le` in seconds.
Series Bucket(double le) {
  Random random(18);
  Series series;
  double value = 0;
  for (size_t tick = 0; tick < kTicks; ++tick) {
    const int observations = static_cast<int>(18 * LoadAt(tick) * 2 * Uniform(random));
    for (int i = 0; i < observations; ++i) {
      const double sum = Uniform(random) + Uniform(random) + Uniform(random);
      value += std::exp(-3.0 + 2.2 * (sum - 1.5)) <= le;
    }
    series.Add(tick, value);
  }
  return series;
}

Series Generated(const std::function<double(Random&, size_t)>& next, int64_t jitter_ms = 0) {
  Random random(7);
  Series series;
  for (size_t tick = 0; tick < kTicks; ++tick) {
    const int64_t jitter = jitter_ms == 0 ? 0 : static_cast<int64_t>(random() % (2 * jitter_ms));
    series.Add(tick, next(random, tick), jitter);
  }
  return series;
}

struct Kind {
  std::string name;
  Series series;
  int weight = 0;  // of 69 series of a service
};

std::vector<Kind> WorkloadKinds() {
  std::vector<Kind> kinds;
  for (const double mean : {7.0, 1.0, 0.5, 0.3, 0.4, 0.1, 0.005, 0.002, 0.001}) {
    kinds.push_back({"counter " + std::to_string(mean).substr(0, 5), Counter(mean, true), 4});
  }
  kinds.push_back({"counter 3", Counter(3, false), 4});
  for (const double le : {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5}) {
    kinds.push_back({"bucket " + std::to_string(le).substr(0, 5), Bucket(le), 2});
  }
  kinds.push_back({"bucket +Inf", Bucket(1e9), 12});
  kinds.push_back(
      {"up", Generated([](Random& random, size_t) { return Uniform(random) < 0.9995; }), 1});
  return kinds;
}

std::vector<Kind> OtherKinds() {
  std::vector<Kind> kinds;
  kinds.push_back({"constant", Generated([](Random&, size_t) { return 42.0; })});
  kinds.push_back({"bytes gauge", Generated([](Random& random, size_t) {
                     return 4096.0 * std::floor(Uniform(random) * 1e5);
                   })});
  double walk = 500;
  kinds.push_back({"gauge walk", Generated([&walk](Random& random, size_t) {
                     return walk += static_cast<double>(random() % 7) - 3;
                   })});
  double cpu = 0;
  kinds.push_back({"cpu seconds", Generated([&cpu](Random& random, size_t) {
                     cpu += Uniform(random) * 3;
                     return std::round(cpu * 100) / 100;
                   })});
  kinds.push_back({"ratio", Generated([](Random& random, size_t) { return Uniform(random); })});
  double sum = 0;
  kinds.push_back(
      {"float sum", Generated([&sum](Random& random, size_t) { return sum += Uniform(random); })});
  kinds.push_back({"ratio, 1 in 3", Generated([](Random& random, size_t) {
                     static double last = 0.5;
                     return last = random() % 3 == 0 ? Uniform(random) : last;
                   })});
  double jittered = 0;
  kinds.push_back({"jitter 5 ms", Generated(
                                      [&jittered](Random& random, size_t) {
                                        return jittered += static_cast<double>(random() % 50);
                                      },
                                      5)});
  return kinds;
}

// The least time of one call, in nanoseconds per sample.
double Time(size_t samples, const std::function<void()>& call) {
  using Clock = std::chrono::steady_clock;
  double best = 1e18;
  for (int round = 0; round < 30; ++round) {
    const auto begin = Clock::now();
    call();
    const std::chrono::duration<double, std::nano> taken = Clock::now() - begin;
    best = std::min(best, taken.count());
  }
  return best / static_cast<double>(samples);
}

// Bytes per sample.
double Measure(const Kind& kind) {
  const size_t size = kind.series.values.size();
  std::vector<std::string> chunks;
  size_t bytes = 0;
  for (size_t at = 0; at < size; at += kChunkSamples) {
    chunks.push_back(EncodeChunk(kind.series.Chunk(at)));
    bytes += chunks.back().size();
  }
  SampleBuffer buffer;
  const double encode = Time(size, [&] {
    for (size_t at = 0; at < size; at += kChunkSamples)
      CHECK(!EncodeChunk(kind.series.Chunk(at)).empty());
  });
  const double decode = Time(size, [&] {
    for (const std::string& chunk : chunks) {
      buffer.Clear();
      CHECK(DecodeChunk(chunk, buffer).ok());
    }
  });
  const double per_sample = static_cast<double>(bytes) / static_cast<double>(size);
  const std::string codec(InspectChunk(chunks[chunks.size() / 2])->codec);
  std::printf("%-14s %-9s %8.3f %8.2f %8.2f\n", kind.name.c_str(), codec.c_str(), per_sample,
              encode, decode);
  return per_sample;
}

}  // namespace
}  // namespace sloburn

// With an argument, only series whose names contain it.
int main(int argc, char** argv) {
  const std::string_view only = argc > 1 ? argv[1] : "";
  const auto is_wanted = [only](const sloburn::Kind& kind) {
    return kind.name.find(only) != std::string::npos;
  };
  std::printf("%-14s %-9s %8s %8s %8s\n", "series", "codec", "bytes", "ns enc", "ns dec");
  double total = 0;
  int weights = 0;
  for (const sloburn::Kind& kind : sloburn::WorkloadKinds()) {
    if (!is_wanted(kind)) continue;
    total += sloburn::Measure(kind) * kind.weight;
    weights += kind.weight;
  }
  if (weights > 0) std::printf("%-24s %8.3f of %d series\n", "workload", total / weights, weights);
  for (const sloburn::Kind& kind : sloburn::OtherKinds()) {
    if (is_wanted(kind)) sloburn::Measure(kind);
  }
  return 0;
}
