// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/query_explain.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/form_escape.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/thousands.h"
#include "engine/remote/query_api.h"

namespace sloburn::cli {
namespace {

using nlohmann::json;

constexpr size_t kMaxOperationWidth = 72;

struct Line {
  std::string operation, series, samples, threads, total, self, notes;
};

std::string Milliseconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f ms", seconds * 1000);
  return text;
}

// Cut between characters.
std::string Shortened(std::string text) {
  if (text.size() <= kMaxOperationWidth) return text;
  size_t end = kMaxOperationWidth - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

// Throws json::exception on an answer that is not an explanation.
Line ToLine(const json& row) {
  constexpr size_t kMaxIndent = 40;
  Line line;
  const std::string indent(std::min(2 * row.at("depth").get<size_t>(), kMaxIndent), ' ');
  line.operation = Shortened(indent + row.at("operation").get<std::string>());
  line.series = WithThousandsCommas(row.at("series").get<int64_t>());
  if (row.contains("samplesRead")) {
    line.samples = WithThousandsCommas(row["samplesRead"].get<int64_t>());
  }
  line.threads = StrCat(row.at("threads").get<int>());
  line.total = Milliseconds(row.at("totalTime").get<double>());
  line.self = Milliseconds(row.at("selfTime").get<double>());
  for (const json& note : row.at("notes")) {
    StrAppend(&line.notes, line.notes.empty() ? "" : "; ", note.get<std::string>());
  }
  return line;
}

void PrintTable(const std::vector<Line>& lines, std::ostream& out) {
  constexpr std::string Line::*kColumns[] = {&Line::operation, &Line::series, &Line::samples,
                                             &Line::threads,   &Line::total,  &Line::self};
  for (const Line& line : lines) {
    std::string text;
    for (const auto column : kColumns) {
      size_t width = 0;
      for (const Line& any : lines) width = std::max(width, (any.*column).size());
      const std::string padding(width - (line.*column).size(), ' ');
      const bool is_first = column == &Line::operation;
      StrAppend(&text, is_first ? "" : "  ", is_first ? "" : padding, line.*column,
                is_first ? padding : "");
    }
    StrAppend(&text, line.notes.empty() ? "" : "  ", line.notes);
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << "\n";
  }
}

}  // namespace

absl::Status PrintExplanation(std::string_view answer, std::ostream& out) {
  const json parsed = json::parse(answer, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return absl::DataLossError("the server's answer is no JSON object");
  const std::string status = parsed.value("status", json()).is_string()
                                 ? parsed["status"].get<std::string>()
                                 : std::string();
  if (status != "success") {
    const json error = parsed.value("error", json());
    return absl::InvalidArgumentError(error.is_string() ? error.get<std::string>()
                                                        : "the server's answer has no status");
  }
  const json::json_pointer place("/data/explanation");
  if (!parsed.contains(place)) {
    return absl::FailedPreconditionError(
        "the server does not explain queries: is it a sloburn of this version?");
  }
  std::vector<Line> lines = {
      {"operator", "series", "samples read", "threads", "time", "of its own", "notes"}};
  try {
    for (const json& row : parsed.at(place)) lines.push_back(ToLine(row));
  } catch (const json::exception& error) {
    return absl::DataLossError(StrCat("the server's explanation cannot be read: ", error.what()));
  }
  PrintTable(lines, out);
  return absl::OkStatus();
}

absl::Status ExplainQuery(remote::HttpClient& client, const std::string& query, int64_t time_ms,
                          std::ostream& out) {
  const std::string form =
      StrCat("query=", FormEscape(query), "&time=", remote::FormatSeconds(time_ms),
             "&explain=true");
  ASSIGN_OR_RETURN(const remote::HttpResponse response,
                   client.Post("/api/v1/query", form, "application/x-www-form-urlencoded"));
  // Errors of queries are JSON as well, and tell more than the status.
  const bool is_json = response.Header("content-type").starts_with("application/json");
  if (!is_json) RETURN_IF_ERROR(client.ToStatus(response, "/api/v1/query"));
  return PrintExplanation(response.body, out);
}

}  // namespace sloburn::cli
