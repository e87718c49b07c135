// SPDX-License-Identifier: Apache-2.0
#include "cli/demo/traffic.h"

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace sloburn::cli {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kDayMs = 24 * kHourMs;

// xorshift64*: small, and the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull | 1) {}
  double Uniform() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<double>((state_ * 0x2545F4914F6CDD1Dull) >> 11) * 0x1.0p-53;
  }

 private:
  uint64_t state_;
};

enum class Role { kSuccess, kClientError, kServerError, kBucket, kUp, kTool };

struct Series {
  Labels labels;
  Role role;
  double share = 0;       // of the pod's requests; of a bucket: the fraction below its bound
  double slow_share = 0;  // the same while an incident lasts
  int pod = 0;
  double value = 0;
  Random random;
};

const char* const kBounds[] = {"0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                               "0.5",   "1.0",   "2.5",  "5.0",   "10.0", "+Inf"};
const double kBelow[] = {0.01, 0.08, 0.2,   0.5,   0.75,  0.9,  0.965,
                         0.988, 0.996, 0.999, 0.9997, 1.0, 1.0};
const double kBelowSlow[] = {0.0, 0.02, 0.06, 0.2,  0.4,  0.55, 0.7,
                             0.82, 0.9,  0.96, 0.985, 1.0,  1.0};

Labels Make(std::vector<Label> pairs, int pod) {
  pairs.push_back({"job", "stoa-gateway"});
  pairs.push_back({"instance", absl::StrCat("10.0.0.", 11 + pod, ":8080")});
  return Labels::FromPairs(std::move(pairs));
}

class Gateway {
 public:
  Gateway() {
    for (int pod = 0; pod < 2; ++pod) AddPod(pod);
  }

  std::vector<Series>& series() { return series_; }

 private:
  void Add(std::vector<Label> pairs, Role role, int pod, double share, double slow_share) {
    const uint64_t seed = series_.size() + 1;
    series_.push_back({Make(std::move(pairs), pod), role, share, slow_share, pod, 0, Random(seed)});
  }

  void AddPod(int pod) {
    for (const char* path : {"/v1/apis", "/v1/tools"}) {
      const auto requests = [&](const char* method, const char* status, Role role, double share,
                                double slow_share) {
        Add({{"__name__", "stoa_http_requests_total"},
             {"method", method}, {"path", path}, {"status", status}},
            role, pod, share, slow_share);
      };
      requests("GET", "200", Role::kSuccess, 0.36, 0.32);
      requests("POST", "201", Role::kSuccess, 0.12, 0.1);
      requests("GET", "404", Role::kClientError, 0.015, 0.015);
      requests("POST", "429", Role::kClientError, 0.004, 0.01);
      requests("GET", "500", Role::kServerError, 0.00015, 0.04);
      requests("POST", "503", Role::kServerError, 0.00005, 0.015);
    }
    for (int bucket = 0; bucket < 13; ++bucket) {
      Add({{"__name__", "stoa_http_request_duration_seconds_bucket"}, {"le", kBounds[bucket]}},
          Role::kBucket, pod, kBelow[bucket], kBelowSlow[bucket]);
    }
    Add({{"__name__", "stoa_http_request_duration_seconds_count"}}, Role::kBucket, pod, 1, 1);
    Add({{"__name__", "up"}}, Role::kUp, pod, 1, 1);
    for (const char* tenant : {"acme", "globex"}) {
      Add({{"__name__", "stoa_mcp_tools_calls_total"}, {"tool", "search"}, {"tenant", tenant},
           {"status", "success"}},
          Role::kTool, pod, 0.05, 0.05);
    }
  }

  std::vector<Series> series_;
};

// Requests per step of one pod: most at noon, few at night.
double Load(int64_t time_ms) {
  const double day = static_cast<double>(time_ms % kDayMs) / kDayMs;
  return 300 * (1 - 0.6 * std::cos(2 * std::numbers::pi * day));
}

bool IsIncident(int64_t time_ms, int64_t end_ms) {
  const int64_t ago = end_ms - time_ms;
  const bool is_first = ago >= 12 * kDayMs && ago < 12 * kDayMs + 25 * 60'000;
  return is_first || ago < 40 * 60'000;
}

// Each pod restarts every five days; a scrape is missed now and then.
bool Restarts(int64_t time_ms, int64_t step_ms, int pod) {
  const int64_t period = 5 * kDayMs;
  return (time_ms + pod * 2 * kDayMs) % period < step_ms;
}
bool IsGap(int64_t time_ms, int pod) { return (time_ms / 1000 + pod * 7919) % 86'413 < 45; }

absl::Status AppendStep(const TrafficOptions& options, int64_t time_ms, Gateway& gateway,
                        Appender& appender) {
  const double load = Load(time_ms);
  const bool is_incident = IsIncident(time_ms, options.end_ms);
  // One draw per pod: the buckets of a histogram must agree.
  double requests[2];
  for (int pod = 0; pod < 2; ++pod) {
    Series& first = gateway.series()[pod * gateway.series().size() / 2];
    requests[pod] = std::floor(load * (0.8 + 0.4 * first.random.Uniform()));
  }
  for (Series& series : gateway.series()) {
    if (series.role == Role::kUp) {
      series.value = IsGap(time_ms, series.pod) ? 0 : 1;
      RETURN_IF_ERROR(appender.Append(series.labels, time_ms, series.value));
      continue;
    }
    if (Restarts(time_ms, options.step_ms, series.pod)) series.value = 0;
    const double share = is_incident ? series.slow_share : series.share;
    const double expected = share * requests[series.pod];
    const bool rounds = series.role != Role::kBucket;
    // Fractions become whole events by chance, so that rare errors stay rare.
    series.value += rounds ? std::floor(expected + series.random.Uniform()) : std::floor(expected);
    if (IsGap(time_ms, series.pod)) continue;
    RETURN_IF_ERROR(appender.Append(series.labels, time_ms, series.value));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status GenerateTraffic(const TrafficOptions& options, Storage& storage) {
  Gateway gateway;
  const int64_t start_ms = options.end_ms - options.days * kDayMs;
  int64_t time_ms = start_ms;
  while (time_ms <= options.end_ms) {
    // A day at a time bounds what the appender holds.
    const int64_t until_ms = std::min(options.end_ms, time_ms + kDayMs - options.step_ms);
    const auto appender = storage.NewAppender();
    for (; time_ms <= until_ms; time_ms += options.step_ms) {
      RETURN_IF_ERROR(AppendStep(options, time_ms, gateway, *appender));
    }
    RETURN_IF_ERROR(appender->Commit());
  }
  return absl::OkStatus();
}

}  // namespace sloburn::cli
