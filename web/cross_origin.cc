// SPDX-License-Identifier: Apache-2.0
#include "web/cross_origin.h"

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "engine/model/matcher.h"

namespace sloburn::web {

namespace {

// No endpoint has answered, but the router.
bool IsUnknown(const Response& response) {
  return (response.status == 404 || response.status == 405) &&
         response.FindHeader("Content-Type").starts_with("text/plain");
}

}  // namespace

absl::StatusOr<std::function<void(const Request&, Response&)>> CorsFinisher(
    std::string_view allowed) {
  ASSIGN_OR_RETURN(Matcher matcher,
                   Matcher::Create(parser::MatchType::kRegex, "web.cors.origin", allowed));
  return [matcher = std::move(matcher)](const Request& request, Response& response) {
    if (!request.path.starts_with("/api/v1/") || IsUnknown(response)) return;
    // The one path of the API that changes something; browsers have no business there.
    if (request.path == "/api/v1/write") return;
    response.AddToHeader("Vary", "Origin");
    const std::string_view origin = request.FindHeader("Origin");
    if (origin.empty()) return;
    response.SetHeader("Access-Control-Allow-Headers",
                       "Accept, Authorization, Content-Type, Origin");
    response.SetHeader("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    response.SetHeader("Access-Control-Expose-Headers", "Date");
    // As Prometheus: the origin itself even where all are allowed.
    if (matcher.Matches(origin)) {
      response.SetHeader("Access-Control-Allow-Origin", std::string(origin));
    }
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
