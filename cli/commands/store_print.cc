// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/store_print.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/str_cat.h"
#include "base/thousands.h"

namespace sloburn::cli {
namespace {

using nlohmann::json;
using Row = std::vector<std::string>;

// The first column is aligned to the left, the others to the right.
std::string TableText(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      StrAppend(&line, i == 0 ? "" : "  ", i == 0 ? "" : padding, row[i], i == 0 ? padding : "");
    }
    line.erase(line.find_last_not_of(' ') + 1);
    StrAppend(&text, line, "\n");
  }
  return text;
}

double PerSample(int64_t bytes, int64_t samples) {
  return samples == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(samples);
}

std::string PerSampleText(int64_t bytes, int64_t samples) {
  return samples == 0 ? "-" : absl::StrFormat("%.4f", PerSample(bytes, samples));
}

std::string Time(int64_t time_ms) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(time_ms),
                          absl::UTCTimeZone());
}

// What SQLite has in use, those parts of it that are still in the log included.
int64_t UsedBytes(const StoreInspection& found) {
  return (found.pages - found.free_pages) * found.page_bytes;
}

std::string SummaryText(const StoreReader& reader, const StoreInspection& found) {
  const auto count = [](int64_t number) { return WithThousandsCommas(number); };
  std::string text = StrCat("database  ", reader.path(),
                            reader.is_in_use() ? ", in use by a running process" : "", "\n");
  StrAppend(&text, "files     ", count(reader.file_bytes()), " bytes, and ",
            count(reader.wal_bytes()), " bytes of write-ahead log\n");
  StrAppend(&text, "pages     ", count(UsedBytes(found)), " bytes in use, ",
            count(found.free_pages * found.page_bytes), " bytes free");
  if (!found.is_selection) {
    StrAppend(&text, "; ", PerSampleText(UsedBytes(found), found.samples()), " bytes per sample");
  }
  text += '\n';
  StrAppend(&text, "series    ", count(found.series.rows), ", ", count(found.series_with_samples),
            " of them with samples\n");
  StrAppend(&text, "samples   ", count(found.samples()), ": ", count(found.chunks.samples),
            " in full chunks, ", count(found.newest.samples), " newest, ",
            count(found.journal_newer), " in the journal alone\n");
  if (found.has_samples) {
    StrAppend(&text, "times     ", Time(found.min_ms), " to ", Time(found.max_ms), "\n");
  }
  return text;
}

std::string TablesText(const StoreInspection& found) {
  std::vector<Row> rows = {{"TABLE", "ROWS", "SAMPLES", "BYTES", "BYTES/SAMPLE"}};
  const auto add = [&rows](const char* name, const TableUse& use) {
    rows.push_back({name, WithThousandsCommas(use.rows), WithThousandsCommas(use.samples),
                    WithThousandsCommas(use.bytes), PerSampleText(use.bytes, use.samples)});
  };
  add("series (labels)", found.series);
  add("chunks", found.chunks);
  add("newest", found.newest);
  add("journal (all series)", found.journal);
  add("quarantine (all series)", found.quarantine);
  return TableText(rows);
}

std::string PartsText(const StoreInspection& found) {
  std::vector<Row> rows = {{"PART", "CHUNKS", "SAMPLES", "BYTES", "BYTES/SAMPLE"}};
  int64_t bytes = 0;
  for (const PartUse& use : found.parts) {
    rows.push_back({StrCat(use.part, use.codec.empty() ? "" : ", ", use.codec),
                    WithThousandsCommas(use.chunks), WithThousandsCommas(use.samples),
                    WithThousandsCommas(use.bytes), PerSampleText(use.bytes, use.samples)});
    bytes += use.bytes;
  }
  const int64_t samples = found.chunks.samples + found.newest.samples;
  rows.push_back({"together", "", WithThousandsCommas(samples), WithThousandsCommas(bytes),
                  PerSampleText(bytes, samples)});
  return TableText(rows);
}

std::string UsesText(std::string_view title, const std::vector<LabelUse>& uses) {
  std::vector<Row> rows = {{std::string(title), "SERIES", "SAMPLES", "BYTES"}};
  for (const LabelUse& use : uses) {
    rows.push_back({use.name, WithThousandsCommas(use.series), WithThousandsCommas(use.samples),
                    WithThousandsCommas(use.bytes)});
  }
  return TableText(rows);
}

std::string ValuesText(const std::vector<LabelUse>& uses) {
  std::vector<Row> rows = {{"LABEL BY VALUES", "VALUES", "SERIES"}};
  for (const LabelUse& use : uses) {
    rows.push_back({use.name, WithThousandsCommas(use.values), WithThousandsCommas(use.series)});
  }
  return TableText(rows);
}

json ToJson(const TableUse& use) {
  return {{"rows", use.rows}, {"samples", use.samples}, {"bytes", use.bytes}};
}

json ToJson(const std::vector<LabelUse>& uses, bool has_values) {
  json list = json::array();
  for (const LabelUse& use : uses) {
    json one = {
        {"name", use.name}, {"series", use.series}, {"samples", use.samples}, {"bytes", use.bytes}};
    if (has_values) one["values"] = use.values;
    list.push_back(std::move(one));
  }
  return list;
}

json PartsJson(const StoreInspection& found) {
  json parts = json::array();
  for (const PartUse& use : found.parts) {
    parts.push_back({{"part", use.part},
                     {"codec", use.codec},
                     {"chunks", use.chunks},
                     {"samples", use.samples},
                     {"bytes", use.bytes},
                     {"bytesPerSample", PerSample(use.bytes, use.samples)}});
  }
  return parts;
}

}  // namespace

std::string InspectionText(const StoreReader& reader, const StoreInspection& found) {
  std::string text = SummaryText(reader, found);
  for (const std::string& table :
       {TablesText(found), PartsText(found), UsesText("METRIC BY SERIES", found.metrics_by_series),
        ValuesText(found.labels_by_values), UsesText("PAIR BY SERIES", found.pairs_by_series),
        UsesText("PAIR BY SAMPLES", found.pairs_by_samples),
        UsesText("PAIR BY BYTES", found.pairs_by_bytes)}) {
    StrAppend(&text, "\n", table);
  }
  return text;
}

std::string InspectionJson(const StoreReader& reader, const StoreInspection& found) {
  json all = {
      {"path", reader.path()},
      {"inUse", reader.is_in_use()},
      {"databaseBytes", reader.file_bytes()},
      {"walBytes", reader.wal_bytes()},
      {"usedBytes", UsedBytes(found)},
      {"freeBytes", found.free_pages * found.page_bytes},
      {"series", found.series.rows},
      {"seriesWithSamples", found.series_with_samples},
      {"samples", found.samples()},
      {"journalNewerSamples", found.journal_newer},
      {"unreadableValues", found.unreadable},
      {"tables",
       {{"series", ToJson(found.series)},
        {"chunks", ToJson(found.chunks)},
        {"newest", ToJson(found.newest)},
        {"journal", ToJson(found.journal)},
        {"quarantine", ToJson(found.quarantine)}}},
      {"parts", PartsJson(found)},
      {"metricsBySeries", ToJson(found.metrics_by_series, false)},
      {"labelsByValues", ToJson(found.labels_by_values, true)},
      {"pairsBySeries", ToJson(found.pairs_by_series, false)},
      {"pairsBySamples", ToJson(found.pairs_by_samples, false)},
      {"pairsByBytes", ToJson(found.pairs_by_bytes, false)},
  };
  if (found.has_samples) {
    all["minTime"] = found.min_ms;
    all["maxTime"] = found.max_ms;
  }
  return all.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace sloburn::cli
