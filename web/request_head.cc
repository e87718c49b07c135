// SPDX-License-Identifier: Apache-2.0
#include "web/request_head.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "base/str_cat.h"

namespace sloburn::web {
namespace {

bool SameText(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(absl::string_view(a.data(), a.size()),
                                absl::string_view(b.data(), b.size()));
}

int CountOf(const RequestHead& head, std::string_view name) {
  return static_cast<int>(std::count_if(head.headers.begin(), head.headers.end(),
                                        [&](const Header& h) { return SameText(h.name, name); }));
}

std::string_view ValueOf(const RequestHead& head, std::string_view name) {
  for (const Header& header : head.headers) {
    if (SameText(header.name, name)) return header.value;
  }
  return {};
}

std::optional<Response> RefuseSizes(const RequestHead& head, const ServerOptions& options) {
  if (static_cast<int64_t>(head.target.size()) > options.max_uri_bytes) {
    return Response::PlainError(414, "Request URI Too Long");
  }
  int64_t bytes = 0;
  for (const Header& header : head.headers) {
    bytes += static_cast<int64_t>(header.name.size() + header.value.size()) + 4;
  }
  if (bytes > options.max_header_bytes ||
      static_cast<int64_t>(head.headers.size()) > options.max_header_count) {
    return Response::PlainError(431, "Request Header Fields Too Large");
  }
  return std::nullopt;
}

// A body whose length two readers may understand differently is how requests are smuggled.
std::optional<Response> RefuseFraming(const RequestHead& head) {
  const int codings = CountOf(head, "Transfer-Encoding");
  if (codings == 0) return std::nullopt;
  if (codings > 1 || head.version < 11 || CountOf(head, "Content-Length") > 0) {
    return Response::PlainError(400, "400 Bad Request: conflicting body lengths");
  }
  if (!head.is_chunked || !SameText(ValueOf(head, "Transfer-Encoding"), "chunked")) {
    return Response::PlainError(501, "501 Not Implemented: unsupported transfer encoding");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Response> RefuseHead(const RequestHead& head, const ServerOptions& options) {
  if (auto refusal = RefuseSizes(head, options)) return refusal;
  const int hosts = CountOf(head, "Host");
  if (hosts > 1) return Response::PlainError(400, "400 Bad Request: too many Host headers");
  if (hosts == 0 && head.version >= 11) {
    return Response::PlainError(400, "400 Bad Request: missing required Host header");
  }
  if (auto refusal = RefuseFraming(head)) return refusal;
  if (CountOf(head, "Expect") > 0 && !SameText(ValueOf(head, "Expect"), "100-continue")) {
    return Response::PlainError(417, "Expectation Failed");
  }
  return std::nullopt;
}

bool SplitTarget(std::string_view target, std::string* path, std::string* query) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.substr(0, scheme.size()) != scheme) continue;
    const size_t slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  if (target.empty() || (target[0] != '/' && target != "*")) return false;
  const size_t mark = target.find('?');
  *path = std::string(target.substr(0, mark));
  *query = mark == std::string_view::npos ? "" : std::string(target.substr(mark + 1));
  return true;
}

std::string WriteResponseHead(const Response& response, int version, bool keep_alive) {
  std::string out = StrCat(
      "HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status),
      "\r\nDate: ", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()),
      "\r\n");
  for (const Header& header : response.headers) {
    StrAppend(&out, header.name, ": ");
    for (const char c : header.value) {
      // A line break would let a value start a header of its own.
      out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    }
    out += "\r\n";
  }
  if (response.write_body != nullptr) {
    if (version >= 11) out += "Transfer-Encoding: chunked\r\n";
  } else if (response.status != 204 && response.status != 304) {
    StrAppend(&out, "Content-Length: ", response.body.size(), "\r\n");
  }
  if (!keep_alive) {
    out += "Connection: close\r\n";
  } else if (version < 11) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  return out;
}

}  // namespace sloburn::web
