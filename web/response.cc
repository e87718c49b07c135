// SPDX-License-Identifier: Apache-2.0
#include "web/response.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "base/json_writer.h"
#include "base/str_cat.h"

namespace sloburn::web {
namespace {

bool SameName(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(absl::string_view(a.data(), a.size()),
                                absl::string_view(b.data(), b.size()));
}

struct StatusRow {
  int code;
  std::string_view reason;
};

constexpr StatusRow kStatusRows[] = {
    {100, "Continue"},
    {200, "OK"},
    {204, "No Content"},
    {302, "Found"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {413, "Request Entity Too Large"},
    {414, "Request URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Entity"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

}  // namespace

std::string_view ReasonPhrase(int status) {
  for (const StatusRow& row : kStatusRows) {
    if (row.code == status) return row.reason;
  }
  return "Unknown";
}

void Response::SetHeader(std::string_view name, std::string value) {
  headers.erase(std::remove_if(headers.begin(), headers.end(),
                               [&](const Header& h) { return SameName(h.name, name); }),
                headers.end());
  headers.push_back({std::string(name), std::move(value)});
}

void Response::AddToHeader(std::string_view name, std::string_view value) {
  for (Header& header : headers) {
    if (!SameName(header.name, name)) continue;
    if (header.value.find(value) == std::string::npos) {
      StrAppend(&header.value, ", ", value);
    }
    return;
  }
  headers.push_back({std::string(name), std::string(value)});
}

std::string_view Response::FindHeader(std::string_view name) const {
  for (const Header& header : headers) {
    if (SameName(header.name, name)) return header.value;
  }
  return {};
}

Response Response::Text(int status, std::string body) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
}

Response Response::Json(int status, std::string body) {
  return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

Response Response::NoContent() { return {204, {}, ""}; }

Response Response::Redirect(std::string_view location) {
  // A path of the operator's; what HTML has names for is in no path as it is sent.
  return {302,
          {{"Content-Type", "text/html; charset=utf-8"}, {"Location", std::string(location)}},
          StrCat("<a href=\"", location, "\">Found</a>.\n\n")};
}

Response Response::PlainError(int status, std::string_view message) {
  return Text(status, StrCat(message, "\n"));
}

Response Response::ApiError(int status, std::string_view error_type, std::string_view message) {
  std::string body = StrCat(R"({"status":"error","errorType":")", error_type, R"(","error":)");
  AppendJsonString(body, message, /*html_escape=*/true);
  body += '}';
  return Json(status, std::move(body));
}

}  // namespace sloburn::web
