// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <vector>

#include "engine/functions/family.h"
#include "engine/functions/histogram_over_time.h"
#include "engine/functions/quantile.h"
#include "engine/model/compensated_sum.h"

namespace sloburn::engine {
namespace {

bool Avg(const Window& w, const double*, double* result) {
  CompensatedMean mean;
  mean.First(w.values[0]);
  for (size_t i = 1; i < w.size; ++i) mean.Add(w.values[i]);
  *result = mean.Result();
  return true;
}

bool Sum(const Window& w, const double*, double* result) {
  CompensatedSum total;
  for (size_t i = 0; i < w.size; ++i) total.Add(w.values[i]);
  *result = std::isinf(total.sum) ? total.sum : total.sum + total.c;
  return true;
}

bool Count(const Window& w, const double*, double* result) {
  *result = static_cast<double>(w.size);
  return true;
}

bool Min(const Window& w, const double*, double* result) {
  double least = w.values[0];
  for (size_t i = 1; i < w.size; ++i) {
    if (w.values[i] < least || std::isnan(least)) least = w.values[i];
  }
  *result = least;
  return true;
}

bool Max(const Window& w, const double*, double* result) {
  double most = w.values[0];
  for (size_t i = 1; i < w.size; ++i) {
    if (w.values[i] > most || std::isnan(most)) most = w.values[i];
  }
  *result = most;
  return true;
}

bool Last(const Window& w, const double*, double* result) {
  *result = w.values[w.size - 1];
  return true;
}

bool First(const Window& w, const double*, double* result) {
  *result = w.values[0];
  return true;
}

bool Present(const Window&, const double*, double* result) {
  *result = 1;
  return true;
}

bool MedianAbsoluteDeviation(const Window& w, const double*, double* result) {
  std::vector<double> values(w.values, w.values + w.size);
  if (std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); })) {
    *result = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  const double median = Quantile(0.5, values);
  for (double& value : values) value = std::fabs(value - median);
  *result = Quantile(0.5, values);
  return true;
}

double ToSeconds(int64_t timestamp_ms) { return static_cast<double>(timestamp_ms) / 1000; }

bool TimeOfFirst(const Window& w, const double*, double* result) {
  *result = ToSeconds(w.timestamps[0]);
  return true;
}

bool TimeOfLast(const Window& w, const double*, double* result) {
  *result = ToSeconds(w.timestamps[w.size - 1]);
  return true;
}

// Of equal extremes the newest counts.
bool TimeOfMax(const Window& w, const double*, double* result) {
  size_t most = 0;
  for (size_t i = 1; i < w.size; ++i) {
    if (w.values[i] >= w.values[most] || std::isnan(w.values[most])) most = i;
  }
  *result = ToSeconds(w.timestamps[most]);
  return true;
}

bool TimeOfMin(const Window& w, const double*, double* result) {
  size_t least = 0;
  for (size_t i = 1; i < w.size; ++i) {
    if (w.values[i] <= w.values[least] || std::isnan(w.values[least])) least = i;
  }
  *result = ToSeconds(w.timestamps[least]);
  return true;
}

// Welford with both sums compensated.
double Variance(const Window& w) {
  double count = 0;
  CompensatedSum mean, aux;
  for (size_t i = 0; i < w.size; ++i) {
    ++count;
    const double delta = w.values[i] - (mean.sum + mean.c);
    mean.Add(delta / count);
    aux.Add(delta * (w.values[i] - (mean.sum + mean.c)));
  }
  return (aux.sum + aux.c) / count;
}

bool Stdvar(const Window& w, const double*, double* result) {
  *result = Variance(w);
  return true;
}

bool Stddev(const Window& w, const double*, double* result) {
  *result = std::sqrt(Variance(w));
  return true;
}

bool AvgOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  const double count = static_cast<double>(facts.count);
  *result = facts.sum.sum / count + facts.sum.c / count;
  return true;
}
bool SumOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = facts.sum.sum + facts.sum.c;
  return true;
}
bool CountOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = static_cast<double>(facts.count);
  return true;
}
bool MinOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = facts.min;
  return true;
}
bool MaxOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = facts.max;
  return true;
}
bool LastOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = facts.last.value;
  return true;
}
bool FirstOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = facts.first.value;
  return true;
}
bool PresentOfFacts(const WindowFacts&, int64_t, int64_t, double* result) {
  *result = 1;
  return true;
}
bool StdvarOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = facts.squares / static_cast<double>(facts.count);
  return true;
}
bool StddevOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = std::sqrt(facts.squares / static_cast<double>(facts.count));
  return true;
}
bool TimeOfFirstOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = ToSeconds(facts.first.timestamp_ms);
  return true;
}
bool TimeOfLastOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = ToSeconds(facts.last.timestamp_ms);
  return true;
}
bool TimeOfMaxOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = ToSeconds(facts.max_ms);
  return true;
}
bool TimeOfMinOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = ToSeconds(facts.min_ms);
  return true;
}

constexpr FunctionRow KeepingName(FunctionRow row) {
  row.keeps_name = true;
  return row;
}

constexpr FunctionRow Experimental(FunctionRow row) {
  row.is_experimental = true;
  return row;
}

constexpr FunctionRow kRows[] = {
    OfFacts(kFactSum, AvgOfFacts,
            Mixed(MixedAvg, OverTime("avg_over_time", Avg, "The mean of the samples in the window."))),
    OfFacts(kFactSum, SumOfFacts,
            Mixed(MixedSum, OverTime("sum_over_time", Sum, "The sum of the samples in the window."))),
    OfFacts(0, CountOfFacts,
            Mixed(MixedCount, OverTime("count_over_time", Count,
                                       "The number of samples in the window."))),
    OfFacts(kFactExtremes, MinOfFacts,
            OverTime("min_over_time", Min, "The least sample in the window.")),
    OfFacts(kFactExtremes, MaxOfFacts,
            OverTime("max_over_time", Max, "The largest sample in the window.")),
    KeepingName(OfFacts(0, LastOfFacts,
                        Mixed(MixedLast, OverTime("last_over_time", Last, "The newest sample.")))),
    KeepingName(OfFacts(0, FirstOfFacts,
                        Mixed(MixedFirst,
                              OverTime("first_over_time", First, "The oldest sample.")))),
    OfFacts(0, PresentOfFacts,
            Mixed(MixedPresent, OverTime("present_over_time", Present,
                                         "1 where the window has a sample."))),
    OfFacts(kFactVariance, StddevOfFacts,
            OverTime("stddev_over_time", Stddev, "The standard deviation in the window.")),
    OfFacts(kFactVariance, StdvarOfFacts,
            OverTime("stdvar_over_time", Stdvar, "The variance in the window.")),
    Experimental(OverTime("mad_over_time", MedianAbsoluteDeviation,
                          "The median absolute deviation in the window.")),
    Experimental(OfFacts(0, TimeOfFirstOfFacts,
                         Mixed(MixedTimeOfFirst, OverTime("ts_of_first_over_time", TimeOfFirst,
                                                          "The time of the oldest sample.")))),
    Experimental(OfFacts(0, TimeOfLastOfFacts,
                         Mixed(MixedTimeOfLast, OverTime("ts_of_last_over_time", TimeOfLast,
                                                         "The time of the newest sample.")))),
    Experimental(OfFacts(kFactExtremes, TimeOfMaxOfFacts,
                         OverTime("ts_of_max_over_time", TimeOfMax,
                                  "The time of the largest sample."))),
    Experimental(OfFacts(kFactExtremes, TimeOfMinOfFacts,
                         OverTime("ts_of_min_over_time", TimeOfMin,
                                  "The time of the least sample."))),
};

}  // namespace

Family OverTimeFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
