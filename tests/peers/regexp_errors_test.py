#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Regular expressions, most of them bad, in matchers of sloburn and of a Prometheus: the same error.

usage: regexp_errors_test.py SLOBURN
"""
import http.client, json, sys, urllib.parse

import peers

PATTERNS = [
    "(", ")", "a)", "(a", "((a)", "[", "[a", "[]", "[]a", "[^]", "[z-a]", r"[a-\d]", "[a-",
    "[[:foo:]]", "[[:alpha:]", "*", "+", "?", "a**", "a*+", "a*?+", "a+*", "a???", "a{2}{3}",
    "a{2}*", "a{1001}", "a{2,1}", "a{1,1001}", "a{99999999999}", "a{,2}", "a{", "a{1",
    "(a{1000}){1000}", "((a{100}){100}){100}", "(?", "(?P", "(?P<", "(?P<n", "(?P<n>", "(?P<>a)",
    "(?P<1a>a)", "(?P<n>a)(?P<n>b)", "(?P=n)", "(?<n>a)", "(?<n", "(?<=a)", "(?<!a)", "(?=a)",
    "(?!a)", "(?>a)", "(?i", "(?z)", "(?i-)", "(?-i-s)a", "(?i)(?s", "(?#c)a", "(?R)", "\\\\",
    "a\\", r"\8", r"\1", r"\0", r"\01", r"\x", r"\x1", r"\x{", r"\x{110000}", r"\x{zz}", r"\xg",
    r"\p", r"\p{", r"\p{Foo}", r"\pX", r"\PX", r"\p{^Greek}", r"\pN", r"\Z", r"\z", r"\G", r"\C",
    r"\k<n>", r"\Q", r"\Qa\E", r"\E", r"\c", r"\u1234", r"\_", r"\é", "é", r"[\8]", r"[\pX]",
    r"[\x{zz}]", r"[a-\8]", "[\\", "[a\"", "a|*", "|*", "(*", "(|*", "^*", "$+", r"\b+", r"\b**",
    "a{0}{0}{0}", "(?i:a", "x{2}{", "[a-z", "(((((", ")))", "(?:)", "(?:a|b", "(?P<é>a)",
    "(?P<a-b>a)", "[[:word:]]", "[[:^word:]]", "[[:alpha", "[[.a.]]", "[[=a=]]", "(a))",
    "a{1,2}{3,4}", "a{,}", "a{1,}", "a{1001,}", "(?s)(?i)a**", "(?U)a**", r"\pé", r"\p{é",
    r"[^\x00-\x{10FFFF}]", r"(?i)\pX", r"\A*", "(a*)*(a*)*(a*)*", "((a*)*)*", "(?:a+){1000}",
    "(((a{10}){10}){10}){10}", "[a-z]{500}{3}", r"\pL{1000}", r"(\pL{100}){10}",
    "((((x{2}){2}){2}){2}){2}", "(|a)*", "(?:(?:){0,1000}){0,1000}", "(xx?){1000}",
    "((xx?){1000}){2}",
    *("(" * n + "a" + ")" * n for n in (998, 999, 1000)),
    "(" * 999, "(" * 999 + "a" + ")" * 999 + "[",
    "(" * 1001 + ")" * 1001, "(?:" * 1001 + "a" + ")" * 1001, "x" * 20000,
    b"\xff", b"a\xffb", b"(\xff", b"[\xff", b"\\\xff",
]


def quoted(pattern):
    """As a PromQL string; invalid UTF-8 is written as escapes."""
    out = ""
    for c in pattern:
        code = c if isinstance(c, int) else ord(c)
        if isinstance(c, int) and code >= 128:
            out += f"\\x{code:02x}"
        else:
            out += {92: "\\\\", 34: '\\"'}.get(code, chr(code))
    return f'"{out}"'


def error_of(base, pattern):
    connection = http.client.HTTPConnection(base.split("//")[1], timeout=60)
    body = urllib.parse.urlencode({"query": f"up{{a=~{quoted(pattern)}}}"})
    connection.request("POST", "/api/v1/format_query", body,
                       {"Content-Type": "application/x-www-form-urlencoded"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer.get("error", "none")


def main():
    binary = peers.require_prometheus()
    with peers.workdir() as path, peers.prometheus(binary, path) as prometheus, \
            peers.sloburn(sys.argv[1], path) as (sloburn, _):
        different = 0
        for pattern in PATTERNS:
            expected, got = error_of(prometheus, pattern), error_of(sloburn, pattern)
            if expected != got:
                different += 1
                print(f"{pattern!r:.80}\n  prometheus {expected[:300]}\n  sloburn    {got[:300]}")
        print(f"{len(PATTERNS) - different} of {len(PATTERNS)} errors equal")
        sys.exit(1 if different else 0)


main()
