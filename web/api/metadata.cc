// SPDX-License-Identifier: Apache-2.0
#include "base/json_writer.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "web/api/api_handler.h"
#include "web/api/endpoints.h"
#include "web/api/parameters.h"

namespace sloburn::web {
namespace {

absl::StatusOr<int64_t> ReadNumber(const Form& form, std::string_view name) {
  const std::string_view text = form.Get(name);
  if (text.empty()) return -1;
  absl::StatusOr<int64_t> number = ParseGoInteger(text, "");
  if (!number.ok()) return absl::InvalidArgumentError(StrCat(name, " must be a number"));
  return number;
}

void AppendMetric(std::string& out, std::string_view metric, const MetricMetadata& metadata) {
  AppendJsonString(out, metric, /*html_escape=*/true);
  out += R"(:[{"type":)";
  AppendJsonString(out, metadata.type, true);
  out += R"(,"unit":)";
  AppendJsonString(out, metadata.unit, true);
  out += R"(,"help":)";
  AppendJsonString(out, metadata.help, true);
  out += "}]";
}

}  // namespace

// As in Prometheus a negative `limit` is none and 0 is none at all. There is one word for a metric,
// the newest: no limit_per_metric can cut that.
void AddMetadata(Router& router, const Dependencies& deps) {
  router.Add({"GET"}, "/api/v1/metadata", Lane::kControl,
             ApiHandler([&deps](const Request&, const Form& form,
                                std::string& out) -> absl::StatusOr<Notes> {
               ASSIGN_OR_RETURN(const int64_t limit, ReadNumber(form, "limit"));
               RETURN_IF_ERROR(ReadNumber(form, "limit_per_metric").status());
               out += '{';
               int64_t count = 0;
               if (deps.metadata != nullptr && limit != 0) {
                 deps.metadata->Visit(
                     form.Get("metric"),
                     [&](std::string_view metric, const MetricMetadata& metadata) {
                       if (count++ > 0) out += ',';
                       AppendMetric(out, metric, metadata);
                       return count != limit;
                     });
               }
               out += '}';
               return Notes();
             }));
}

}  // namespace sloburn::web
