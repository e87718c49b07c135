// SPDX-License-Identifier: Apache-2.0
// Reads OpenMetrics text, or the older Prometheus text format, line by line.
//
//   MetricsTextParser parser(MetricsTextFormat::kOpenMetrics);
//   for each line: ASSIGN_OR_RETURN(auto kind, parser.Parse(line));
//                  if (kind == LineKind::kSample) ... parser.sample() ...
//   RETURN_IF_ERROR(parser.Finish());
//
// Every sample must have a timestamp: what has none belongs to a scrape, not to a file. OpenMetrics
// is read strictly: its grammar to the letter (but a comma may follow the last label, as everywhere
// at Prometheus), families together and once, samples with the names that their family's type
// allows, times of a series ascending, `# EOF` and nothing after it. Exemplars and metadata are
// checked and dropped.
// In the older format timestamps are milliseconds, spaces and comments are free, and lines of a
// family may be anywhere. Values that are NaN become Prometheus' ordinary NaN in both.
// Memory: the names of all families. Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/model/sample.h"
#include "engine/openmetrics/metric_family.h"

namespace sloburn::openmetrics {

enum class MetricsTextFormat { kOpenMetrics, kPrometheus };
enum class LineKind { kSample, kOther, kEnd };

class MetricsTextParser {
 public:
  explicit MetricsTextParser(MetricsTextFormat format) : format_(format) {}

  // `line` is without its line feed. Errors: InvalidArgument, "COLUMN: cause", counted in bytes
  // from 1.
  absl::StatusOr<LineKind> Parse(std::string_view line);
  // The last line's, after kSample.
  const SeriesSample& sample() const { return sample_; }
  // At the end of the input. Errors: InvalidArgument with the cause.
  absl::Status Finish() const;

 private:
  class Scanner;
  struct Family {
    std::string name;
    FamilyType type = FamilyType::kUnknown;
    bool has_type = false, has_help = false, has_unit = false, has_samples = false;
  };

  absl::StatusOr<LineKind> ParseComment(Scanner& in);
  absl::Status ParseMetadata(Scanner& in, std::string_view keyword);
  absl::Status ApplyMetadata(Scanner& in, size_t name_at, std::string_view keyword,
                             std::string_view text, size_t text_at);
  absl::Status ParseSample(Scanner& in);
  absl::Status ParseSeries(Scanner& in);
  absl::Status EnterFamily(size_t at, std::string_view name, bool is_sample);
  absl::Status ParseExemplar(Scanner& in);

  const MetricsTextFormat format_;
  bool has_ended_ = false;
  Family family_;
  std::unordered_set<std::string> families_;  // all so far
  SeriesSample sample_;
  std::string series_text_;  // that of sample_, to know it again; "" where it must be read
};

}  // namespace sloburn::openmetrics
