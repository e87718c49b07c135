// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/functions.h"

#include <gtest/gtest.h>

#include "tests/rules/alert_template/expansion.h"

namespace sloburn::rules {
namespace {

TEST(TemplateFunctions, Queries) {
  EXPECT_EQ(
      Expand("{{ range query \"srv\" | sortByLabel \"n\" }}{{ .Labels.n }}{{ .Value }}{{ end }}"),
      "a1b2");
  EXPECT_EQ(Expand("{{ query \"srv\" | first | label \"n\" }}"), "b");
  EXPECT_EQ(Expand("{{ query \"1\" | first | value }}"), "1");
  EXPECT_EQ(Expand("{{ query \"srv\" | first | strvalue }}"), "");
  EXPECT_EQ(ExpandError("{{ query \"s\" }}"),
            "error calling query: rule result is not a vector or scalar");
  EXPECT_EQ(ExpandError("{{ first nil }}"),
            "error calling first: first() called on vector with no elements");
  EXPECT_EQ(
      ExpandError("{{ value nil }}"),
      "error calling value: runtime error: invalid memory address or nil pointer dereference");
}

TEST(TemplateFunctions, SortByLabelSortsTheListItself) {
  EXPECT_EQ(Expand("{{ $q := query \"srv\" }}{{ $s := sortByLabel \"n\" $q }}"
                   "{{ range $q }}{{ .Labels.n }}{{ end }}"),
            "ab");
}

TEST(TemplateFunctions, Args) {
  EXPECT_EQ(Expand("{{ args 1 \"x\" }}{{ (args 1 \"x\").arg1 }}"), "map[arg0:1 arg1:x]x");
}

TEST(TemplateFunctions, Texts) {
  EXPECT_EQ(Expand("{{ toUpper \"aé\" }}{{ toLower \"AÉ\" }}{{ title \"a-b don't c_d\" }}"),
            "AÉaéA-B Don't C_d");
  EXPECT_EQ(Expand("{{ reReplaceAll \"(.)a\" \"${1}o\" \"banana\" }}"), "bonono");
  EXPECT_EQ(
      ExpandError("{{ reReplaceAll \"(\" \"\" \"\" }}"),
      "error calling reReplaceAll: regexp: Compile(`(`): error parsing regexp: missing closing "
      "): `(`");
  EXPECT_EQ(Expand("{{ match \"b+\" \"abc\" }}{{ match \"^b\" \"abc\" }}"), "truefalse");
  EXPECT_EQ(Expand("{{ stripPort \"[::1]:80\" }} {{ stripPort \"a:b:c\" }}"), "::1 a:b:c");
  EXPECT_EQ(Expand("{{ stripDomain \"a.b:80\" }} {{ stripDomain \"10.0.0.1:80\" }}"),
            "a:80 10.0.0.1:80");
  EXPECT_EQ(Expand("{{ graphLink \"a b\" }} {{ tableLink \"up\" }}"),
            "/graph?g0.expr=a+b&g0.tab=0 /graph?g0.expr=up&g0.tab=1");
  EXPECT_EQ(Expand("{{ urlQueryEscape \"a b/é\" }} {{ safeHtml \"<b>\" }}"), "a+b%2F%C3%A9 <b>");
  EXPECT_EQ(Expand("{{ html \"<'>\" }} {{ js \"<'>\" }} {{ urlquery \"a b\" 1 }}"),
            "&lt;&#39;&gt; \\u003C\\'\\u003E a+b1");
}

TEST(TemplateFunctions, ExternalUrl) {
  EXPECT_EQ(Expand("{{ externalURL }} {{ pathPrefix }}"), "http://h:9090/a%20b /a b");
}

TEST(TemplateFunctions, Numbers) {
  EXPECT_EQ(Expand("{{ humanize 1234567 }} {{ humanize 0.0012 }} {{ humanize \"NaN\" }}"),
            "1.235M 1.2m NaN");
  EXPECT_EQ(Expand("{{ humanize1024 1048576 }} {{ humanizePercentage 0.1234 }}"), "1Mi 12.34%");
  EXPECT_EQ(Expand("{{ humanizeDuration 90061.5 }} {{ humanizeDuration 0.0015 }}"),
            "1d 1h 1m 1s 1.5ms");
  EXPECT_EQ(Expand("{{ humanizeTimestamp 1445412480.5 }}"), "2015-10-21 07:28:00.5 +0000 UTC");
  EXPECT_EQ(ExpandError("{{ humanize \"x\" }}"),
            "error calling humanize: strconv.ParseFloat: parsing \"x\": invalid syntax");
  EXPECT_EQ(
      ExpandError("{{ humanizeTimestamp 1e30 }}"),
      "error calling humanizeTimestamp: 1e+30 cannot be represented as a nanoseconds timestamp "
      "since it overflows int64");
}

// Of Prometheus 3.14: the promtool of the peers may be older.
TEST(TemplateFunctions, TimesAndDurations) {
  EXPECT_EQ(Expand("{{ now }} {{ now | humanizeTimestamp }}"),
            "61.5 1970-01-01 00:01:01.5 +0000 UTC");
  EXPECT_EQ(Expand("{{ toDuration 1.5 }} {{ toDuration 0.0000015 }} {{ toDuration -90061 }} "
                   "{{ toDuration 0 }} {{ toDuration 0.25 }}"),
            "1.5s 1.5µs -25h1m1s 0s 250ms");
  EXPECT_EQ(Expand("{{ $d := toDuration 5400.5 }}{{ $d.Hours }} {{ $d.Seconds }} "
                   "{{ $d.Milliseconds }} {{ $d.Round 60000000000 }} {{ $d.Truncate 1000000000 }}"),
            "1.500138888888889 5400.5 5400500 1h30m0s 1h30m0s");
  EXPECT_EQ(Expand("{{ ((toTime 0).Add (toDuration 90)).Unix }}"), "90");
  EXPECT_EQ(Expand("{{ parseDuration \"1h30m\" }} {{ parseDuration \"-1m\" }}"), "5400 -60");
  EXPECT_EQ(ExpandError("{{ parseDuration \"-\" }}"),
            "error calling parseDuration: empty duration string");
  EXPECT_EQ(ExpandError("{{ humanize (toDuration 5) }}"),
            "error calling humanize: can't convert *time.Duration to float");
  EXPECT_EQ(ExpandError("{{ toTime \"NaN\" }}"), "error calling toTime: value is NaN or Inf");
}

TEST(TemplateFunctions, Builtins) {
  EXPECT_EQ(Expand("{{ and 1 0 }}{{ or 0 \"x\" }}{{ not 0 }}"), "0xtrue");
  EXPECT_EQ(Expand("{{ and false (query \"bad\") }}"), "false");
  EXPECT_EQ(Expand("{{ eq 1 2 1 }}{{ ne 1 1 }}{{ lt 1 2 }}{{ le 2 2 }}{{ gt 1 2 }}{{ ge 2 2 }}"),
            "truefalsetruetruefalsetrue");
  EXPECT_EQ(ExpandError("{{ eq 1 1.0 }}"),
            "error calling eq: incompatible types for comparison: int and float64");
  EXPECT_EQ(Expand("{{ len \"abc\" }}{{ index $labels \"job\" }}{{ slice \"abcd\" 1 3 }}"), "3abc");
  EXPECT_EQ(ExpandError("{{ index \"abc\" 9 }}"), "error calling index: index out of range: 9");
  EXPECT_EQ(Expand("{{ print 1 2 \"a\" }}{{ println 3 }}"), "1 2a3\n");
  EXPECT_EQ(ExpandError("{{ call 1 }}"), "error calling call: non-function 1 of type int");
  EXPECT_EQ(ExpandError("{{ len }}"), "wrong number of args for len: want 1 got 0");
  EXPECT_EQ(ExpandError("{{ toUpper 1 }}"), "expected string; found 1");
  EXPECT_EQ(ExpandError("{{ toUpper $labels }}"),
            "wrong type for value; expected string; got map[string]string");
}

}  // namespace
}  // namespace sloburn::rules
