// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/parser.h"

#include <gtest/gtest.h>

namespace sloburn::rules {
namespace {

// The error after "template: t:", or the tree as text.
std::string Parse(std::string_view text) {
  const auto parsed = ParseTemplate("t", text, {});
  if (parsed.ok()) return TextOf(*parsed->root);
  return std::string(parsed.status().message()).substr(std::string_view("template: t:").size());
}

TEST(ParseTemplate, TreesAsText) {
  for (const char* text :
       {"a{{.}}b", "{{$x := .Labels.a | len}}", "{{if eq $value 1.5}}a{{else}}b{{end}}",
        "{{range $i, $e := $labels}}{{break}}{{continue}}{{end}}",
        "{{with (index $labels \"a\").b}}{{end}}", "{{template \"x\" .}}",
        "{{printf \"%d\" 0x1F nil true 'a'}}"}) {
    EXPECT_EQ(Parse(text), text);
  }
  EXPECT_EQ(Parse("{{  1|len  -}}  x"), "{{1 | len}}x");
  EXPECT_EQ(Parse("{{if 1}}a{{else if 2}}b{{end}}"), "{{if 1}}a{{else}}{{if 2}}b{{end}}{{end}}");
}

TEST(ParseTemplate, LexicalErrors) {
  EXPECT_EQ(Parse("{{ 1"), "1: unclosed action");
  EXPECT_EQ(Parse("\n{{ 1\n\n"), "4: unclosed action started at t:2");
  EXPECT_EQ(Parse("{{ \"a }}"), "1: unterminated quoted string");
  EXPECT_EQ(Parse("{{ `a }}"), "1: unterminated raw quoted string");
  EXPECT_EQ(Parse("{{ 'a }}"), "1: unterminated character constant");
  EXPECT_EQ(Parse("{{/* a }}"), "1: unclosed comment");
  EXPECT_EQ(Parse("{{/* a */ }}"), "1: comment ends before closing delimiter");
  EXPECT_EQ(Parse("{{ (1 }}"), "1: unclosed left paren");
  EXPECT_EQ(Parse("{{ ) }}"), "1: unexpected right paren");
  EXPECT_EQ(Parse("{{ 1a }}"), "1: bad number syntax: \"1a\"");
  EXPECT_EQ(Parse("{{ len-x }}"), "1: bad character U+002D '-'");
  EXPECT_EQ(Parse("{{ \x01 }}"), "1: unrecognized character in action: U+0001");
  EXPECT_EQ(Parse("{{ 1 : 1 }}"), "1: expected :=");
}

TEST(ParseTemplate, SyntaxErrors) {
  EXPECT_EQ(Parse("{{ }}"), "1: missing value for command");
  EXPECT_EQ(Parse("{{ if }}{{ end }}"), "1: missing value for if");
  EXPECT_EQ(Parse("{{ if 1 }}"), "1: unexpected EOF");
  EXPECT_EQ(Parse("{{ end }}"), "1: unexpected {{end}}");
  EXPECT_EQ(Parse("{{ if 1 }}{{ else }}{{ else }}{{ end }}"), "1: expected end; found {{else}}");
  EXPECT_EQ(Parse("{{ nosuch 1 }}"), "1: function \"nosuch\" not defined");
  EXPECT_EQ(Parse("{{ $v }}"), "1: undefined variable \"$v\"");
  EXPECT_EQ(Parse("{{ define \"x\" }}{{ $labels }}{{ end }}"), "1: undefined variable \"$labels\"");
  EXPECT_EQ(Parse("{{ 1 | 2 }}"), "1: non executable command in pipeline stage 2");
  EXPECT_EQ(Parse("{{ 1, 2 }}"), "1: unexpected \",\" in operand");
  EXPECT_EQ(Parse("{{ \"a\".b }}"), "1: unexpected . after term \"\\\"a\\\"\"");
  EXPECT_EQ(Parse("{{ break }}"), "1: {{break}} outside {{range}}");
  EXPECT_EQ(Parse("{{ $a, $b := 1 }}"), "1: too many declarations in command");
  EXPECT_EQ(Parse("{{ range $a, 1 := 1 }}{{ end }}"), "1: range can only initialize variables");
  EXPECT_EQ(Parse("{{ template 1 }}"), "1: unexpected \"1\" in template clause");
  EXPECT_EQ(Parse("{{ define \"a\" }}x{{ end }}{{ define \"a\" }}y{{ end }}"),
            "1: template: multiple definition of template \"a\"");
  EXPECT_EQ(Parse("{{ 18446744073709551616 }}"), "1: integer overflow: \"18446744073709551616\"");
  EXPECT_EQ(Parse("{{ 'ab' }}"), "1: malformed character constant: 'ab'");
  EXPECT_EQ(Parse("{{ \"\\z\" }}"), "1: invalid syntax");
}

TEST(ParseTemplate, ColumnsCountThePreamble) {
  const auto parsed = ParseTemplate("t", "{{ 1 }}\nab{{ 2 }}", {});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->LocationOf(*parsed->root->nodes[0]), "t:1:115");
  EXPECT_EQ(parsed->LocationOf(*parsed->root->nodes[2]), "t:2:5");
}

}  // namespace
}  // namespace sloburn::rules
