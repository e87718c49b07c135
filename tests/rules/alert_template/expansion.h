// SPDX-License-Identifier: Apache-2.0
// Expands one template over fixed data, for tests.
#pragma once

#include <string>
#include <string_view>

#include "rules/alert_template/alert_template.h"

namespace sloburn::rules {

// up{instance="h:1", job="a"} is 1.5, external label c="eu"; `query "srv"` gives srv{n="b"} 2 and
// srv{n="a"} 1, `query "1"` a scalar, `query "s"` a string, any other an error.
inline TemplateEnvironment TestEnvironment(const TemplateLimits& limits = {}) {
  TemplateEnvironment environment;
  environment.external_labels = Labels::FromPairs({{"c", "eu"}});
  environment.external_url = "http://h:9090/a%20b";
  environment.timestamp_ms = 61500;
  environment.limits = limits;
  environment.query = [](const std::string& expr) -> absl::StatusOr<QueryValue> {
    if (expr == "srv") {
      return InstantVector{{Labels::FromPairs({{"n", "b"}}), 0, 2},
                           {Labels::FromPairs({{"n", "a"}}), 0, 1}};
    }
    if (expr == "1") return ScalarResult{0, 1};
    if (expr == "s") return StringResult{0, "s"};
    if (expr == "cancelled") return absl::CancelledError("stopped");
    return absl::InvalidArgumentError("1:1: parse error");
  };
  return environment;
}

inline absl::StatusOr<std::string> TryExpand(std::string_view text,
                                             const TemplateEnvironment& environment) {
  SeriesSample sample{Labels::FromPairs({{"__name__", "up"}, {"instance", "h:1"}, {"job", "a"}}), 0,
                      1.5};
  return AlertTemplate("A", text, environment.limits)
      .Expand(MakeTemplateData(sample, environment), environment);
}

inline std::string Expand(std::string_view text, const TemplateLimits& limits = {}) {
  return TryExpand(text, TestEnvironment(limits)).value();
}

// What stands after the place of an error, or the whole text where there is none.
inline std::string ExpandError(std::string_view text, const TemplateLimits& limits = {}) {
  const std::string result = Expand(text, limits);
  const size_t place = result.find(">: ");
  return place == std::string::npos ? result : result.substr(place + 3, result.size() - place - 4);
}

}  // namespace sloburn::rules
