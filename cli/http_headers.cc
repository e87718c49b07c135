// SPDX-License-Identifier: Apache-2.0
#include "cli/http_headers.h"

#include <set>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"
#include "base/utf8.h"

namespace sloburn::cli {
namespace {

bool HoldsLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

}  // namespace

bool IsReservedHeader(std::string_view lower) {
  static const auto* const kReserved =
      new std::set<std::string, std::less<>>{"accept-encoding",
                                             "connection",
                                             "content-encoding",
                                             "content-length",
                                             "content-type",
                                             "host",
                                             "keep-alive",
                                             "proxy-authenticate",
                                             "proxy-authorization",
                                             "user-agent",
                                             "www-authenticate",
                                             "x-prometheus-remote-read-version",
                                             "x-prometheus-remote-write-version"};
  return kReserved->count(lower) > 0;
}

bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kPunctuation = "!#$%&'*+-.^_`|~";
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && kPunctuation.find(c) == std::string_view::npos) return false;
  }
  return !name.empty();
}

void ReadHttpHeaders(const YamlNode* node, const std::filesystem::path& folder, ConfigLog& log,
                     std::map<std::string, HttpHeaderConfig>& headers) {
  if (node == nullptr || node->is_null()) return;
  if (!node->is_mapping()) return log.Error(*node, "http_headers must be a mapping");
  for (const auto& [key, value] : node->entries) {
    const std::string name = key->AsString().value_or("");
    const std::string lower = absl::AsciiStrToLower(name);
    if (!IsHeaderName(name)) {
      log.Error(*key, StrCat(ShownKey(name), " is not a valid header name"));
      continue;
    }
    if (lower == "authorization" || IsReservedHeader(lower)) {
      log.Error(*key, StrCat("setting header ", GoQuote(name), " is not allowed"));
      continue;
    }
    HttpHeaderConfig& header = headers[name];
    ConfigFields fields(value, StrCat("http_headers ", name), log);
    fields.Read("values", header.values);
    std::vector<std::string> secrets;
    fields.Read("secrets", secrets);
    for (std::string& secret : secrets) header.secrets.emplace_back(std::move(secret));
    fields.Read("files", header.files);
    for (std::string& file : header.files) {
      if (file[0] != '/') file = (folder / file).lexically_normal().string();
    }
    for (const std::string& text : header.values) {
      if (HoldsLineBreak(text)) fields.Error("values", "a value holds a line break");
    }
    for (const Secret& secret : header.secrets) {
      if (HoldsLineBreak(secret.reveal())) fields.Error("secrets", "a secret holds a line break");
    }
    fields.Finish({});
  }
}

}  // namespace sloburn::cli
