// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include "base/json_writer.h"
#include "base/str_cat.h"
#include "web/api/api_handler.h"
#include "web/api/json_values.h"

namespace sloburn::web {
namespace {

void AppendText(std::string& out, std::string_view key, std::string_view value) {
  AppendJsonString(out, key);
  out += ':';
  AppendJsonString(out, value, /*html_escape=*/true);
}

void AppendRuntimeInfo(std::string& out, const RuntimeInfo& info, absl::Time now) {
  out += R"({"startTime":)";
  AppendTimeJson(out, info.start_time);
  out += ',';
  AppendText(out, "CWD", info.working_directory);
  out += ',';
  AppendText(out, "hostname", info.hostname);
  out += R"(,"serverTime":)";
  AppendTimeJson(out, now);
  StrAppend(&out, R"(,"reloadConfigSuccess":)", info.reload_succeeded ? "true" : "false",
            R"(,"lastConfigTime":)");
  AppendTimeJson(out, info.last_reload);
  out += ',';
  AppendText(out, "storageRetention", info.storage_retention);
  out += '}';
}

void AppendFlags(std::string& out, const std::vector<std::pair<std::string, std::string>>& flags) {
  out += '{';
  for (size_t i = 0; i < flags.size(); ++i) {
    if (i > 0) out += ',';
    AppendText(out, flags[i].first, flags[i].second);
  }
  out += '}';
}

}  // namespace

void AddStatusProcess(Router& router, const Dependencies& deps) {
  const auto add = [&router](std::string_view path, std::function<void(std::string&)> append) {
    router.Add({"GET"}, path, Lane::kControl,
               ApiHandler([append = std::move(append)](const Request&, const Form&,
                                                       std::string& out) -> absl::StatusOr<Notes> {
                 append(out);
                 return Notes();
               }));
  };
  // There is no log to replay.
  add("/api/v1/status/walreplay",
      [](std::string& out) { out += R"({"min":0,"max":0,"current":0})"; });
  if (deps.runtime_info) {
    add("/api/v1/status/runtimeinfo", [&deps](std::string& out) {
      AppendRuntimeInfo(out, deps.runtime_info(), deps.clock->Now());
    });
  }
  if (deps.flags) {
    add("/api/v1/status/flags", [&deps](std::string& out) { AppendFlags(out, deps.flags()); });
  }
  if (deps.config_yaml) {
    add("/api/v1/status/config", [&deps](std::string& out) {
      out += '{';
      AppendText(out, "yaml", deps.config_yaml());
      out += '}';
    });
  }
}

}  // namespace sloburn::web
