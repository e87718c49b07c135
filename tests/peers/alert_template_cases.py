# SPDX-License-Identifier: Apache-2.0
"""Templates for alert_template_test.py, and the data they see."""
import random

EXTERNAL_LABELS = {"cluster": "eu-1", "replica": "a"}
EXTERNAL_URL = "http://prom.example:9090/path"


def _series(name, labels, value=None, histogram=None):
    text = ",".join(f'{key}="{labels[key]}"' for key in labels)
    one = {"labels": {"__name__": name, **labels}, "series": f"{name}{{{text}}}",
           "selector": f"{name}{{{text}}}"}
    if histogram is None:
        one["value"] = value
    else:
        one["histogram"] = histogram
    return one


HISTOGRAM = "{{schema:0 counter_reset_hint:gauge count:7 sum:12.5 z_bucket:1 z_bucket_w:0.001 buckets:[1 2 1] n_buckets:[2]}}"

# Functions of Prometheus 3.14 that the promtool of the peers may not have.
NEWER_FUNCTIONS = ("now", "toDuration", "urlQueryEscape")

# The elements of the alerts, and what `query` finds. The last is no element.
SERIES = [
    _series("up", {"instance": "host1.example.com:9100", "job": "node-exporter", "zone": "eu"}, "1.5"),
    _series("up", {"instance": "host2:80", "job": "api"}, "0"),
    _series("big", {"instance": "10.0.0.1:80"}, "123456789"),
    _series("small", {"x": "a-b c'd"}, "0.000123"),
    _series("neg", {"x": "éß"}, "-17"),
    _series("endless", {"x": ""}, "Inf"),
    _series("unknown", {"x": "1"}, "NaN"),
    _series("hist", {"h": "1"}, histogram=HISTOGRAM),
    _series("srv", {"n": "c", "__value__": "v3"}, "3"),
    _series("srv", {"n": "a"}, "1"),
    _series("srv", {"n": "b"}, "2"),
]
ELEMENTS = range(8)

# On the first element.
ON_ONE = r'''
plain text
{{ $labels.instance }} is {{ $value }}
{{ .Labels.instance }} is {{ .Value }}
{{ $externalLabels.cluster }} {{ .ExternalLabels.replica }} {{ $externalURL }} {{ .ExternalURL }}
{{ $labels.missing }}|{{ .Labels.missing }}|{{ index $labels "missing" }}
{{ index $labels "instance" }}{{ index .Labels "job" }}
{{ $labels }}{{ $externalLabels }}
{{ . }}
{{ $ }}
{{ $.Labels.job }}
{{ .Foo }}
{{ $.Foo }}
{{ $labels.job.foo }}
{{ $value.foo }}
{{ .Value.foo }}
{{ .Labels.job.foo.bar }}
{{ $foo }}
{{ .Labels.job 1 }}
{{ .Value 1 }}
{{ 1 | .Labels.job }}
{{ $labels 1 }}
{{ 1 | $labels }}
{{ (1) 2 }}
{{ 1 2 }}
{{ "a" "b" }}
{{ nil }}
{{ true }}{{ false }}
{{ true 1 }}
{{ . 1 }}
{{ 1 | 2 }}
{{ 1 | "a" }}
{{ 1 | . }}
{{ 1 | nil }}
{{ 1 | true }}
{{ 1 | (2) }}
{{ 1 }} {{ 1.5 }} {{ 0x1F }} {{ 0b11 }} {{ 0o17 }} {{ 017 }} {{ 1e3 }} {{ 1_000 }} {{ 'a' }} {{ 0x1p4 }} {{ -5 }} {{ +5 }} {{ 1i }} {{ 1+2i }} {{ 2.5e-3 }}
{{ 1.0 }} {{ 1e6 }} {{ 123456.0 }} {{ 1234567.0 }} {{ 1e21 }} {{ 1e-5 }} {{ 0.0001 }} {{ .5 }} {{ 5. }}
{{ 9223372036854775807 }}
{{ 9223372036854775808 }}
{{ 18446744073709551615 }}
{{ 18446744073709551616 }}
{{ 1e400 }}
{{ 1.2.3 }}
{{ 0x }}
{{ 08 }}
{{ 1a }}
{{ 1_ }}
{{ 'ab' }}
{{ '' }}
{{ '\n' }}{{ '\x41' }}{{ '\u00e9' }}{{ 'é' }}
{{ '\z' }}
{{ 'a }}
{{ "abc }}
{{ `abc }}
{{ "a\tb\x41\101\u00e9\U0001F600\"\\" }}
{{ "\z" }}
{{ "\ud800" }}
{{ "\400" }}
{{ `raw "x" \n` }}
{{ /* comment */ }}
{{/* comment */}}|{{- /* trimmed */ -}} x
{{/* comment */ }}
{{/* comment
{{/* c }}
a {{- "b" -}} c
a   {{- 1 }}   {{ 2 -}}   b
{{-1}} {{- 1}} {{1 -}} {{-1 -}}
{{ 1 -}}{{- 2 }}
a{{"{{"}}b{{`}}`}}
{{
{{ }}
{{}}
{{ 1
{{ 1 }
}}{{ 1 }}
{{ ) }}
{{ ( }}
{{ (1 }}
{{ (1)) }}
{{ () }}
{{ ((1)) }}
{{ 1, 2 }}
{{ ! }}
{{ & }}
{{ # }}
{{ é }}
{{ $é := 1 }}{{ $é }}
{{ € }}
{{ $x-y }}
{{ .a-b }}
{{ foo-bar }}
{{ foo }}
{{ foo.bar }}
{{ $ }}{{ $x := 1 }}{{ $x }}{{ $x = 2 }}{{ $x }}
{{ $x := "a" }}{{ if true }}{{ $x := "b" }}{{ $x }}{{ end }}{{ $x }}
{{ $x := "a" }}{{ if true }}{{ $x = "b" }}{{ $x }}{{ end }}{{ $x }}
{{ $y = 1 }}
{{ $x, $y := 1 }}
{{ $x := }}
{{ $x : 1 }}
{{ $x = }}
{{ := 1 }}
{{ = 1 }}
{{ $x := 1 | printf "%d" }}{{ $x }}
{{ if 1 }}a{{ end }}{{ if 0 }}b{{ else }}c{{ end }}
{{ if "" }}a{{ else if "x" }}b{{ else }}c{{ end }}
{{ if false }}a{{ else if false }}b{{ else if true }}c{{ end }}
{{ if }}a{{ end }}
{{ if true }}a
{{ if true }}a{{ else }}b
{{ if true }}a{{ else }}b{{ else }}c{{ end }}
{{ else }}
{{ end }}
{{ end 1 }}
{{ if true }}a{{ end }}{{ end }}
{{ if true }}{{ else with 1 }}{{ end }}
{{ with 0 }}a{{ else with "x" }}{{ . }}{{ else }}c{{ end }}
{{ with 0 }}a{{ else if 1 }}b{{ end }}
{{ with $x := 5 }}{{ $x }}{{ . }}{{ end }}
{{ with $labels.job }}{{ . }}{{ else }}none{{ end }}
{{ with $labels.nothing }}{{ . }}{{ else }}none{{ end }}
{{ if $x := 0 }}a{{ else }}{{ $x }}{{ end }}
{{ if true }}{{ $z := 1 }}{{ end }}{{ $z }}
{{ range $labels }}{{ . }},{{ end }}
{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}
{{ range $v := $labels }}{{ $v }};{{ end }}
{{ range $i := 3 }}{{ $i }}{{ end }}
{{ range 3 }}{{ . }}{{ end }}
{{ range $i, $j := 3 }}{{ $i }}{{ end }}
{{ range 0 }}a{{ else }}empty{{ end }}
{{ range -1 }}a{{ else }}empty{{ end }}
{{ range 1.5 }}a{{ end }}
{{ range "abc" }}{{ . }}{{ end }}
{{ range true }}{{ end }}
{{ range nil }}{{ end }}
{{ range $a, $b, $c := $labels }}{{ end }}
{{ range $a, 1 := $labels }}{{ end }}
{{ range $a, := $labels }}{{ end }}
{{ range $i, $s := query "srv" | sortByLabel "n" }}{{ $i }}:{{ $s.Labels.n }}={{ $s.Value }} {{ end }}
{{ range query "srv" | sortByLabel "n" }}{{ .Labels }}{{ . }}{{ end }}
{{ range query "nothing" }}a{{ else }}none{{ end }}
{{ range $i := 5 }}{{ if eq $i 1 }}{{ continue }}{{ end }}{{ if eq $i 3 }}{{ break }}{{ end }}{{ $i }}{{ end }}
{{ range 2 }}{{ range 3 }}{{ if eq . 1 }}{{ break }}{{ end }}{{ . }}{{ end }};{{ end }}
{{ range 2 }}a{{ continue }}b{{ else }}c{{ end }}
{{ break }}
{{ continue }}
{{ range 2 }}{{ break 1 }}{{ end }}
{{ range 2 }}{{ else }}{{ break }}{{ end }}
{{ if true }}{{ break }}{{ end }}
{{ range $x = 2 }}{{ end }}
{{ $x := 7 }}{{ range $x = 3 }}{{ $x }}{{ end }}{{ $x }}
{{ $i := 0 }}{{ $e := "" }}{{ range $i, $e = $labels }}{{ end }}{{ $i }}{{ $e }}
{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" 1 }}{{ template "t" "x" }}{{ template "t" }}
{{ define "t" }}{{ $labels }}{{ end }}
{{ define "t" }}{{ .Labels.job }} {{ $.Value }}{{ end }}{{ template "t" . }}
{{ define "t" }}{{ .foo }}{{ end }}{{ template "t" 1 }}
{{ define "t" }}a{{ end }}{{ define "t" }}b{{ end }}
{{ define "t" }} {{ end }}{{ define "t" }}b{{ end }}{{ template "t" }}
{{ define "t" }}b{{ end }}{{ define "t" }} {{ end }}{{ template "t" }}
{{ define t }}{{ end }}
{{ define "t" 1 }}{{ end }}
{{ define "t" }}
{{ define "t" }}{{ else }}{{ end }}
{{ define }}{{ end }}
{{ define "\z" }}{{ end }}
{{ if true }}{{ define "t" }}{{ end }}{{ end }}
{{ template "none" }}
{{ template "none" . }}
{{ template }}
{{ template 1 }}
{{ template "t" 1 2 }}
{{ template "t" | 1 }}
{{ define "t" }}x{{ end }}{{ template "t" $x := 5 }}{{ $x }}
{{ block "b" .Labels }}{{ .job }}{{ end }}
{{ block "b" 1 }}{{ . }}{{ end }}{{ template "b" 2 }}
{{ block "b" }}{{ end }}
{{ block "b" . }}{{ else }}{{ end }}
{{ block "b" . }}
{{ block "b" . }}a{{ end }}{{ block "b" . }}c{{ end }}
{{ define "a" }}{{ template "b" . }}{{ end }}{{ define "b" }}b{{ .Value }}{{ end }}{{ template "a" . }}
{{ first (query "srv{n='a'}") }}
{{ query "srv{n='a'}" | first | value }}
{{ query "srv{n='a'}" | first | label "n" }}
{{ query "srv{n='c'}" | first | strvalue }}
{{ (query "srv{n='a'}" | first).Labels.n }}
{{ (query "srv{n='a'}" | first).labels }}
{{ (query "srv{n='a'}" | first).Value.foo }}
{{ (first (query "srv{n='a'}")).Value }}
{{ first (query "nothing") }}
{{ query "nothing" | first | value }}
{{ query "nothing" }}
{{ query "1 +" }}
{{ query "" }}
{{ query "1" | first | value }}
{{ query "1" | first }}
{{ query "'a'" }}
{{ query "srv[5m]" }}
{{ query "sum(srv)" | first | value | humanize }}
{{ query "foo(" }}
{{ query 1 }}
{{ query nil }}
{{ query }}
{{ query "a" "b" }}
{{ query .Value }}
{{ query "hist" | first | value }}
{{ with query "hist" | first }}{{ . }} {{ .Value.Count }} {{ .Value.Sum }}{{ end }}
{{ len (query "srv") }}
{{ (index (query "srv" | sortByLabel "n") 1).Labels.n }}
{{ index (query "srv") 3 }}
{{ index (query "srv") 4 }}
{{ index (query "srv") -1 }}
{{ index (query "srv") "a" }}
{{ index (query "srv") nil }}
{{ (index (slice (query "srv" | sortByLabel "n") 1 2) 0).Labels.n }}
{{ $q := query "srv" }}{{ $s := sortByLabel "n" $q }}{{ range $q }}{{ .Labels.n }}{{ end }}
{{ sortByLabel "n" nil }}
{{ sortByLabel 1 nil }}
{{ sortByLabel "n" 1 }}
{{ sortByLabel "n" "x" }}
{{ sortByLabel "n" $labels }}
{{ first nil }}
{{ first 1 }}
{{ first $labels }}
{{ first . }}
{{ first .Value }}
{{ label "a" nil }}
{{ label "a" 1 }}
{{ label nil nil }}
{{ label "a" }}
{{ value nil }}
{{ value $labels }}
{{ value true }}
{{ strvalue nil }}
{{ first (query "srv{n='a'}") | printf "%v" }}
{{ first (query "srv{n='a'}") | printf "%+v" }}
{{ first (query "srv{n='a'}") | printf "%#v" }}
{{ first (query "srv{n='a'}") | printf "%s" }}
{{ first (query "srv{n='a'}") | printf "%d" }}
{{ first (query "srv{n='a'}") | printf "%T" }}
{{ query "srv" | printf "%T" }}
{{ printf "%T %T %T %T %T %T %T" 1 1.5 "a" true nil $labels 1i }}
{{ printf "%T %T %T" (args 1) (toTime 0) (toDuration 1) }}
{{ printf "%T" . }}
{{ printf "%T" (safeHtml "a") }}
{{ printf "%T" (index "abc" 0) }}
{{ printf "%T" (len "a") }}
{{ args 1 "a" 2.5 }}
{{ (args 1 "a" 2.5).arg1 }}
{{ (args 1 "a" 2.5).arg7 }}
{{ (args 1 "a").arg7.foo }}
{{ (args (args 1 2) 3).arg0.arg1 }}
{{ $x := args 1 nil }}{{ $x.arg1 }}{{ $x }}
{{ $x := (args nil).arg0 }}{{ $x }}|{{ printf "%v" $x }}|{{ $x.foo }}
{{ args }}
{{ args nil }}
{{ args nil | printf "%#v" }}
{{ args 1 "a" | printf "%#v" }}
{{ args 1 "a" | printf "%d" }}
{{ args 1 "a" | printf "%s" }}
{{ range $k, $v := args "b" "a" }}{{ $k }}{{ $v }}{{ end }}
{{ with args 1 }}{{ .arg0 }}{{ end }}
{{ define "m" }}{{ .arg0 }}-{{ .arg1 }}{{ end }}{{ template "m" (args "x" 2) }}
{{ reReplaceAll "a" "b" "banana" }}
{{ reReplaceAll "(.)a" "${1}o" "banana" }}
{{ reReplaceAll "(.)a" "$1o" "banana" }}
{{ reReplaceAll "(?P<x>n)" "<$x$$>" "banana" }}
{{ reReplaceAll "" "-" "abc" }}
{{ reReplaceAll "x*" "-" "abxc" }}
{{ reReplaceAll "^a|b$" "-" "abab" }}
{{ reReplaceAll "\\b" "|" "ab cd" }}
{{ reReplaceAll "." "-" "a\nb" }}
{{ reReplaceAll "(a" "b" "c" }}
{{ reReplaceAll "a**" "b" "c" }}
{{ reReplaceAll "`(" "b" "c" }}
{{ reReplaceAll "é" "e" "éa" }}
{{ reReplaceAll "" "-" "éa" }}
{{ "banana" | reReplaceAll "n" "m" }}
{{ reReplaceAll "a" "b" 1 }}
{{ reReplaceAll "a" "b" }}
{{ match "a.c" "xabcx" }}{{ match "^b" "ab" }}{{ match "" "" }}
{{ match "(" "a" }}
{{ match "a" 1 }}
{{ if match "h.st" $labels.instance }}yes{{ end }}
{{ title "hello world" }}
{{ title "hello-world foo_bar a.b don't x:y 3abc aBC ABC a1b" }}
{{ title "foo..bar a''b x::y a.'b _foo 'x" }}
{{ title "a,b a;b a!b a\"b a(b a/b a\\b a&b a@b a#b a$b a%b a^b a*b a+b a=b a<b a>b a?b a|b a~b a`b" }}
{{ title "élan ñandú школа straße" }}
{{ title "" }}
{{ title 1 }}
{{ toUpper "abc é ß ñ школа ÿ" }}{{ toLower "ABC É Ñ ШКОЛА İ" }}
{{ toUpper .Value }}
{{ toUpper $labels.job }}{{ $labels.job | toUpper | toLower }}
{{ graphLink "up == 0 and a{b=\"c d\"}" }}
{{ tableLink "rate(x[5m]) > 1&2" }}
{{ urlQueryEscape "a b&c=d/é~_-.+%" }}
{{ urlquery "a b" 1 2 nil "c" }}
{{ safeHtml "<b>&</b>" }}
{{ safeHtml "a" | toUpper }}
{{ html "<a href='x'>\"&" }}{{ html 1 2 "a" nil }}
{{ js "it's \"x\" <b> & = \\ \n é €" }}
{{ html . }}
{{ html }}
{{ js nil }}
{{ html (first (query "srv{n='a'}")) }}
{{ html (toTime 0) }}
{{ html (toDuration 90) }}
{{ stripPort "host:80" }}|{{ stripPort "host" }}|{{ stripPort "[::1]:80" }}|{{ stripPort "::1" }}|{{ stripPort "a:b:c" }}|{{ stripPort "[::1]" }}|{{ stripPort ":80" }}|{{ stripPort "" }}|{{ stripPort "a]:80" }}|{{ stripPort "[a" }}|{{ stripPort "[a]b:80" }}
{{ stripDomain "host.example.com:80" }}|{{ stripDomain "host.example.com" }}|{{ stripDomain "10.0.0.1:80" }}|{{ stripDomain "10.0.0.1" }}|{{ stripDomain "[::1]:80" }}|{{ stripDomain "::1" }}|{{ stripDomain "host" }}|{{ stripDomain ".a" }}|{{ stripDomain "" }}|{{ stripDomain "010.0.0.1" }}|{{ stripDomain "1.2.3" }}|{{ stripDomain "a.b:c.d:80" }}
{{ humanize 0 }} {{ humanize 1 }} {{ humanize 999 }} {{ humanize 1000 }} {{ humanize 1234567 }} {{ humanize 1e24 }} {{ humanize 1e30 }} {{ humanize -1234 }} {{ humanize 0.001 }} {{ humanize 0.00001234 }} {{ humanize 1e-30 }} {{ humanize -0.5 }} {{ humanize "12345" }} {{ humanize "1e3" }} {{ humanize 999.99 }} {{ humanize 999950 }}
{{ humanize "NaN" }} {{ humanize "Inf" }} {{ humanize "-Inf" }} {{ humanize "+inf" }}
{{ humanize "abc" }}
{{ humanize "" }}
{{ humanize "1e999" }}
{{ humanize nil }}
{{ humanize true }}
{{ humanize $labels }}
{{ humanize 1i }}
{{ humanize }}
{{ humanize 1 2 }}
{{ humanize .Value }} {{ .Value | humanize }} {{ $value | humanize1024 }}
{{ humanize (toDuration 5) }}
{{ humanize (index "abc" 0) }}
{{ humanize1024 0 }} {{ humanize1024 1 }} {{ humanize1024 1023 }} {{ humanize1024 1024 }} {{ humanize1024 1048576 }} {{ humanize1024 1e30 }} {{ humanize1024 -2048 }} {{ humanize1024 0.5 }} {{ humanize1024 "NaN" }} {{ humanize1024 "Inf" }} {{ humanize1024 1.5 }}
{{ humanizePercentage 0.5 }} {{ humanizePercentage 1 }} {{ humanizePercentage 0.12345678 }} {{ humanizePercentage -0.01 }} {{ humanizePercentage "NaN" }} {{ humanizePercentage 1e10 }} {{ humanizePercentage 0 }}
{{ humanizePercentage "x" }}
{{ humanizeDuration 0 }}|{{ humanizeDuration 1 }}|{{ humanizeDuration 59.9999 }}|{{ humanizeDuration 60 }}|{{ humanizeDuration 899.99 }}|{{ humanizeDuration 3600 }}|{{ humanizeDuration 86400 }}|{{ humanizeDuration 90061.5 }}|{{ humanizeDuration -90061.5 }}|{{ humanizeDuration 0.001 }}|{{ humanizeDuration 0.0000015 }}|{{ humanizeDuration 1e-20 }}|{{ humanizeDuration -0.5 }}|{{ humanizeDuration "NaN" }}|{{ humanizeDuration "-Inf" }}|{{ humanizeDuration 1e30 }}|{{ humanizeDuration -1 }}|{{ humanizeDuration "5" }}|{{ humanizeDuration 1.23456 }}
{{ humanizeTimestamp 0 }}|{{ humanizeTimestamp 1445412480.5 }}|{{ humanizeTimestamp -1 }}|{{ humanizeTimestamp "NaN" }}|{{ humanizeTimestamp 1.0005 }}|{{ humanizeTimestamp 253402300800 }}
{{ humanizeTimestamp -1.5 }}|{{ humanizeTimestamp -0.0001 }}
{{ humanizeTimestamp 1e30 }}
{{ humanizeTimestamp -1e30 }}
{{ humanizeTimestamp "x" }}
{{ toTime 0 }}|{{ toTime 1445412480.123 }}|{{ toTime "60" }}
{{ toTime 1e30 }}
{{ toTime "NaN" }}
{{ toTime nil }}
{{ (toTime 1445412480).Format "Mon Jan _2 15:04:05 MST 2006" }}
{{ (toTime 1445412480.123).Format "Monday, 02-Jan-06 3:4:5.000 PM pm -0700 Z07:00 Z0700 .999 002 __2 January 1 2 01 ,000 05.00 -07 -07:00:00 Z07 .000000" }}
{{ (toTime 1445412480).Format "2006-01-02T15:04:05Z07:00" }}
{{ (toTime 1445412480).Format "Janet Money _2006 Mond Mon. 2006 20061 15x" }}
{{ (toTime 1445412480).Format "" }}
{{ (toTime 1445412480).Format }}
{{ (toTime 1445412480).Format 1 }}
{{ (toTime 1445412480).Format "a" "b" }}
{{ "2006" | (toTime 1445412480).Format }}
{{ $t := toTime 1445412480.25 }}{{ $t.Year }} {{ $t.Month }} {{ $t.Day }} {{ $t.Hour }} {{ $t.Minute }} {{ $t.Second }} {{ $t.Nanosecond }} {{ $t.Weekday }} {{ $t.YearDay }} {{ $t.Unix }} {{ $t.UnixMilli }} {{ $t.UnixNano }} {{ $t.UnixMicro }} {{ $t.IsZero }} {{ $t.String }} {{ $t.UTC }}
{{ $t := toTime 1445412480 }}{{ $t.Add 1000000000 }} {{ $t.Sub (toTime 1445412400) }} {{ $t.AddDate 1 2 3 }} {{ $t.Before (toTime 0) }} {{ $t.After (toTime 0) }} {{ $t.Equal $t }} {{ $t.Truncate 3600000000000 }} {{ $t.Round 3600000000000 }} {{ $t.Compare (toTime 0) }}
{{ $t := toTime 1445412480 }}{{ $t.Add (toDuration 90) }}
{{ $t := toTime 1445412480 }}{{ $t.Add "x" }}
{{ $t := toTime 1445412480 }}{{ $t.Add 1.5 }}
{{ $t := toTime 1445412480 }}{{ $t.Sub 1 }}
{{ $t := toTime 1445412480 }}{{ $t.Sub $t }}
{{ $t := toTime 1445412480 }}{{ printf "%v %s %q %d" $t $t $t.Month $t.Month }}
{{ $t := toTime 1445412480 }}{{ printf "%#v %x" $t $t.Month }}
{{ (toTime 0).foo }}
{{ (toTime 0).Unix.foo }}
{{ (toTime 0).Date }}
{{ (toTime 0).wall }}
{{ (toTime 0).Zone }}
{{ (toTime 0).ISOWeek 1 }}
{{ (toTime 0).Clock }}
{{ eq (toTime 0).Month 1 }} {{ lt (toTime 0).Unix 5 }}
{{ eq (toTime 0) (toTime 0) }}
{{ eq (toTime 0).UTC (toTime 0).UTC }}
{{ toDuration 0 }}|{{ toDuration 1.5 }}|{{ toDuration 0.0000015 }}|{{ toDuration 90061 }}|{{ toDuration -1 }}|{{ toDuration 0.000000001 }}|{{ toDuration 0.25 }}|{{ toDuration "3600" }}
{{ $d := toDuration 5400.5 }}{{ $d.Hours }} {{ $d.Minutes }} {{ $d.Seconds }} {{ $d.Milliseconds }} {{ $d.Microseconds }} {{ $d.Nanoseconds }} {{ $d.String }} {{ $d.Abs }} {{ $d.Round 60000000000 }} {{ $d.Truncate 3600000000000 }}
{{ printf "%v %s" (toDuration 5) (toDuration 5) }}
{{ printf "%d" (toDuration 5).Abs }}
{{ toDuration "x" }}
{{ now }}
{{ now | humanizeTimestamp }} {{ (toTime now).Year }}
{{ now.foo }}
{{ parseDuration "5m" }} {{ parseDuration "1h30m" }} {{ parseDuration "0" }} {{ parseDuration "1ms" }} {{ parseDuration "1y2w" }}
{{ parseDuration "" }}
{{ parseDuration "x" }}
{{ parseDuration "5" }}
{{ parseDuration "1.5m" }}
{{ parseDuration "5m1h" }}
{{ parseDuration "99999999y" }}
{{ parseDuration 5 }}
{{ and 1 0 }} {{ and 1 2 }} {{ and "" 1 }} {{ or 0 "" }} {{ or 0 2 }} {{ or "a" }} {{ and true }} {{ not 0 }} {{ not "a" }} {{ and 1 nil }} {{ or nil "x" }}
{{ and }}
{{ or }}
{{ not }}
{{ not 1 2 }}
{{ and false (query "1 +") }} {{ or true (first nil) }}
{{ 1 | and 0 }} {{ 1 | or 0 }} {{ 0 | and }} {{ 5 | and 1 }}
{{ eq 1 1 }} {{ eq 1 2 }} {{ eq 1 2 1 }} {{ eq "a" "a" }} {{ eq 1.5 1.5 }} {{ eq true true }} {{ ne 1 2 }} {{ eq nil nil }} {{ eq 1 nil }} {{ ne "a" "b" }} {{ eq 1i 1i }}
{{ eq 1 1.0 }}
{{ eq 1 "1" }}
{{ eq "a" 1 }}
{{ eq true 1 }}
{{ eq .Value 1 }}
{{ eq .Value 1.5 }} {{ gt .Value 1.0 }} {{ lt $value 2.0 }}
{{ gt .Value 1 }}
{{ eq 1 }}
{{ eq }}
{{ eq $labels $labels }}
{{ eq $labels 1 }}
{{ eq . . }}
{{ eq (args 1) (args 1) }}
{{ eq $labels nil }}
{{ eq (args 1) $labels }}
{{ eq (index "abc" 0) 97 }} {{ lt (index "abc" 0) 98 }} {{ gt -1 (index "abc" 0) }}
{{ ne 1 }}
{{ ne 1 2 3 }}
{{ lt 1 2 }} {{ lt 2.5 1.5 }} {{ lt "a" "b" }} {{ le 1 1 }} {{ gt 2 1 }} {{ ge 1 1 }} {{ ge 0 1 }} {{ le "b" "a" }}
{{ lt 1 1.5 }}
{{ lt 1 nil }}
{{ lt true false }}
{{ lt $labels 1 }}
{{ lt 1i 2i }}
{{ lt 1 }}
{{ len "abc" }} {{ len "é" }} {{ len $labels }} {{ len (args 1 2) }} {{ len "" }}
{{ len 1 }}
{{ len nil }}
{{ len . }}
{{ len .Value }}
{{ len (toTime 0) }}
{{ len }}
{{ index "abc" 0 }} {{ index "abc" 2 }}
{{ index "abc" 3 }}
{{ index "abc" 4 }}
{{ index "abc" "a" }}
{{ index "abc" 1.5 }}
{{ index $labels 1 }}
{{ index $labels nil }}
{{ index nil }}
{{ index nil 1 }}
{{ index 1 }}
{{ index 1 2 }}
{{ index }}
{{ index $labels "job" 0 }}
{{ index (args "abc") "arg0" 1 }}
{{ index (args "abc") "arg9" }}
{{ index (args "abc") "arg9" 1 }}
{{ index . "a" }}
{{ "job" | index $labels }}
{{ slice "abcdef" 1 }} {{ slice "abcdef" 1 3 }} {{ slice "abc" }} {{ slice "abc" 3 }}
{{ slice "abc" 2 1 }}
{{ slice "abc" 4 }}
{{ slice "abc" -1 }}
{{ slice "abc" 1 2 3 }}
{{ slice "abc" 1 2 3 4 }}
{{ slice "abc" "a" }}
{{ slice "abc" .Value }}
{{ slice "abc" (args 1).arg0 }}
{{ index "abc" (args 1).arg0 }}
{{ slice (args "abc").arg0 1 }}
{{ slice 1 }}
{{ slice nil }}
{{ slice $labels }}
{{ slice }}
{{ print 1 2 "a" "b" 3 4 }}|{{ print "a" 1 "b" }}|{{ print }}|{{ print nil nil }}|{{ print 1.5 true }}
{{ println "a" 1 nil }}|
{{ print . }}
{{ print (first (query "srv{n='a'}")) }}
{{ print $labels (args 1) }}
{{ printf }}
{{ printf 1 }}
{{ printf nil }}
{{ printf "%d %s" 1 "a" | printf "%s|%s" "x" }}
{{ call 1 }}
{{ call nil }}
{{ call }}
{{ call $labels 2 }}
{{ 1 | call }}
{{ "a" | call }}
{{ nosuch 1 }}
{{ tmpl "a" }}
{{ first (query "srv") . }}
{{ .Labels | len }}
{{ .Labels.instance | stripPort | stripDomain | toUpper | printf "%-10s|" }}
{{ "a" | printf "%s %s" }}
{{ "x" | 1 }}
{{ len | 1 }}
{{ printf "%s" | len }}
{{ "abc" | len | printf "%03d" }}
{{ ("abc" | len) }}
{{ (len "abc").foo }}
{{ (1).foo }}
{{ 1.foo }}
{{ "a".foo }}
{{ nil.foo }}
{{ true.foo }}
{{ ..foo }}
{{ .Labels. }}
{{ $labels.}}
{{ . foo }}
{{ $x.foo }}
{{ (nil) }}
{{ (nil).foo }}
{{ toUpper nil }}
{{ toUpper 1 }}
{{ toUpper true }}
{{ toUpper (1) }}
{{ toUpper (index nil) }}
{{ toUpper .Labels }}
{{ toUpper (args "x").arg0 }}
{{ toUpper (args 1).arg0 }}
{{ toUpper (args 1).arg1 }}
{{ (args 1).arg1.foo }}
{{ $x := (args 1).arg1 }}{{ toUpper $x }}
{{ $x := (args 1).arg1 }}{{ $x.foo.bar }}|
{{ toUpper $labels.job.foo }}
{{ range $i, $x := query "srv" | sortByLabel "n" }}{{ if $i }}, {{ end }}{{ $x.Labels.n }}{{ end }}
{{ range (query "srv" | sortByLabel "n") }}{{ with .Labels }}{{ .n }}{{ end }}{{ end }}
{{ with query "srv{n='a'}" }}{{ . | first | value | humanize }}{{ end }}
{{ if gt $value 1.0 }}high{{ else }}low{{ end }}
{{ if and (gt $value 1.0) (eq $labels.job "node-exporter") }}both{{ end }}
{{ with $x := first (query "srv{n='a'}") }}{{ $x.Value }}{{ end }}
{{ range first (query "srv{n='a'}") }}{{ end }}
{{ range . }}{{ end }}
{{ range toTime 0 }}{{ end }}
{{ with first (query "nothing") }}{{ end }}
{{ template "__alert_T0" }}
{{ externalURL 1 }}
{{ define "r" }}{{ if gt . 0 }}{{ . }}{{ template "r" (len (slice "aaaaaaaaaa" 0 (len (slice "aaaaaaaaaa" 1 .)))) }}{{ end }}{{ end }}{{ template "r" 3 }}
'''

# With line ends, which the list above cannot have.
MULTILINE = [
    "a\nb\n{{ .Foo }}",
    "a\nb {{ if true }}\nx {{ else }}\ny {{ .Foo }} {{ end }}",
    "a\n{{ if }}",
    "a\n\n{{ nofunc }}",
    "{{\n1\n}}",
    "{{ 1\n\n",
    "{{ if true }}\n{{ 1\n",
    "{{ (1\n }}",
    "{{ \"a\nb\" }}",
    "{{ `a\nb` }}",
    "a \n {{- 1 -}} \n b",
    "{{ /* a\nb */ }}x{{/* a\nb */}}\n{{ nofunc }}",
    "{{ range 2 }}\n  {{- . }}\n{{- end }}",
    "{{ range $labels }}\n{{ .foo }}\n{{ end }}",
    "{{ define \"t\" }}\n{{ .foo }}\n{{ end }}\n\n{{ template \"t\" 1 }}",
    "{{ block \"t\"\n1 }}\n{{ else }}{{ end }}",
    "x\n{{ define \"t\" }}\n",
    "x\n{{ define \"t\"\n",
    "{{ $x := 1\n}}{{ $x }}",
    "{{ printf \"%s\"\n \"a\"\n | toUpper }}",
    "\r\n{{- 1 }}\r\n",
    "{{ with\n$labels }}\n{{ .a }}{{ end }}\n{{ toUpper 1 }}",
    "{{ 'a\n' }}",
    "{{ if true }}\n{{ end\n1 }}",
    "{{ template \"a\"\n\n",
    "{{ if true\n\n",
    "\n\n{{ $x",
    "é\n{{ é }}",
    "é{{ .Foo }}",
    "{{ \"é\" | .Foo }}",
    "x{{ - }}",
    "\t{{- \"tab\" -}}\t",
]

FORMATS = r'''
%v|%s|%d|%t|%q|%x|%X|%o|%O|%b|%c|%U|%#U|%e|%E|%f|%F|%g|%G|%p|%T|%w|%z|%é|%+v|%#v|% d|%+d|%5d|%-5d|%05d|%-05d|%+05d|%x|%#x|%#o|%#b|%5.1f|%-8.2f|%08.3f|%+.2e|%.0f|%#.0f|%#g|%#.3g|%.3g|%.10g|%.1s|%.3q|%5s|%-5s|%05s|%10q|%+q|%#q|% x|%# x|%.2x|%5t|%.3d|%8.3d|%08.3d|%+.3d|%6c|%-6c|%6U|%.6U|%20v|%-20v|%020v|%.2v|%5%|%%|%.f|%.|%5|%|%!|%*d|%.*d|%-*d|%[1]d|%[2]d|%[1]*d|%[1]|%[|%[x]d|%[0]d|%[5]d|%[1]d%[1]d|%d %d|%[2]d %[1]d|%d%%|%999d|%99999999d|%+x|%+#x|% X|%#X|%#q|%+c|%0x|% 5d|%+ d|%-+5d|%0-5d|%1$d|%l|%ld|%i|%u|%n|%5.|%-.3s|%x%|%s%s|%v %v %v|%#+v|%+#v|%##v|%05q|%-10q|%010.2f|%+010.2f|% 010.2f|%-010.2f|%+.3g|% .3g|%.20g|%.30f|%.0e|%b|%#e|%#.0e|%.0g|%#.2f|%#x
'''
VALUES = ["1", "-42", "0", "1.5", "-0.000012345", "1e100", "123456789.0", "0.0", '"abc"', '"é€"', '""',
          '"a\\tb\\x00\\"`"', "true", "nil", "'x'", "1i", "$labels", "$value", "(args 1 \"a\" nil)",
          "(safeHtml \"<b>\")", "(toTime 1.5)", "(toTime 1.5).UTC", "(toTime 1.5).Month",
          "(toDuration 1.5).Abs", "(index \"abc\" 0)", "(first (query \"srv{n='a'}\"))", "9223372036854775807",
          "65", "128512", "55296", "1114112", "(humanize 1)", "(len \"a\")", "0.1", "1e-320", "255"]
# Where Go's text is an address.
_POINTERS = {"(toTime 1.5)", "(first (query \"srv{n='a'}\"))"}
_MAPS = {"$labels", "(args 1 \"a\" nil)"}


def _escape(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')


def formats():
    """Every verb with every value, several in each template."""
    out = []
    verbs = FORMATS.strip("\n").split("|")
    for value in VALUES:
        for start in range(0, len(verbs), 6):
            text = "\x1f".join(f'{{{{ printf "{_escape(verb)}" {value} }}}}' for verb in verbs[start:start + 6]
                               if not ((value in _POINTERS and _shows_address(verb)) or
                                       (verb == "%p" and value in _MAPS)))
            out.append((0, text.replace("\x1f", "|")))
    for count in range(4):
        for verb in ("%*d", "%.*f", "%-*.*f", "%[3]*.[2]*[1]f", "%[2]*[1]d", "%d %d", "%s%!%d", "%.*s",
                     "%[2]d %d", "%[3]d", "%*.*f", "%[1]s%[1]s", "%s %[1]s %s"):
            args = " ".join(["5", "3", "1.25", "-7"][:count])
            out.append((0, f'{{{{ printf "{verb}" {args} }}}}'))
    for width in ("-5", '"x"', "1000001", "1.5", "nil", "true"):
        out.append((0, f'{{{{ printf "%*d" {width} 7 }}}}{{{{ printf "%.*f" {width} 7.5 }}}}'))
    return out


def _shows_address(verb):
    return any(c in verb for c in "pdboOtceEfFgGU") or verb in ("%#v", "%T")


ON_ALL = [
    "{{ $value }}", "{{ .Value }}", "{{ $value | humanize }}", "{{ $value | humanize1024 }}",
    "{{ $value | humanizeDuration }}", "{{ $value | humanizePercentage }}",
    "{{ $value | humanizeTimestamp }}", '{{ printf "%.2f" $value }}', '{{ printf "%v" $value }}',
    '{{ printf "%d" $value }}', '{{ printf "%s" $value }}', '{{ printf "%g %e %f %x" $value $value $value $value }}',
    '{{ printf "%8.3f|%-8.3f|%+08.3f|% f" $value $value $value $value }}', "{{ if $value }}yes{{ else }}no{{ end }}",
    "{{ $labels }}", "{{ range $k, $v := $labels }}{{ $k }}={{ $v }},{{ end }}", "{{ . }}",
    "{{ $labels.instance | stripPort | stripDomain | title }}", "{{ $value | toTime }}", "{{ $value | toDuration }}",
    "{{ print $value }}{{ println $value }}", "{{ html $value }}", "{{ eq $value 1.5 }}", "{{ gt $value 0.0 }}",
    "{{ printf \"%T\" $value }}", "{{ $labels.x | toUpper | js }}", "{{ $labels.x | urlquery }}", "{{ $value.Foo }}",
    "{{ $value.Count }}", "{{ $value.Sum }}", "{{ $value.Schema }}", "{{ $value.PositiveBuckets }}",
    "{{ $value.PositiveSpans }}", "{{ range $value.PositiveSpans }}{{ .Offset }} {{ .Length }}{{ end }}",
    '{{ printf "%T %+v" $value.NegativeSpans $value.NegativeSpans }}', '{{ (index $value.PositiveSpans 0).foo }}',

    "{{ index $value.PositiveBuckets 1 }}", "{{ range $value.NegativeBuckets }}{{ . }}{{ end }}",
    "{{ $value.String }}", "{{ $value.TestExpression }}", "{{ printf \"%T %v\" $value.ZeroCount $value.ZeroThreshold }}",
    "{{ $value.CounterResetHint }}", "{{ with $value }}{{ . }}{{ end }}", "{{ len $value }}", "{{ range $value }}{{ end }}",
]


def handmade():
    lines = [line for line in ON_ONE.strip("\n").split("\n") if line]
    out = [(0, line) for line in lines + MULTILINE]
    out += [(which, text) for which in ELEMENTS for text in ON_ALL]
    return out + formats()


class _Writer:
    """Random templates, mostly sound."""

    def __init__(self, rng):
        self.rng = rng
        self.variables = ["$labels", "$value", "$externalLabels"]

    def constant(self):
        return self.rng.choice(["1", "0", "-3", "2.5", '"abc"', '"a b:1"', "true", "'c'", "1e3", '""', "nil", "0x10"])

    def operand(self, depth):
        roll = self.rng.random()
        if roll < 0.3:
            return self.constant()
        if roll < 0.5:
            return self.rng.choice(self.variables)
        if roll < 0.65:
            return self.rng.choice(["$labels.job", ".Labels.instance", "$labels.nope", ".Value", ".", "$",
                                    "$labels.job.x", "(args 1 \"x\").arg1", "$externalURL", ".Foo"])
        if depth <= 0:
            return self.constant()
        return f"({self.pipe(depth - 1)})"

    def call(self, depth):
        name, least, most = self.rng.choice([
            ("printf", 1, 4), ("print", 0, 3), ("println", 1, 2), ("len", 1, 1), ("index", 1, 3), ("slice", 1, 3),
            ("and", 1, 3), ("or", 1, 3), ("not", 1, 1), ("eq", 1, 3), ("ne", 2, 2), ("lt", 2, 2), ("le", 2, 2),
            ("gt", 2, 2), ("ge", 2, 2), ("html", 1, 2), ("js", 1, 1), ("urlquery", 1, 2), ("toUpper", 1, 1),
            ("toLower", 1, 1), ("title", 1, 1), ("humanize", 1, 1), ("humanize1024", 1, 1), ("humanizeDuration", 1, 1),
            ("humanizePercentage", 1, 1), ("humanizeTimestamp", 1, 1), ("reReplaceAll", 3, 3), ("match", 2, 2),
            ("stripPort", 1, 1), ("stripDomain", 1, 1), ("args", 0, 3), ("toDuration", 1, 1), ("parseDuration", 1, 1),
            ("first", 1, 1), ("label", 2, 2), ("value", 1, 1), ("sortByLabel", 2, 2), ("safeHtml", 1, 1),
            ("graphLink", 1, 1), ("now", 0, 0), ("toTime", 1, 1)])
        args = [self.operand(depth) for _ in range(self.rng.randint(least, most))]
        if name == "printf" and self.rng.random() < 0.9:
            args[0] = '"' + "".join(self.rng.choice(["%v", "%s", "%d", "%q", "%.2f", "%5v|", "%T", "%x", "%%", "a "])
                                    for _ in range(self.rng.randint(1, 3))) + '"'
        return " ".join([name, *args])

    def pipe(self, depth):
        parts = [self.call(depth) if self.rng.random() < 0.7 else self.operand(depth)]
        while self.rng.random() < 0.25:
            parts.append(self.rng.choice(["len", "print", "printf \"%v\"", "toUpper", "humanize", "html", "not",
                                          "eq 1", "index $labels", "and 1", "title", "args 1", "reReplaceAll \"a\" \"b\""]))
        return " | ".join(parts)

    def node(self, depth):
        roll = self.rng.random()
        if roll < 0.2 or depth <= 0:
            return self.rng.choice(["text ", "a\n", " ", "é", "{{/* c */}}", "{ }", " {{- \"t\" -}} "])
        if roll < 0.55:
            trim = self.rng.choice(["", "", "", "- "])
            return "{{" + trim + self.pipe(depth - 1) + self.rng.choice(["}}", " }}", " -}}"])
        if roll < 0.65:
            name = f"$v{self.rng.randint(0, 3)}"
            text = "{{ " + name + " := " + self.pipe(depth - 1) + " }}"
            self.variables.append(name)
            return text
        return self.control(depth)

    def control(self, depth):
        variables = list(self.variables)
        word = self.rng.choice(["if", "with", "range"])
        head = self.pipe(depth - 1)
        if word == "range":
            head = self.rng.choice(["$labels", "$k, $e := $labels", "$e := 3", "args 1 \"b\" 2.5", "$externalLabels", "2",
                                    "$k, $e := args 1 \"x\"", "query \"srv{n='a'}\"", head])
            self.variables += [v for v in ("$k", "$e") if v in head]
        body = self.nodes(depth - 1)
        if word == "range" and self.rng.random() < 0.3:
            body += self.rng.choice(["{{ break }}", "{{continue}}", "{{ if eq . 1 }}{{ break }}{{ end }}"])
        text = f"{{{{ {word} {head} }}}}{body}"
        if self.rng.random() < 0.4:
            text += "{{ else }}" + self.nodes(depth - 1)
        self.variables = variables
        return text + "{{ end }}"

    def nodes(self, depth):
        return "".join(self.node(depth) for _ in range(self.rng.randint(1, 3)))


def _spoil(rng, text):
    """A character more, less or other."""
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(["", "{", "}", "(", ")", "|", '"', ".", "$", " ", "é", "1", ":="]) + text[at + 1:]


def random_templates(seed, count):
    rng = random.Random(seed)
    out = []
    while len(out) < count:
        writer = _Writer(rng)
        text = "".join(writer.node(3) for _ in range(rng.randint(1, 4)))
        if rng.random() < 0.15:
            text = _spoil(rng, text)
        # Addresses of objects differ.
        if "{{" in text and "toTime" not in text.replace("toTime 1", "") and "toDuration" not in text:
            out.append((rng.choice([0, 0, 0, 1, 2, 4]), text))
    return out
