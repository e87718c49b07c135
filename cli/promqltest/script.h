// SPDX-License-Identifier: Apache-2.0
// Test scripts in promqltest's language -> commands.
//
//   load 1m
//     metric{a="b"} 0+10x10
//   eval instant at 5m rate(metric[5m])
//     expect no_warn
//     {a="b"} 0.1666
//
// Errors are InvalidArgument with "FILE:LINE: message". Pure; nothing is evaluated here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/promqltest/script_values.h"
#include "engine/model/labels.h"
#include "engine/model/time_range.h"

namespace sloburn::cli {

// The most steps of one time range: as many as a series line can have values.
inline constexpr int64_t kMaxScriptSteps = 1'000'000;

struct ScriptSeries {
  Labels labels;
  std::vector<ScriptValue> values;
};

struct ClearCommand {};

struct LoadCommand {
  int line = 0;
  int64_t step_ms = 0;
  bool with_custom_buckets = false;  // load_with_nhcb
  std::vector<ScriptSeries> series;  // one entry per label set
};

// What a failure, a warning or an info must look like.
struct ExpectedText {
  enum class Kind { kAny, kExact, kRegex };
  Kind kind = Kind::kAny;
  std::string text;
};

struct EvalCommand {
  int line = 0;
  std::string expr;
  bool is_range_query = false;
  TimeRange range;  // one step for instant queries
  bool is_ordered = false;
  std::optional<ExpectedText> fail;
  std::vector<ExpectedText> warnings, infos;
  bool no_warnings = false, no_infos = false;
  bool any_warning = false, any_info = false;  // deprecated eval_warn, eval_info
  std::optional<std::string> string_result;
  std::optional<TimeRange> range_vector;  // expect range vector from .. to .. step ..
  std::optional<double> scalar;
  std::vector<ScriptSeries> series;
};

using ScriptCommand = std::variant<ClearCommand, LoadCommand, EvalCommand>;

absl::StatusOr<std::vector<ScriptCommand>> ParseScript(std::string_view file,
                                                       std::string_view text);

}  // namespace sloburn::cli
