// SPDX-License-Identifier: Apache-2.0
// The template of one label or annotation of an alerting rule: Go's text/template with Prometheus'
// functions and data, text by text as Prometheus expands it (docs/alert_templates.md).
//
//   AlertTemplate summary("Down", "{{ $labels.instance }} is {{ $value }}");
//   if (!summary.status().ok()) ...                        // as promtool would say it
//   ASSIGN_OR_RETURN(std::string text, summary.Expand(data, environment));
//
// Parsed once; copies share the tree. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rules/alert_template/environment.h"
#include "rules/alert_template/value.h"

namespace sloburn::rules {

struct ParsedTemplate;

class AlertTemplate {
 public:
  AlertTemplate(std::string_view alert, std::string_view text, const TemplateLimits& limits = {});

  // InvalidArgument with Go's text: "template: __alert_Down:1: unexpected EOF".
  const absl::Status& status() const { return status_; }
  const std::string& text() const { return text_; }

  // Whether the text is its own expansion.
  bool is_plain() const { return is_plain_; }
  // Whether it may read series, by `query`.
  bool calls_query() const;

  // Where parsing or executing fails, "<error expanding template: ...>" is the result, as in
  // Prometheus. The only error is Cancelled, of a query.
  absl::StatusOr<std::string> Expand(const TemplateData& data,
                                     const TemplateEnvironment& environment) const;

 private:
  std::string name_, text_;
  absl::Status status_;
  bool is_plain_;
  std::shared_ptr<const ParsedTemplate> parsed_;  // null where plain or malformed
};

// What the templates of an alert's labels and annotations see.
TemplateData MakeTemplateData(const SeriesSample& sample, const TemplateEnvironment& environment);

}  // namespace sloburn::rules
