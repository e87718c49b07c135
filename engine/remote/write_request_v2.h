// SPDX-License-Identifier: Apache-2.0
// Remote write 2.0: io.prometheus.write.v2.Request, read series by series.
//
//   ASSIGN_OR_RETURN(const auto request, WriteRequestV2::Parse(message, limits));
//   RETURN_IF_ERROR(request.Visit([&](const SymbolizedSeries& series) {
//     ASSIGN_OR_RETURN(LabelViews labels, request.Labels(series.label_refs));
//     ...
//   }));
//
// Names, values and texts are told by their place in one table, which may come after the series.
// Hostile bytes: every length is checked, and memory grows only with what is really there.
// Errors: InvalidArgument (not such a message), ResourceExhausted (a limit of ProtoLimits).
// Ownership: all views point into `message`, which must outlive the request. Threads: const
// functions may be called from several.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/remote/histogram_proto.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/wire_labels.h"

namespace sloburn::remote {

struct StartedSample {
  int64_t timestamp_ms = 0;
  int64_t start_ms = 0;  // when it began to count; 0: unknown
  double value = 0;
};

// No exemplar is kept, so that its value is not read.
struct SymbolizedExemplar {
  std::vector<uint32_t> label_refs;
  int64_t timestamp_ms = 0;
};

struct SymbolizedSeries {
  std::vector<uint32_t> label_refs;  // name, value, name, value, ...
  std::vector<StartedSample> samples;
  std::vector<WrittenHistogram> histograms;
  std::vector<SymbolizedExemplar> exemplars;
  int32_t type = 0;  // for MetricTypeName
  uint32_t help_ref = 0, unit_ref = 0;
};

struct SeriesMetadata {
  std::string_view type, unit, help;  // type: "unknown", "counter", ...
};

class WriteRequestV2 {
 public:
  // Finds the symbols and the series.
  static absl::StatusOr<WriteRequestV2> Parse(std::string_view message, const ProtoLimits& limits);

  // Calls `visit` for each series until it returns an error, which is then returned. The series is
  // valid during the call.
  absl::Status Visit(absl::FunctionRef<absl::Status(const SymbolizedSeries&)> visit) const;

  // Errors: InvalidArgument, in Prometheus' words, for an odd number of refs and for refs that are
  // outside of the table.
  absl::StatusOr<LabelViews> Labels(const std::vector<uint32_t>& refs) const;
  absl::StatusOr<SeriesMetadata> Metadata(const SymbolizedSeries& series) const;

 private:
  explicit WriteRequestV2(const ProtoLimits& limits) : limits_(limits) {}
  size_t TextBytes(const SymbolizedSeries& series) const;

  ProtoLimits limits_;
  std::vector<std::string_view> symbols_;
  std::vector<std::string_view> series_;  // TimeSeries messages
};

}  // namespace sloburn::remote
