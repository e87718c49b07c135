// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include <atomic>
#include <memory>

#include "base/json_writer.h"
#include "base/str_cat.h"

namespace sloburn::web {
namespace {

ReadyState StateOf(const Dependencies& deps) { return deps.ready ? deps.ready() : ReadyState(); }

// For probes that read JSON.
Response JsonHealth(const ReadyState& state) {
  if (state.is_ready) return Response::Json(200, R"({"status":"ok"})");
  std::string body =
      StrCat(R"({"status":")", state.is_stopping ? "stopping" : "unavailable", R"(","reason":)");
  AppendJsonString(body, state.reason, /*html_escape=*/true);
  body += '}';
  return Response::Json(503, std::move(body));
}

// For probes written for Prometheus.
Response TextReady(const ReadyState& state) {
  if (state.is_ready) return Response::Text(200, "sloburn is Ready.\n");
  std::string body = "Service Unavailable";
  if (!state.reason.empty()) StrAppend(&body, ": ", state.reason);
  Response response = Response::Text(503, std::move(body));
  response.SetHeader("X-Prometheus-Stopping", state.is_stopping ? "true" : "false");
  return response;
}

}  // namespace

void AddHealth(Router& router, const Dependencies& deps) {
  const auto add = [&router](std::string_view path, Handler handler) {
    router.Add({"GET"}, path, Lane::kHealth, std::move(handler));
  };
  const auto alive = [](const Request&) { return Response::Json(200, R"({"status":"ok"})"); };
  add("/-/healthy", [](const Request&) { return Response::Text(200, "sloburn is Healthy.\n"); });
  add("/-/ready", [&deps](const Request&) { return TextReady(StateOf(deps)); });
  add("/health", alive);
  add("/health/live", alive);
  add("/health/ready", [&deps](const Request&) { return JsonHealth(StateOf(deps)); });
  // Start-up is over once the process has been ready; what fails later is not the start's fault.
  auto has_been_ready = std::make_shared<std::atomic<bool>>(false);
  add("/health/startup", [&deps, has_been_ready](const Request&) {
    if (has_been_ready->load()) return JsonHealth(ReadyState());
    const ReadyState state = StateOf(deps);
    if (state.is_ready) has_been_ready->store(true);
    return JsonHealth(state);
  });
}

}  // namespace sloburn::web
