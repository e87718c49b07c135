// SPDX-License-Identifier: Apache-2.0
// Any text as a template: it is refused with a message, or expands within its limits. The trees of
// what parses print as a text that parses to the same tree.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "rules/alert_template/alert_template.h"
#include "rules/alert_template/parser.h"

namespace sloburn::rules {
namespace {

TemplateEnvironment MakeEnvironment() {
  TemplateEnvironment environment;
  environment.external_labels = Labels::FromPairs({{"cluster", "eu"}});
  environment.external_url = "http://host/path";
  environment.timestamp_ms = 1'445'412'480'000;
  environment.limits.max_output_bytes = 16 << 10;
  environment.limits.max_steps = 20'000;
  environment.query = [](const std::string& expr) -> absl::StatusOr<QueryValue> {
    if (expr.size() % 3 == 0) return absl::InvalidArgumentError("no");
    if (expr.size() % 3 == 1) return ScalarResult{0, 1};
    return InstantVector{{Labels::FromPairs({{"n", "b"}}), 0, 2},
                         {Labels::FromPairs({{"n", "a"}}), 0, 1}};
  };
  return environment;
}

void CheckText(std::string_view text, const TemplateEnvironment& environment) {
  const AlertTemplate parsed("F", text, environment.limits);
  if (!parsed.status().ok()) CHECK(!parsed.status().message().empty());
  const SeriesSample sample{Labels::FromPairs({{"__name__", "up"}, {"job", "a b"}}), 0, -1.5};
  const auto result = parsed.Expand(MakeTemplateData(sample, environment), environment);
  CHECK(result.ok());
  if (!parsed.is_plain() && result->rfind("<error", 0) != 0) {
    CHECK(result->size() <= environment.limits.max_output_bytes);
  }
}

void CheckTree(std::string_view text, const TemplateLimits& limits) {
  const auto tree = ParseTemplate("t", text, limits);
  // What {{define}} defines is not part of the text.
  if (!tree.ok() || !tree->defined.empty()) return;
  const std::string printed = TextOf(*tree->root);
  const auto again = ParseTemplate("t", printed, limits);
  if (again.ok()) CHECK(TextOf(*again->root) == printed);
}

}  // namespace
}  // namespace sloburn::rules

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sloburn::rules;
  static const auto* const kEnvironment = new TemplateEnvironment(MakeEnvironment());
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckText(text, *kEnvironment);
  CheckTree(text, kEnvironment->limits);
  return 0;
}
