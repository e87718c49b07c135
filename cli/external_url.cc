// SPDX-License-Identifier: Apache-2.0
#include "cli/external_url.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "web/listen_address.h"

namespace sloburn::cli {
namespace {

absl::Status BadUrl(const std::string& url, std::string_view why) {
  return absl::InvalidArgumentError(
      StrCat("--web.external-url: parse external URL ", GoQuote(url), ": ", why));
}

bool IsQuote(char c) { return c == '"' || c == '\''; }

std::string_view WithoutSlashes(std::string_view text) {
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  return text;
}

// Where the path begins in SCHEME://HOST/PATH; a URL may be a path alone.
absl::StatusOr<size_t> PathBegin(const std::string& url) {
  if (IsQuote(url.front()) || IsQuote(url.back())) {
    return BadUrl(url, "URL must not begin or end with quotes");
  }
  if (std::any_of(url.begin(), url.end(),
                  [](char c) { return absl::ascii_isspace(c) || absl::ascii_iscntrl(c); })) {
    return BadUrl(url, "a space or a control character in it");
  }
  if (url.find_first_of("?#") != std::string::npos) {
    return BadUrl(url, "it must end with its path, without ? and #");
  }
  if (url[0] == '/') return 0;
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos || scheme == 0) {
    return BadUrl(url, "write it like https://example.org/ruler");
  }
  const size_t host = scheme + 3;
  const size_t path = std::min(url.find('/', host), url.size());
  if (path == host) return BadUrl(url, "there is no host");
  if (url.substr(host, path - host).find('@') != std::string::npos) {
    // It is a part of each alert that is sent.
    return absl::InvalidArgumentError("--web.external-url must not hold a user or a password");
  }
  return path;
}

}  // namespace

absl::StatusOr<ExternalUrl> ComputeExternalUrl(const std::string& url,
                                               const std::string& route_prefix,
                                               const std::string& listen_address, bool uses_tls) {
  std::string text = url;
  if (text.empty()) {
    ASSIGN_OR_RETURN(const web::ListenAddress address, web::ParseListenAddress(listen_address));
    char hostname[256] = "localhost";
    gethostname(hostname, sizeof hostname - 1);
    text = StrCat(uses_tls ? "https" : "http", "://", hostname, ":", address.port, "/");
  }
  ASSIGN_OR_RETURN(const size_t path, PathBegin(text));
  ExternalUrl external;
  external.url = WithoutSlashes(text);
  std::string_view prefix = WithoutSlashes(
      route_prefix.empty() ? std::string_view(text).substr(path) : std::string_view(route_prefix));
  while (!prefix.empty() && prefix[0] == '/') prefix.remove_prefix(1);
  if (!prefix.empty()) external.route_prefix = StrCat("/", prefix);
  return external;
}

}  // namespace sloburn::cli
