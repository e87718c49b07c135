// SPDX-License-Identifier: Apache-2.0
#include "web/api/stats_json.h"

#include "base/str_cat.h"
#include "web/api/json_values.h"

namespace sloburn::web {
namespace {

using Steps = std::vector<engine::QuerySamples::Step>;

// "KEY":[[1435781430,3],[1435781445.5,2]],
void AppendSteps(std::string& out, std::string_view key, const Steps& steps) {
  if (steps.empty()) return;
  StrAppend(&out, "\"", key, "\":[");
  bool is_first = true;
  for (const auto& step : steps) {
    out += is_first ? "[" : ",[";
    is_first = false;
    AppendNumberJson(out, static_cast<double>(step.timestamp_ms) / 1000);
    StrAppend(&out, ",", step.samples, "]");
  }
  out += "],";
}

void AppendTimings(std::string& out, const QueryTimings& timings) {
  const auto append = [&out](std::string_view key, absl::Duration time) {
    StrAppend(&out, "\"", key, "\":");
    AppendNumberJson(out, absl::ToDoubleSeconds(time));
  };
  out += '{';
  append("evalTotalTime", timings.prepare + timings.evaluate);
  // Results come out of the evaluation in order: there is no time of sorting.
  out += R"(,"resultSortTime":0,)";
  append("queryPreparationTime", timings.prepare);
  out += ',';
  append("innerEvalTime", timings.evaluate);
  out += ',';
  append("execQueueTime", timings.queue);
  out += ',';
  append("execTotalTime", timings.queue + timings.prepare + timings.evaluate);
  out += '}';
}

}  // namespace

void AppendStatsJson(std::string& out, const QueryTimings& timings,
                     const engine::QuerySamples& samples) {
  out += R"({"timings":)";
  AppendTimings(out, timings);
  out += R"(,"samples":{)";
  AppendSteps(out, "totalQueryableSamplesPerStep", samples.queryable_by_step);
  StrAppend(&out, R"("totalQueryableSamples":)", samples.queryable, ",");
  AppendSteps(out, "samplesReadPerStep", samples.read_by_step);
  StrAppend(&out, R"("samplesRead":)", samples.read, R"(,"peakSamples":)", samples.peak, "}}");
}

}  // namespace sloburn::web
