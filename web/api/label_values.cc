// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include <optional>
#include <string>
#include <unordered_set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "web/api/api_handler.h"
#include "web/api/series_selection.h"
#include "web/api/string_list.h"

namespace sloburn::web {
namespace {

// The code point written as hexadecimal digits between '_' and '_' at the start of `text`.
std::optional<uint32_t> TakeEscapedRune(std::string_view& text) {
  uint32_t code = 0;
  for (size_t i = 1; i < text.size() && i <= 7; ++i) {
    const char c = absl::ascii_tolower(text[i]);
    if (c == '_') {
      if (i == 1 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return std::nullopt;
      text.remove_prefix(i + 1);
      return code;
    }
    if (!absl::ascii_isxdigit(c)) return std::nullopt;
    code = code * 16 + (absl::ascii_isdigit(c) ? c - '0' : c - 'a' + 10);
  }
  return std::nullopt;
}

// "U__http_2e_status" -> "http.status"; what is not well escaped stays as it is.
std::string UnescapeName(std::string_view name) {
  constexpr std::string_view kPrefix = "U__";
  if (name.substr(0, kPrefix.size()) != kPrefix) return std::string(name);
  std::string out;
  std::string_view rest = name.substr(kPrefix.size());
  while (!rest.empty()) {
    if (rest[0] != '_') {
      out += rest[0];
      rest.remove_prefix(1);
    } else if (rest.substr(0, 2) == "__") {
      out += '_';
      rest.remove_prefix(2);
    } else if (const auto code = TakeEscapedRune(rest)) {
      AppendUtf8(out, *code);
    } else {
      return std::string(name);
    }
  }
  return out;
}

absl::StatusOr<Notes> ListValues(const Request& request, const Form& form, const Dependencies& deps,
                                 std::string& out) {
  const std::string name = UnescapeName(request.PathParameter("name"));
  if (name.empty() || !IsValidUtf8(name)) {
    return absl::InvalidArgumentError(StrCat("invalid label name: ", GoQuote(name)));
  }
  ASSIGN_OR_RETURN(const SeriesSelection selection, ReadSeriesSelection(form, deps));
  std::unordered_set<std::string> values;
  RETURN_IF_ERROR(VisitSeries(selection, request, deps, [&](const Labels& labels) {
    if (const std::string_view value = labels.Get(name); !value.empty()) values.emplace(value);
    return true;
  }));
  return AppendSortedTexts(out, values, selection.limit);
}

}  // namespace

void AddLabelValues(Router& router, const Dependencies& deps) {
  router.Add({"GET"}, "/api/v1/label/:name/values", Lane::kQuery,
             ApiHandler([&deps](const Request& request, const Form& form, std::string& out) {
               return ListValues(request, form, deps, out);
             }));
}

}  // namespace sloburn::web
