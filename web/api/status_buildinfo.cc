// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include "base/json_writer.h"
#include "web/api/api_handler.h"

namespace sloburn::web {

// No "features" key: clients take its presence for another product with another ruler API.
void AddStatusBuildinfo(Router& router, const Dependencies& deps) {
  router.Add(
      {"GET"}, "/api/v1/status/buildinfo", Lane::kControl,
      ApiHandler([&deps](const Request&, const Form&, std::string& out) -> absl::StatusOr<Notes> {
        const BuildInfo& info = deps.build_info;
        const std::pair<const char*, const std::string*> fields[] = {
            {"version", &info.prometheus_version},
            {"revision", &info.revision},
            {"branch", &info.branch},
            {"buildUser", &info.build_user},
            {"buildDate", &info.build_date},
            {"goVersion", nullptr},
            {"sloburnVersion", &info.version},
            {"compiler", &info.compiler}};
        out += '{';
        for (const auto& [key, value] : fields) {
          if (key != fields[0].first) out += ',';
          AppendJsonString(out, key);
          out += ':';
          AppendJsonString(out, value == nullptr ? std::string_view() : *value, true);
        }
        out += '}';
        return Notes();
      }));
}

}  // namespace sloburn::web
