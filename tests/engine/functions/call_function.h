// SPDX-License-Identifier: Apache-2.0
// Calls kernels by the function's name, as the engine finds them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/functions/function.h"

namespace sloburn::engine {

// A point function or date part.
inline double CallPoint(std::string_view name, double value, std::vector<double> args = {0}) {
  const FunctionRow& row = *FindFunction(name);
  const auto* const function = std::get_if<PointFunction>(&row.implementation);
  return (function != nullptr ? *function : row.point)(value, args.data());
}

struct WindowCall {
  int64_t start_ms = 0;
  int64_t end_ms = 60'000;
  int64_t eval_ms = 60'000;
  std::vector<double> args = {0};
};

// Unset where the function yields no sample.
inline std::optional<double> CallWindow(std::string_view name,
                                        const std::vector<std::pair<int64_t, double>>& samples,
                                        const WindowCall& call = {}) {
  std::vector<int64_t> timestamps;
  std::vector<double> values;
  for (const auto& [timestamp, value] : samples) {
    timestamps.push_back(timestamp);
    values.push_back(value);
  }
  const Window window{timestamps.data(), values.data(), values.size(),
                      call.start_ms,     call.end_ms,   call.eval_ms};
  double result = 0;
  const auto function = std::get<WindowFunction>(FindFunction(name)->implementation);
  if (!function(window, call.args.data(), &result)) return std::nullopt;
  return result;
}

// One sample per second, from 1 s on.
inline std::optional<double> CallOverValues(std::string_view name, std::vector<double> values,
                                            std::vector<double> args = {0}) {
  std::vector<std::pair<int64_t, double>> samples;
  for (size_t i = 0; i < values.size(); ++i) {
    samples.emplace_back(static_cast<int64_t>(i + 1) * 1000, values[i]);
  }
  return CallWindow(name, samples, {.args = std::move(args)});
}

}  // namespace sloburn::engine
