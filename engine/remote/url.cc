// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/url.h"

#include <cctype>
#include <charconv>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/str_cat.h"

namespace sloburn::remote {
namespace {

absl::Status Bad(std::string_view what) {
  return absl::InvalidArgumentError(
      StrCat("bad URL: ", what, "; write it as http://host:port/path"));
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned code = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const char* const end = text.data() + i + 3;
    const auto result = std::from_chars(text.data() + i + 1, end, code, 16);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    out += static_cast<char>(code);
    i += 2;
  }
  return out;
}

absl::Status ParseUserinfo(std::string_view userinfo, Url& url) {
  const size_t colon = userinfo.find(':');
  const auto username = PercentDecode(userinfo.substr(0, colon));
  const auto password =
      PercentDecode(colon == std::string_view::npos ? "" : userinfo.substr(colon + 1));
  if (!username || !password) return Bad("a broken %-escape before the '@'");
  url.username = *username;
  url.password = *password;
  return absl::OkStatus();
}

bool IsHostName(std::string_view host) {
  for (const char c : host) {
    if (!absl::ascii_isalnum(c) && c != '.' && c != '-' && c != '_') return false;
  }
  return !host.empty();
}

absl::Status ParseHostPort(std::string_view text, Url& url) {
  std::string_view host = text, port;
  if (!text.empty() && text[0] == '[') {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return Bad("no ']' after the IPv6 address");
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (host.empty() || host.find_first_not_of("0123456789abcdefABCDEF:.") != host.npos) {
      return Bad("the brackets do not hold an IPv6 address");
    }
  } else {
    const size_t colon = text.find(':');
    host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
    if (!IsHostName(host)) return Bad(host.empty() ? "no host" : "a host of unusual characters");
  }
  url.host = host;
  if (port.empty() || port == ":") return absl::OkStatus();
  if (port[0] != ':') return Bad("something between the host and the path");
  port.remove_prefix(1);
  const auto result = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (result.ec != std::errc() || result.ptr != port.data() + port.size() || url.port == 0) {
    return Bad("the port is not a number from 1 to 65535");
  }
  return absl::OkStatus();
}

}  // namespace

std::string Url::Authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? StrCat("[", host, "]:", port) : StrCat(host, ":", port);
}

std::string Url::Redacted() const {
  return StrCat(is_https ? "https://" : "http://", Authority(), path == "/" ? "" : path);
}

absl::StatusOr<Url> ParseUrl(std::string_view text) {
  Url url;
  for (const unsigned char c : text) {
    if (c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '\\') {
      return Bad("a space, a control or an unusual character; write it as %XX");
    }
  }
  const size_t separator = text.find("://");
  if (separator == std::string_view::npos) return Bad("no scheme");
  const std::string scheme = absl::AsciiStrToLower(ToAbsl(text.substr(0, separator)));
  if (scheme != "http" && scheme != "https") return Bad("the scheme is neither http nor https");
  url.is_https = scheme == "https";
  url.port = url.is_https ? 443 : 80;
  std::string_view rest = text.substr(separator + 3);
  if (rest.find('#') != std::string_view::npos) return Bad("a fragment (#...)");
  const size_t authority_end = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, authority_end);
  rest = authority_end == std::string_view::npos ? "" : rest.substr(authority_end);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    if (absl::Status status = ParseUserinfo(authority.substr(0, at), url); !status.ok()) {
      return status;
    }
    authority.remove_prefix(at + 1);
  }
  if (absl::Status status = ParseHostPort(authority, url); !status.ok()) return status;
  const size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    url.query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  if (!rest.empty()) url.path = rest;
  return url;
}

}  // namespace sloburn::remote
