// SPDX-License-Identifier: Apache-2.0
// Constructs, places of errors and limits. Text by text against promtool:
// tests/peers/alert_template_test.py.
#include "rules/alert_template/alert_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rules/alert_template/expansion.h"

namespace sloburn::rules {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(AlertTemplate, DataAndVariables) {
  EXPECT_EQ(Expand("{{ $labels.instance }} is {{ $value }}"), "h:1 is 1.5");
  EXPECT_EQ(Expand("{{ .Labels.job }}{{ .Value }}{{ .ExternalLabels.c }}"), "a1.5eu");
  EXPECT_EQ(Expand("{{ $externalLabels.c }} {{ $externalURL }}"), "eu http://h:9090/a%20b");
  EXPECT_EQ(Expand("[{{ $labels.none }}]"), "[]");
  EXPECT_EQ(Expand("{{ $labels }}"), "map[__name__:up instance:h:1 job:a]");
  EXPECT_EQ(Expand("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}"), "2");
  EXPECT_EQ(Expand("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}"), "1");
}

TEST(AlertTemplate, TextWithoutActionsIsItself) {
  const AlertTemplate plain("A", "no }} action {");
  EXPECT_TRUE(plain.is_plain());
  EXPECT_EQ(Expand("no }} action {"), "no }} action {");
}

TEST(AlertTemplate, HistogramsAreValues) {
  auto histogram = std::make_shared<Histogram>();
  histogram->count = 3;
  histogram->sum = 4.5;
  const TemplateEnvironment environment = TestEnvironment();
  const TemplateData data = MakeTemplateData({Labels(), 0, 0, histogram}, environment);
  const auto expand = [&](std::string_view text) {
    return AlertTemplate("A", text).Expand(data, environment).value();
  };
  EXPECT_EQ(expand("{{ $value }}"), "{count:3, sum:4.5}");
  EXPECT_EQ(expand("{{ $value.Count }} {{ .Value.Sum }}"), "3 4.5");
  EXPECT_THAT(expand("{{ $value | humanize }}"),
              HasSubstr("can't convert *histogram.FloatHistogram to float"));
}

TEST(AlertTemplate, Control) {
  EXPECT_EQ(Expand("{{ if 0 }}a{{ else if \"x\" }}b{{ else }}c{{ end }}"), "b");
  EXPECT_EQ(Expand("{{ with 0 }}a{{ else with 5 }}{{ . }}{{ end }}"), "5");
  EXPECT_EQ(Expand("{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}"),
            "__name__=up;instance=h:1;job=a;");
  EXPECT_EQ(Expand("{{ range 5 }}{{ if eq . 1 }}{{ continue }}{{ end }}"
                   "{{ if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}"),
            "02");
  EXPECT_EQ(Expand("{{ range 0 }}a{{ else }}none{{ end }}"), "none");
  EXPECT_EQ(Expand("{{ define \"t\" }}<{{ . }}>{{ end }}{{ template \"t\" $value }}"), "<1.5>");
  EXPECT_EQ(Expand("{{ block \"b\" 1 }}{{ . }}{{ end }}{{ template \"b\" 2 }}"), "12");
  EXPECT_EQ(Expand("a {{- /* c */ -}} b"), "ab");
  EXPECT_EQ(Expand("a \n {{- 1 -}} \n b"), "a1b");
}

TEST(AlertTemplate, ParseErrorsAreTheStatusAndTheText) {
  const AlertTemplate bad("A", "{{ nosuch }}");
  EXPECT_EQ(bad.status().message(), "template: __alert_A:1: function \"nosuch\" not defined");
  EXPECT_EQ(Expand("{{ nosuch }}"),
            "<error expanding template: error parsing template __alert_A: "
            "template: __alert_A:1: function \"nosuch\" not defined>");
}

TEST(AlertTemplate, ExecutionErrorsNameThePlace) {
  EXPECT_EQ(
      Expand("{{ $labels.job.x }}"),
      "<error expanding template: error executing template __alert_A: template: "
      "__alert_A:1:122: executing \"__alert_A\" at <$labels.job.x>: can't evaluate field x in "
      "type string>");
  EXPECT_THAT(Expand("a\nb {{ define \"t\" }}{{ .x.y }}{{ end }}{{ template \"t\" 1 }}"),
              HasSubstr("__alert_A:2:23: executing \"t\" at <.x.y>: can't evaluate field x in type "
                        "int"));
}

TEST(AlertTemplate, OnlyCancelledIsAnError) {
  const auto result = TryExpand("{{ query \"cancelled\" }}", TestEnvironment());
  EXPECT_TRUE(absl::IsCancelled(result.status()));
  EXPECT_THAT(Expand("{{ query \"bad\" }}"), HasSubstr("error calling query: 1:1: parse error"));
}

TEST(AlertTemplate, LimitsOfTheText) {
  EXPECT_THAT(Expand("{{ 1 }}" + std::string(70'000, ' ')),
              HasSubstr("text is 70007 bytes long; at most 65536 are allowed"));
  const std::string nested = "{{ " + std::string(300, '(') + "1" + std::string(300, ')') + " }}";
  EXPECT_THAT(Expand(nested), HasSubstr("max expression depth exceeded"));
  std::string blocks;
  for (int i = 0; i < 300; ++i) blocks += "{{ if 1 }}";
  EXPECT_THAT(Expand(blocks), HasSubstr("max expression depth exceeded"));
}

TEST(AlertTemplate, LimitsOfTheExecution) {
  EXPECT_THAT(ExpandError("{{ range 10000000000 }}{{ end }}"),
              HasSubstr("more than 1000000 steps"));
  EXPECT_THAT(ExpandError("{{ range 100000 }}0123456789abcdef{{ end }}"),
              HasSubstr("output is longer than the limit of 1048576 bytes"));
  EXPECT_THAT(ExpandError("{{ define \"t\" }}{{ template \"t\" }}{{ end }}{{ template \"t\" }}"),
              HasSubstr("exceeded maximum template depth (100)"));
  EXPECT_THAT(ExpandError("{{ range 101 }}{{ $x := query \"srv\" }}{{ end }}"),
              HasSubstr("more than 100 queries in one template"));
  EXPECT_THAT(ExpandError("{{ $x := args }}{{ range 100 }}{{ $x = args $x }}{{ end }}"),
              HasSubstr("more than 50 results of args in one another"));
  EXPECT_THAT(ExpandError("{{ $x := \"0123456789abcdef\" }}{{ range 40 }}"
                          "{{ $x = print $x $x }}{{ end }}{{ len $x }}"),
              HasSubstr("result is longer than the limit of 1048576 bytes"));
  EXPECT_THAT(ExpandError("{{ $x := args 1 }}{{ range 40 }}{{ $x = args $x $x }}{{ end }}"
                          "{{ print $x }}"),
              HasSubstr("result is longer than the limit"));
  EXPECT_THAT(ExpandError("{{ printf \"%9999999d\" 1 }}"), HasSubstr("result is longer"));
}

TEST(AlertTemplate, AMillionFromATableOfBigTextsIsBounded) {
  const std::string big = "{{ $x := printf \"%0999999d\" 1 }}";
  EXPECT_THAT(ExpandError(big + "{{ range 1000 }}{{ $y := toUpper $x }}{{ end }}"),
              HasSubstr("more than 1000000 steps"));
  EXPECT_THAT(ExpandError(big + "{{ reReplaceAll \"\" $x $x }}"),
              HasSubstr("result is longer than the limit"));
}

}  // namespace
}  // namespace sloburn::rules
