// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include "web/api/api_handler.h"
#include "web/api/parameters.h"

namespace sloburn::web {

// Metadata of metrics is not stored: the answer to a valid request is an empty object.
void AddMetadata(Router& router, const Dependencies&) {
  router.Add(
      {"GET"}, "/api/v1/metadata", Lane::kControl,
      ApiHandler([](const Request&, const Form& form, std::string& out) -> absl::StatusOr<Notes> {
        for (const char* name : {"limit", "limit_per_metric"}) {
          const std::string_view text = form.Get(name);
          if (!text.empty() && !ParseGoInteger(text, "").ok()) {
            return absl::InvalidArgumentError(std::string(name) + " must be a number");
          }
        }
        out += "{}";
        return Notes();
      }));
}

}  // namespace sloburn::web
