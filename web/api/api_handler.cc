// SPDX-License-Identifier: Apache-2.0
#include "web/api/api_handler.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/str_cat.h"
#include "web/api/error_response.h"

namespace sloburn::web {
namespace {

// Prometheus lists ten notes of each kind and counts the rest.
constexpr size_t kMaxNotes = 10;

void AppendNotes(std::string& out, std::string_view key, std::string_view kind,
                 const std::vector<std::string>& notes) {
  if (notes.empty()) return;
  StrAppend(&out, ",\"", key, "\":[");
  const size_t shown = std::min(notes.size(), kMaxNotes);
  for (size_t i = 0; i < shown; ++i) {
    if (i > 0) out += ',';
    AppendJsonString(out, notes[i], /*html_escape=*/true);
  }
  if (notes.size() > shown) {
    StrAppend(&out, ",\"", notes.size() - shown, " more ", kind, " annotations omitted\"");
  }
  out += ']';
}

}  // namespace

Handler ApiHandler(ApiFunction function) {
  return [function = std::move(function)](const Request& request) {
    std::string body = R"({"status":"success","data":)";
    const absl::StatusOr<Notes> notes = function(request, Form(request), body);
    if (!notes.ok()) return ErrorResponse(notes.status());
    AppendNotes(body, "warnings", "warning", notes->warnings);
    AppendNotes(body, "infos", "info", notes->infos);
    body += '}';
    return Response::Json(200, std::move(body));
  };
}

}  // namespace sloburn::web
