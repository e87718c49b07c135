// SPDX-License-Identifier: Apache-2.0
#include "cli/export_metrics.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "base/form_escape.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "engine/openmetrics/openmetrics_writer.h"
#include "engine/remote/query_api.h"
#include "engine/remote/remote_read.h"

namespace sloburn::cli {
namespace {

using nlohmann::json;
using openmetrics::FamilyType;

constexpr size_t kMetricsPerRequest = 50;
constexpr size_t kPieceBytes = 64 << 10;
constexpr std::string_view kTotal = "_total";
constexpr absl::Duration kLongestRead = absl::Hours(24);

// One metric name, as a family of its own.
struct Metric {
  std::string name, family;
  FamilyType type = FamilyType::kUnknown;
};

// `data` of an answer of the API.
absl::StatusOr<json> GetData(remote::HttpClient& client, const std::string& path,
                             const std::string& query) {
  ASSIGN_OR_RETURN(const remote::HttpResponse response, client.Get(path, query));
  RETURN_IF_ERROR(client.ToStatus(response, path));
  json answer = json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object() || !answer.contains("data")) {
    return absl::DataLossError(
        StrCat(client.url().Redacted(), path, ": this is no answer of a Prometheus API"));
  }
  return std::move(answer["data"]);
}

absl::StatusOr<std::set<std::string>> GetNames(remote::HttpClient& client,
                                               const ExportOptions& options) {
  const std::string query = StrCat("match%5B%5D=", FormEscape(options.match),
                                   "&start=", remote::FormatSeconds(options.start_ms),
                                   "&end=", remote::FormatSeconds(options.end_ms));
  const std::string path = "/api/v1/label/__name__/values";
  ASSIGN_OR_RETURN(const json data, GetData(client, path, query));
  std::set<std::string> names;
  for (const json& name : data) {
    if (name.is_string()) names.insert(name.get<std::string>());
  }
  return names;
}

// By the names under which the server knows types; empty where it has none to tell.
std::map<std::string, std::string> GetTypes(remote::HttpClient& client) {
  std::map<std::string, std::string> types;
  const absl::StatusOr<json> data = GetData(client, "/api/v1/metadata", "");
  if (!data.ok() || !data->is_object()) return types;
  for (const auto& [name, entries] : data->items()) {
    if (!entries.is_array() || entries.empty() || !entries[0].is_object()) continue;
    const auto type = entries[0].find("type");
    if (type != entries[0].end() && type->is_string()) types[name] = type->get<std::string>();
  }
  return types;
}

// The lines of histograms and summaries would have to stand together by timestamp; they are
// families of their own, like everything whose type is not known.
Metric ToMetric(const std::string& name, const std::set<std::string>& names,
                const std::map<std::string, std::string>& types) {
  const auto has_type = [&](const std::string& metric, std::string_view type) {
    const auto found = types.find(metric);
    return found != types.end() && found->second == type;
  };
  if (has_type(name, "gauge")) return {name, name, FamilyType::kGauge};
  if (name.size() > kTotal.size() && name.ends_with(kTotal)) {
    const std::string family = name.substr(0, name.size() - kTotal.size());
    const bool is_free = !names.contains(family) && !names.contains(family + "_created");
    if (is_free && (has_type(name, "counter") || has_type(family, "counter"))) {
      return {name, family, FamilyType::kCounter};
    }
  }
  return {name, name, FamilyType::kUnknown};
}

class Exporter {
 public:
  Exporter(remote::HttpClient& client, const ExportOptions& options, const TextSink& sink,
           const std::function<void(const ExportProgress&)>& on_progress)
      : client_(client), options_(options), sink_(sink), on_progress_(on_progress) {}

  absl::StatusOr<ExportProgress> Run() {
    ASSIGN_OR_RETURN(const std::set<std::string> names, GetNames(client_, options_));
    const auto types = GetTypes(client_);
    for (const std::string& name : names) metrics_.push_back(ToMetric(name, names, types));
    // Families in order: those of counters are named otherwise than their metrics.
    std::sort(metrics_.begin(), metrics_.end(),
              [](const Metric& a, const Metric& b) { return a.family < b.family; });
    progress_.metrics = metrics_.size();
    while (progress_.metrics_done < metrics_.size()) {
      if (progress_.by_query_api) {
        RETURN_IF_ERROR(QueryOne(metrics_[progress_.metrics_done++]));
        continue;
      }
      const size_t count =
          std::min(kMetricsPerRequest, metrics_.size() - progress_.metrics_done);
      const absl::Status status = ReadSome(progress_.metrics_done, count);
      // Only an answer without any series can say that there is no remote read.
      progress_.by_query_api = absl::IsUnimplemented(status) && progress_.series == 0;
      if (progress_.by_query_api) continue;
      RETURN_IF_ERROR(status);
      progress_.metrics_done += count;
    }
    writer_.End();
    RETURN_IF_ERROR(sink_(text_));
    return progress_;
  }

 private:
  Matchers MatchersFor(const Metric& metric) const {
    Matchers matchers = options_.matchers;
    matchers.push_back(Matcher::Plain(parser::MatchType::kEqual, kMetricName, metric.name));
    return matchers;
  }

  absl::Status ReadSome(size_t from, size_t count) {
    std::vector<remote::ReadQuery> queries;
    for (size_t i = from; i < from + count; ++i) {
      queries.push_back({options_.start_ms, options_.end_ms, MatchersFor(metrics_[i])});
    }
    remote::RemoteReadOptions read_options;
    read_options.total_timeout = kLongestRead;
    remote::RemoteReader reader(&client_, read_options);
    return reader
        .Read(queries,
              [&](remote::ReadSeries series) {
                if (!series.status.ok() || !series.histograms.empty()) ++progress_.histogram_series;
                return Write(metrics_[from + series.query_index], series.labels, series.samples);
              })
        .status();
  }

  absl::Status QueryOne(const Metric& metric) {
    std::string selector;
    for (const Matcher& matcher : MatchersFor(metric)) {
      StrAppend(&selector, selector.empty() ? "{" : ",", matcher.ToString());
    }
    remote::QueryApi api(&client_, {.skip_histograms = true});
    // The range is open at its start.
    ASSIGN_OR_RETURN(const remote::QueryAnswer answer,
                     api.RangeSelector(StrCat(selector, "}"),
                                       options_.end_ms - options_.start_ms + 1, options_.end_ms));
    progress_.histogram_series += static_cast<int64_t>(answer.histogram_series.size());
    for (const SeriesSamples& series : std::get<Matrix>(answer.value)) {
      RETURN_IF_ERROR(Write(metric, series.labels, series.samples));
    }
    return absl::OkStatus();
  }

  absl::Status Write(const Metric& metric, const Labels& labels,
                     const std::vector<Sample>& samples) {
    bool has_begun = false;
    for (const Sample& sample : samples) {
      if (IsStale(sample.value)) {
        ++progress_.markers;
        continue;
      }
      if (&metric != last_metric_) writer_.BeginFamily(metric.family, metric.type);
      last_metric_ = &metric;
      if (!has_begun) writer_.BeginSeries(labels);
      has_begun = true;
      writer_.AddSample(sample.timestamp_ms, sample.value);
      ++progress_.samples;
      if (text_.size() >= kPieceBytes) RETURN_IF_ERROR(Flush());
    }
    if (has_begun) ++progress_.series;
    return absl::OkStatus();
  }

  absl::Status Flush() {
    RETURN_IF_ERROR(sink_(text_));
    text_.clear();
    if (on_progress_) on_progress_(progress_);
    return absl::OkStatus();
  }

  remote::HttpClient& client_;
  const ExportOptions& options_;
  const TextSink& sink_;
  const std::function<void(const ExportProgress&)>& on_progress_;
  ExportProgress progress_;
  std::vector<Metric> metrics_;
  const Metric* last_metric_ = nullptr;
  std::string text_;
  openmetrics::OpenMetricsWriter writer_{&text_};
};

}  // namespace

absl::StatusOr<ExportProgress> ExportMetrics(
    remote::HttpClient& client, const ExportOptions& options, const TextSink& sink,
    const std::function<void(const ExportProgress&)>& on_progress) {
  return Exporter(client, options, sink, on_progress).Run();
}

}  // namespace sloburn::cli
