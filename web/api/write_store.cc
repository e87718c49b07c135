// SPDX-License-Identifier: Apache-2.0
#include "web/api/write_store.h"

#include <memory>
#include <utility>

#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "web/api/error_response.h"

namespace sloburn::web {
namespace {

absl::Status AppendSeries(const SeriesSamples& series, int64_t newest_ms, Appender& appender,
                          WriteOutcome& outcome) {
  for (const Sample& sample : series.samples) {
    RETURN_IF_ERROR(CheckNotTooNew(sample.timestamp_ms, newest_ms));
    RETURN_IF_ERROR(appender.Append(series.labels, sample.timestamp_ms, sample.value));
    ++outcome.samples;
  }
  for (const HistogramSample& sample : series.histograms) {
    RETURN_IF_ERROR(CheckNotTooNew(sample.timestamp_ms, newest_ms));
    RETURN_IF_ERROR(appender.AppendHistogram(series.labels, sample.timestamp_ms, sample.histogram));
    ++outcome.histograms;
  }
  return absl::OkStatus();
}

// Stops at the first sample that cannot be stored. A series over the limit is left out instead: the
// samples of series that exist already shall not suffer. `refusal` is the store's text for the
// first of them.
absl::Status AppendAll(const remote::WriteRequest& request, int64_t newest_ms, Appender& appender,
                       WriteOutcome& outcome, std::string& refusal) {
  for (const SeriesSamples& series : request.series) {
    const absl::Status status = AppendSeries(series, newest_ms, appender, outcome);
    if (absl::IsResourceExhausted(status)) {
      if (outcome.limited_series++ == 0) refusal = MessageOf(status);
      continue;
    }
    RETURN_IF_ERROR(status);
  }
  return appender.Commit();
}

void KeepMetadata(std::vector<remote::WrittenMetadata>& metadata, MetricMetadataStore& store) {
  for (remote::WrittenMetadata& one : metadata) {
    if (one.metric.empty()) continue;
    store.Put(one.metric, {std::string(remote::MetricTypeName(one.type)), std::move(one.help),
                           std::move(one.unit)});
  }
}

}  // namespace

WriteOutcome WriteOutcome::Refused(int status, const absl::Status& error) {
  WriteOutcome outcome;
  outcome.status = status;
  outcome.error = std::string(MessageOf(error));
  return outcome;
}

int64_t NewestAccepted(const Dependencies& deps) {
  return absl::ToUnixMillis(deps.clock->Now() + deps.write_limits.max_ahead);
}

absl::Status CheckNotTooNew(int64_t timestamp_ms, int64_t newest_ms) {
  return timestamp_ms <= newest_ms
             ? absl::OkStatus()
             : absl::OutOfRangeError("out of bounds: timestamp is too far in the future");
}

int StatusOfAppendError(const absl::Status& status) {
  return absl::IsOutOfRange(status) || absl::IsAlreadyExists(status) ||
                 absl::IsInvalidArgument(status)
             ? 400
             : 500;
}

remote::ProtoLimits ProtoLimitsOf(const WriteLimits& limits) {
  remote::ProtoLimits proto_limits;
  proto_limits.max_samples = limits.max_samples;
  proto_limits.max_labels_per_series = limits.max_labels_per_series;
  proto_limits.max_text_bytes = limits.max_text_bytes;
  return proto_limits;
}

WriteOutcome StoreWrite(std::string_view message, const Dependencies& deps) {
  absl::StatusOr<remote::WriteRequest> request =
      remote::DecodeWriteRequest(message, ProtoLimitsOf(deps.write_limits));
  if (!request.ok()) return WriteOutcome::Refused(400, request.status());
  if (request->invalid_series > 0) {
    Log(LogLevel::kDebug, "Received series with invalid labels",
        {{"first", request->first_invalid}, {"series", StrCat(request->invalid_series)}});
  }
  if (deps.metadata != nullptr) KeepMetadata(request->metadata, *deps.metadata);
  WriteOutcome outcome;
  std::string refusal;
  const std::unique_ptr<Appender> appender = deps.storage->NewAppender();
  const absl::Status status =
      AppendAll(*request, NewestAccepted(deps), *appender, outcome, refusal);
  if (!status.ok()) return WriteOutcome::Refused(StatusOfAppendError(status), status);
  outcome.invalid_series = request->invalid_series;
  if (outcome.limited_series > 0) {
    outcome.status = 400;
    outcome.error = StrCat(refusal, "; left out ", outcome.limited_series, " series");
  }
  return outcome;
}

}  // namespace sloburn::web
