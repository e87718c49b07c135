// SPDX-License-Identifier: Apache-2.0
// What a query has to say besides its result: warnings (the result may be wrong) and infos.
//
//   annotations.Warn(expr.range, "quantile value should be between 0 and 1, got 2");
//   result.warnings = annotations.Warnings(query_text);
//     // PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)
//
// Equal texts are one annotation, with the place that Prometheus evaluates last (of those that tell
// an extent or a count: first), in whichever order they are added. Values in one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "parser/source_range.h"

namespace sloburn {

// How the buckets of classic histograms had to be raised for histogram_quantile.
struct ForcedMonotonicity {
  double min_bucket = 0, max_bucket = 0;  // upper bounds of the first and last bucket raised
  double max_difference = 0;
  int64_t first_ms = 0, last_ms = 0;  // of the samples
  int64_t samples = 1;
};

class Annotations {
 public:
  void Warn(parser::SourceRange place, std::string_view text);
  void Inform(parser::SourceRange place, std::string_view text);
  // Equal texts add up: "... (3 occurrences)".
  void WarnCounted(parser::SourceRange place, std::string_view text, int64_t occurrences);
  // All that share `text` become one info that tells the extent.
  void InformForcedMonotonicity(parser::SourceRange place, std::string_view text,
                                const ForcedMonotonicity& extent);

  bool empty() const { return notes_.empty(); }
  // In the order of first appearance, with prefix and, `query` not being empty, "(LINE:COL)".
  std::vector<std::string> Warnings(std::string_view query) const;
  std::vector<std::string> Infos(std::string_view query) const;

 private:
  struct Note {
    bool is_warning = false;
    std::string text;
    parser::SourceRange place;
    bool has_extent = false;
    ForcedMonotonicity extent;
    int64_t occurrences = 0;
  };

  Note& Find(bool is_warning, parser::SourceRange place, std::string_view text);
  std::vector<std::string> Texts(bool warnings, std::string_view query) const;

  std::vector<Note> notes_;
  std::map<std::string, size_t, std::less<>> by_text_;
};

// text, or `text for metric name "m"` where `metric` is not empty.
std::string WithMetricName(std::string_view text, std::string_view metric);

}  // namespace sloburn
