// SPDX-License-Identifier: Apache-2.0
#include "web/cross_origin.h"

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "engine/model/matcher.h"

namespace sloburn::web {

absl::StatusOr<std::function<void(const Request&, Response&)>> CorsFinisher(
    std::string_view allowed) {
  ASSIGN_OR_RETURN(Matcher matcher,
                   Matcher::Create(parser::MatchType::kRegex, "web.cors.origin", allowed));
  const bool allows_all = allowed == ".*";
  return [matcher = std::move(matcher), allows_all](const Request& request, Response& response) {
    response.AddToHeader("Vary", "Origin");
    const std::string_view origin = request.FindHeader("Origin");
    if (origin.empty()) return;
    if (!allows_all && !matcher.Matches(origin)) return;
    response.SetHeader("Access-Control-Allow-Headers",
                       "Accept, Authorization, Content-Type, Origin");
    response.SetHeader("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    response.SetHeader("Access-Control-Expose-Headers", "Date");
    response.SetHeader("Access-Control-Allow-Origin", allows_all ? "*" : std::string(origin));
  };
}

bool IsCrossSite(const Request& request) {
  const std::string_view site = request.FindHeader("Sec-Fetch-Site");
  if (!site.empty()) return site != "same-origin" && site != "none";
  const std::string_view origin = request.FindHeader("Origin");
  if (origin.empty()) return false;  // not a browser
  const size_t scheme_end = origin.find("://");
  const std::string_view host =
      scheme_end == std::string_view::npos ? std::string_view() : origin.substr(scheme_end + 3);
  return host != request.FindHeader("Host");
}

}  // namespace sloburn::web
