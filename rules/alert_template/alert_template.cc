// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/alert_template.h"

#include <utility>

#include "base/str_cat.h"
#include "rules/alert_template/executor.h"
#include "rules/alert_template/parser.h"

namespace sloburn::rules {
namespace {

std::string Failure(std::string_view what, const std::string& name, const absl::Status& status) {
  return StrCat("<error expanding template: error ", what, " template ", name, ": ",
                std::string(status.message()), ">");
}

}  // namespace

AlertTemplate::AlertTemplate(std::string_view alert, std::string_view text,
                             const TemplateLimits& limits)
    : text_(text), is_plain_(text.find("{{") == std::string_view::npos) {
  if (is_plain_) return;
  name_ = StrCat("__alert_", alert);
  absl::StatusOr<ParsedTemplate> parsed = ParseTemplate(name_, text, limits);
  if (parsed.ok()) {
    parsed_ = std::make_shared<const ParsedTemplate>(*std::move(parsed));
  } else {
    status_ = parsed.status();
  }
}

bool AlertTemplate::calls_query() const { return parsed_ != nullptr && parsed_->calls_query; }

absl::StatusOr<std::string> AlertTemplate::Expand(const TemplateData& data,
                                                  const TemplateEnvironment& environment) const {
  if (is_plain_) return text_;
  if (!status_.ok()) return Failure("parsing", name_, status_);
  absl::StatusOr<std::string> result = ExecuteTemplate(*parsed_, data, environment);
  if (result.ok() || absl::IsCancelled(result.status())) return result;
  return Failure("executing", name_, result.status());
}

TemplateData MakeTemplateData(const SeriesSample& sample, const TemplateEnvironment& environment) {
  return {sample.labels, environment.external_labels, environment.external_url,
          sample.histogram == nullptr ? Value::Float(sample.value)
                                      : Value::OfHistogram(sample.histogram)};
}

}  // namespace sloburn::rules
