// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/script_values.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/histogram_text.h"

namespace sloburn::cli {
namespace {

// Builds the histograms of one series; those of `{{..}}+{{..}}xN` each from the one before.
class HistogramBuilder {
 public:
  absl::StatusOr<ScriptValue> Build(const parser::SeriesValue& value) {
    if (value.step == 0) {
      ASSIGN_OR_RETURN(current_, ParseTestExpression(value.histogram));
      has_increment_ = !value.increment.empty();
      if (has_increment_) {
        ASSIGN_OR_RETURN(increment_, ParseTestExpression(value.increment));
        current_.has_reset_hint = increment_.has_reset_hint;
      }
    } else if (has_increment_) {
      RETURN_IF_ERROR(Advance(value.subtracts));
    }
    return ScriptValue{false, 0, std::make_shared<const Histogram>(current_.histogram),
                       current_.has_reset_hint};
  }

 private:
  absl::Status Advance(bool subtracts) {
    Histogram& histogram = current_.histogram;
    const Histogram& increment = increment_.histogram;
    if (histogram.schema > increment.schema) {
      return absl::InvalidArgumentError(
          StrCat("error combining histograms: cannot merge from schema ", increment.schema, " to ",
                 histogram.schema));
    }
    const HistogramSum how = subtracts ? histogram.Sub(increment) : histogram.Add(increment);
    if (how.incompatible_schema) {
      return absl::InvalidArgumentError(
          "error combining histograms: exponential and custom buckets do not go together");
    }
    return absl::OkStatus();
  }

  HistogramText current_, increment_;
  bool has_increment_ = false;
};

}  // namespace

absl::StatusOr<std::vector<ScriptValue>> ToScriptValues(
    const std::vector<parser::SeriesValue>& values) {
  std::vector<ScriptValue> made;
  made.reserve(values.size());
  HistogramBuilder builder;
  for (const parser::SeriesValue& value : values) {
    if (!value.is_histogram) {
      made.push_back({value.is_omitted, value.value});
      continue;
    }
    ASSIGN_OR_RETURN(ScriptValue histogram, builder.Build(value));
    made.push_back(std::move(histogram));
  }
  return made;
}

}  // namespace sloburn::cli
