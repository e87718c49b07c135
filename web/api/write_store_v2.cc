// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/remote/write_request_v2.h"
#include "web/api/error_response.h"
#include "web/api/write_store.h"

namespace sloburn::web {
namespace {

constexpr std::string_view kTypeLabel = "__type__", kUnitLabel = "__unit__";
// How often a request is appended anew because others committed to the same series meanwhile.
constexpr int kMaxAttempts = 3;

// What was wrong, a line for each, up to a size.
class ErrorLines {
 public:
  explicit ErrorLines(size_t max_bytes) : max_bytes_(max_bytes) {}

  // A long text is made once at most where there is no room for it: a request can have as many bad
  // samples as it likes of a series with labels of megabytes.
  void Add(absl::FunctionRef<std::string()> make_line) {
    if (left_out_ == 0) {
      const std::string line = make_line();
      if (text_.size() + line.size() <= max_bytes_) {
        StrAppend(&text_, text_.empty() ? "" : "\n", line);
        return;
      }
    }
    ++left_out_;
  }
  bool empty() const { return text_.empty() && left_out_ == 0; }
  std::string Text() const {
    if (left_out_ == 0) return text_;
    return StrCat(text_, text_.empty() ? "" : "\n", left_out_,
                  left_out_ == 1 ? " more error" : " more errors");
  }

 private:
  const size_t max_bytes_;
  std::string text_;
  int64_t left_out_ = 0;
};

// "[1 2 3]"
std::string PrintRefs(const std::vector<uint32_t>& refs) {
  std::string text = "[";
  for (const uint32_t ref : refs) StrAppend(&text, text.size() > 1 ? " " : "", ref);
  return text + "]";
}

// The name that /api/v1/metadata has the series under: classic histograms and summaries are of
// several series each.
std::string_view FamilyName(std::string_view name, std::string_view type) {
  const std::vector<std::string_view> suffixes =
      type == "histogram"        ? std::vector<std::string_view>{"_bucket", "_count", "_sum"}
      : type == "gaugehistogram" ? std::vector<std::string_view>{"_bucket", "_gcount", "_gsum"}
      : type == "summary"        ? std::vector<std::string_view>{"_count", "_sum"}
                                 : std::vector<std::string_view>{};
  for (const std::string_view suffix : suffixes) {
    if (name.size() > suffix.size() && name.ends_with(suffix)) {
      return name.substr(0, name.size() - suffix.size());
    }
  }
  return name;
}

void SetTypeAndUnit(const remote::SeriesMetadata& metadata, remote::LabelViews& labels) {
  const bool has_type = metadata.type != "unknown";
  if (!has_type && metadata.unit.empty()) return;
  std::erase_if(labels, [](const auto& label) {
    return label.first == kTypeLabel || label.first == kUnitLabel;
  });
  if (has_type) labels.emplace_back(kTypeLabel, metadata.type);
  if (!metadata.unit.empty()) labels.emplace_back(kUnitLabel, metadata.unit);
}

// One attempt to append a request and to commit what is good of it.
class Attempt {
 public:
  Attempt(const remote::WriteRequestV2& request, const Dependencies& deps)
      : request_(request),
        deps_(deps),
        newest_ms_(NewestAccepted(deps)),
        errors_(deps.write_limits.max_error_bytes),
        appender_(deps.storage->NewAppender()) {}

  // Errors: those of the message, and of the store what is not the fault of single samples.
  absl::Status Append() {
    return request_.Visit(
        [this](const remote::SymbolizedSeries& series) { return TakeSeries(series); });
  }

  // After an error nothing was stored.
  absl::Status Commit() {
    RETURN_IF_ERROR(appender_->Commit());
    for (const auto& [name, metadata] : metadata_) {
      deps_.metadata->Put(name, {std::string(metadata.type), std::string(metadata.help),
                                 std::string(metadata.unit)});
    }
    return absl::OkStatus();
  }

  WriteOutcome TakeOutcome() {
    if (!errors_.empty()) {
      outcome_.status = 400;
      outcome_.error = errors_.Text();
    }
    return std::move(outcome_);
  }

 private:
  // Errors are those that end the request.
  absl::Status TakeSeries(const remote::SymbolizedSeries& series) {
    absl::StatusOr<remote::LabelViews> labels = request_.Labels(series.label_refs);
    if (!labels.ok()) {
      ++outcome_.invalid_series;
      errors_.Add([&] {
        return StrCat("parsing labels for series ", PrintRefs(series.label_refs), ": ",
                      MessageOf(labels.status()));
      });
      return absl::OkStatus();
    }
    const absl::StatusOr<remote::SeriesMetadata> metadata = request_.Metadata(series);
    if (!metadata.ok()) {
      errors_.Add([&] {
        return StrCat("parsing metadata for series ", PrintRefs(series.label_refs), ": ",
                      MessageOf(metadata.status()));
      });
      return absl::OkStatus();
    }
    if (deps_.query_options.type_and_unit_labels) SetTypeAndUnit(*metadata, *labels);
    if (const auto invalid = remote::FindInvalid(*labels)) {
      ++outcome_.invalid_series;
      errors_.Add([&] { return *invalid; });
      return absl::OkStatus();
    }
    if (series.samples.empty() && series.histograms.empty()) {
      errors_.Add([&] {
        return StrCat("TimeSeries must contain at least one sample or histogram for series ",
                      remote::PrintLabels(*labels));
      });
      return absl::OkStatus();
    }
    const Labels built = remote::BuildLabels(*labels);
    RETURN_IF_ERROR(AppendSamples(series, built, *labels));
    TakeExemplars(series, *labels);
    KeepMetadata(built, *metadata);
    return absl::OkStatus();
  }

  absl::Status AppendSamples(const remote::SymbolizedSeries& series, const Labels& labels,
                             const remote::LabelViews& views) {
    bool is_over_limit = false;
    for (const remote::StartedSample& sample : series.samples) {
      absl::Status status = CheckNotTooNew(sample.timestamp_ms, newest_ms_);
      if (status.ok()) {
        status = appender_->AppendStarted(labels, sample.timestamp_ms, sample.start_ms,
                                          sample.value, nullptr);
      }
      RETURN_IF_ERROR(Judge(status, views, outcome_.samples, is_over_limit));
    }
    for (const remote::WrittenHistogram& one : series.histograms) {
      absl::Status status = CheckNotTooNew(one.sample.timestamp_ms, newest_ms_);
      status.Update(one.verdict);
      if (status.ok()) {
        status = appender_->AppendStarted(labels, one.sample.timestamp_ms, one.start_ms, 0,
                                          one.sample.histogram);
      }
      RETURN_IF_ERROR(Judge(status, views, outcome_.histograms, is_over_limit));
    }
    if (is_over_limit) ++outcome_.limited_series;
    return absl::OkStatus();
  }

  // Counts a stored sample, notes why one was refused, and returns what no repetition would bring
  // in. That the store is full of series is told once for a series.
  absl::Status Judge(const absl::Status& status, const remote::LabelViews& views, int64_t& stored,
                     bool& is_over_limit) {
    if (status.ok()) {
      ++stored;
      return status;
    }
    const bool is_limit = absl::IsResourceExhausted(status);
    if (!is_limit && StatusOfAppendError(status) != 400) return status;
    if (!(is_limit && std::exchange(is_over_limit, true))) {
      errors_.Add(
          [&] { return StrCat(MessageOf(status), " for series ", remote::PrintLabels(views)); });
    }
    return absl::OkStatus();
  }

  // As a Prometheus without exemplar storage: good ones are counted as written, and forgotten.
  void TakeExemplars(const remote::SymbolizedSeries& series, const remote::LabelViews& views) {
    for (const remote::SymbolizedExemplar& exemplar : series.exemplars) {
      const absl::Status status = request_.Labels(exemplar.label_refs).status();
      if (!status.ok()) {
        errors_.Add([&] {
          return StrCat("parsing exemplar for series ", remote::PrintLabels(views), ": ",
                        MessageOf(status));
        });
      } else if (exemplar.timestamp_ms <= newest_ms_) {
        ++outcome_.exemplars;
      }
    }
  }

  void KeepMetadata(const Labels& labels, const remote::SeriesMetadata& metadata) {
    if (deps_.metadata == nullptr) return;
    if (metadata.type == "unknown" && metadata.unit.empty() && metadata.help.empty()) return;
    const std::string_view family = FamilyName(labels.Get(kMetricName), metadata.type);
    metadata_.insert_or_assign(std::string(family), metadata);
  }

  const remote::WriteRequestV2& request_;
  const Dependencies& deps_;
  const int64_t newest_ms_;
  ErrorLines errors_;
  const std::unique_ptr<Appender> appender_;
  WriteOutcome outcome_;
  absl::btree_map<std::string, remote::SeriesMetadata> metadata_;
};

}  // namespace

WriteOutcome StoreWriteV2(std::string_view message, const Dependencies& deps) {
  const auto request = remote::WriteRequestV2::Parse(message, ProtoLimitsOf(deps.write_limits));
  if (!request.ok()) return WriteOutcome::Refused(400, request.status());
  absl::Status status;
  for (int i = 0; i < kMaxAttempts; ++i) {
    Attempt attempt(*request, deps);
    status = attempt.Append();
    if (!status.ok()) {
      const bool is_message = absl::IsInvalidArgument(status) || absl::IsResourceExhausted(status);
      return WriteOutcome::Refused(is_message ? 400 : 500, status);
    }
    status = attempt.Commit();
    if (status.ok()) return attempt.TakeOutcome();
    // Samples are judged when they are appended, unless others committed to the series since then:
    // the next attempt finds which these are.
    if (!absl::IsOutOfRange(status) && !absl::IsAlreadyExists(status)) break;
  }
  return WriteOutcome::Refused(500, status);
}

}  // namespace sloburn::web
