// SPDX-License-Identifier: Apache-2.0
#include "web/api/explain_json.h"

#include "base/json_writer.h"
#include "base/str_cat.h"
#include "web/api/json_values.h"

namespace sloburn::web {

void AppendExplanationJson(std::string& out, const std::vector<engine::ExplainRow>& rows) {
  out += '[';
  for (const engine::ExplainRow& row : rows) {
    if (&row != &rows.front()) out += ',';
    StrAppend(&out, R"({"depth":)", row.depth, R"(,"operation":)");
    AppendJsonString(out, row.operation);
    out += R"(,"notes":)";
    AppendStringArrayJson(out, row.notes);
    StrAppend(&out, R"(,"series":)", row.series);
    if (row.is_selector) StrAppend(&out, R"(,"samplesRead":)", row.samples);
    StrAppend(&out, R"(,"threads":)", row.threads, R"(,"totalTime":)");
    AppendNumberJson(out, absl::ToDoubleSeconds(row.total));
    out += R"(,"selfTime":)";
    AppendNumberJson(out, absl::ToDoubleSeconds(row.self));
    out += '}';
  }
  out += ']';
}

}  // namespace sloburn::web
