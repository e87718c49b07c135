// SPDX-License-Identifier: Apache-2.0
// Time to expand alert templates, and to parse them.
#include <chrono>
#include <cstdio>

#include "rules/alert_template/alert_template.h"

namespace sloburn::rules {
namespace {

template <typename Body>
double MicrosecondsEach(int count, Body body) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) body();
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  return took.count() / count;
}

void Run(const char* text) {
  constexpr int kCount = 200'000;
  TemplateEnvironment environment;
  environment.external_labels = Labels::FromPairs({{"cluster", "eu-1"}, {"replica", "a"}});
  environment.external_url = "http://sloburn.example:9090";
  const SeriesSample sample{Labels::FromPairs({{"__name__", "up"},
                                               {"instance", "host1.example.com:9100"},
                                               {"job", "node-exporter"},
                                               {"zone", "eu-central-1a"}}),
                            0, 0.0123};
  const AlertTemplate parsed("Bench", text);
  size_t bytes = 0;
  const double expand = MicrosecondsEach(kCount, [&] {
    const TemplateData data = MakeTemplateData(sample, environment);
    bytes += parsed.Expand(data, environment)->size();
  });
  const double parse =
      MicrosecondsEach(kCount / 10, [&] { bytes += AlertTemplate("Bench", text).text().size(); });
  std::printf("%6.2f us to expand, %6.2f us to parse (%zu bytes in all): %s\n", expand, parse,
              bytes, text);
}

}  // namespace
}  // namespace sloburn::rules

int main() {
  using sloburn::rules::Run;
  Run("no template at all");
  Run("{{ $labels.instance }} is {{ $value }}");
  Run("{{ $labels.job }} fails {{ $value | humanizePercentage }} of its requests");
  Run("{{ if gt $value 0.01 }}{{ printf \"%.2f\" $value }}{{ else }}low{{ end }} "
      "{{ $labels.instance | stripPort | stripDomain | toUpper }}");
  Run("{{ range $k, $v := $labels }}{{ $k }}={{ $v }} {{ end }}");
}
