// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/ascii.h"
#include "base/json_writer.h"
#include "base/status_macros.h"
#include "parser/parser.h"
#include "web/api/api_handler.h"
#include "web/api/endpoints.h"
#include "web/api/error_response.h"
#include "web/api/parameters.h"

namespace sloburn::web {
namespace {

absl::StatusOr<Notes> Targets(const Request&, const Form& form, std::string& out) {
  const std::string state =
      absl::AsciiStrToLower(absl::string_view(form.GetFromQuery("state").data(),
                                              form.GetFromQuery("state").size()));
  const bool shows_dropped = state.empty() || state == "any" || state == "dropped";
  out += R"({"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":)";
  out += shows_dropped ? "{}}" : "null}";
  return Notes();
}

absl::StatusOr<Notes> TargetMetadata(const Dependencies& deps, const Form& form,
                                     std::string& out) {
  const std::string_view limit = form.Get("limit");
  if (!limit.empty() && !ParseGoInteger(limit, "").ok()) {
    return absl::InvalidArgumentError("limit must be a number");
  }
  if (const std::string_view text = form.Get("match_target"); !text.empty()) {
    const auto selector = parser::ParseMetricSelector(text, deps.query_options.parse);
    if (!selector.ok()) return InvalidParameter("match_target", MessageOf(selector.status()));
  }
  out += "[]";
  return Notes();
}

void AppendUrls(std::string& out, const std::vector<std::string>& urls) {
  out += '[';
  for (const std::string& url : urls) {
    if (out.back() != '[') out += ',';
    out += R"({"url":)";
    AppendJsonString(out, url, /*html_escape=*/true);
    out += '}';
  }
  out += ']';
}

absl::StatusOr<Notes> AlertmanagerList(const Dependencies& deps, std::string& out) {
  const Alertmanagers all = deps.alertmanagers == nullptr ? Alertmanagers() : deps.alertmanagers();
  out += R"({"activeAlertmanagers":)";
  AppendUrls(out, all.active);
  out += R"(,"droppedAlertmanagers":)";
  AppendUrls(out, all.dropped);
  out += '}';
  return Notes();
}

}  // namespace

// Nothing is scraped: of targets, what there is, is none.
void AddDiscovery(Router& router, const Dependencies& deps) {
  const auto add = [&router](std::string_view path, ApiFunction function) {
    router.Add({"GET"}, path, Lane::kControl, ApiHandler(std::move(function)));
  };
  add("/api/v1/targets", Targets);
  add("/api/v1/targets/metadata",
      [&deps](const Request&, const Form& form, std::string& out) {
        return TargetMetadata(deps, form, out);
      });
  add("/api/v1/scrape_pools",
      [](const Request&, const Form&, std::string& out) -> absl::StatusOr<Notes> {
        out += R"({"scrapePools":[]})";
        return Notes();
      });
  add("/api/v1/alertmanagers",
      [&deps](const Request&, const Form&, std::string& out) {
        return AlertmanagerList(deps, out);
      });
}

}  // namespace sloburn::web
