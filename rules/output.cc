// SPDX-License-Identifier: Apache-2.0
#include "rules/output.h"

#include "base/status_macros.h"
#include "engine/model/histogram_validation.h"

namespace sloburn::rules {
namespace {

// Another group may commit to the same series between Append and Commit; the next attempt sees it.
constexpr int kMaxAttempts = 3;

absl::Status AppendOne(const SeriesSample& sample, Appender& appender) {
  if (sample.histogram == nullptr) {
    return appender.Append(sample.labels, sample.timestamp_ms, sample.value);
  }
  RETURN_IF_ERROR(CheckHistogram(sample));
  return appender.AppendHistogram(sample.labels, sample.timestamp_ms, sample.histogram);
}

void Count(const absl::Status& status, AppendReport& report) {
  report.is_accepted.push_back(status.ok());
  if (status.ok()) {
    ++report.accepted;
    return;
  }
  report.last_error = std::string(status.message());
  switch (status.code()) {
    case absl::StatusCode::kOutOfRange:
      ++report.out_of_order;
      break;
    case absl::StatusCode::kAlreadyExists:
      ++report.duplicates;
      break;
    default:
      ++report.other_errors;
      break;
  }
}

}  // namespace

absl::Status CheckHistogram(const SeriesSample& sample) {
  if (sample.histogram == nullptr) return absl::OkStatus();
  return ValidateHistogram(*sample.histogram, /*has_integer_counts=*/false);
}

TickOutput::TickOutput(Storage& storage) : storage_(storage), view_(storage.TakeSnapshot()) {}

void TickOutput::Show(const std::vector<SeriesSample>& samples) {
  for (const SeriesSample& sample : samples) {
    if (!CheckHistogram(sample).ok()) continue;
    view_.Add(sample.labels, sample.timestamp_ms, sample.value, sample.histogram);
  }
}

size_t TickOutput::Add(std::vector<SeriesSample> samples) {
  batches_.push_back(std::move(samples));
  return batches_.size() - 1;
}

absl::StatusOr<std::vector<AppendReport>> TickOutput::TryCommit(
    const ValuesOf& values_of) {
  const std::unique_ptr<Appender> appender = storage_.NewAppender();
  // A store may take samples that come late to a source; of what rules compute, late is what another
  // rule has taken over, above all markers.
  appender->RefuseLateSamples();
  std::vector<AppendReport> reports(batches_.size());
  for (size_t i = 0; i < batches_.size(); ++i) {
    for (const SeriesSample& sample : batches_[i]) {
      Count(AppendOne(sample, *appender), reports[i]);
    }
  }
  CommitExtras extras;
  extras.is_sent = true;
  extras.values = values_of(reports);
  RETURN_IF_ERROR(appender->CommitWith(std::move(extras)));
  return reports;
}

absl::StatusOr<std::vector<AppendReport>> TickOutput::Commit(const ValuesOf& values_of) {
  for (int attempt = 1;; ++attempt) {
    absl::StatusOr<std::vector<AppendReport>> reports = TryCommit(values_of);
    if (reports.ok()) return reports;
    if (!absl::IsOutOfRange(reports.status()) || attempt == kMaxAttempts) return reports.status();
  }
}

}  // namespace sloburn::rules
