#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The flags of `sloburn serve` and `check`: what they accept, refuse and log.
usage: flags_test.py SLOBURN
"""
import json, os, subprocess, sys, urllib.error, urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import peers

SLOBURN = sys.argv[1]


def check(condition, *shown):
    if not condition:
        raise AssertionError(shown)


def features(path):
    """Unknown and idle features are told, and do not stop the process."""
    flags = ["--enable-feature=promql-duration-expr,nosuch", "--enable-feature=exemplar-storage",
             "--enable-feature=promql-experimental-functions"]
    with peers.sloburn(SLOBURN, path, *flags) as (base, _):
        log = open(os.path.join(path, f"sloburn-{base.split(':')[-1]}.log")).read()
        for option, text in (("promql-duration-expr", "permanently enabled and therefore a no-op"),
                             ("nosuch", "Unknown option for --enable-feature"),
                             ("exemplar-storage", "is a no-op")):
            lines = [line for line in log.splitlines() if f"option={option}" in line]
            check(len(lines) == 1 and text in lines[0] and "level=WARN" in lines[0], option, log)
        check("promql-experimental-functions" not in log, log)
        check(peers.query(base, "sort_by_label(vector(1), 'a')", 1)[0]["value"] == [1, "1"])
        told = json.loads(peers.get(base + "/api/v1/status/flags"))["data"]
        check(told["enable-feature"] == "promql-duration-expr,nosuch,exemplar-storage,"
              "promql-experimental-functions" and told["web.enable-lifecycle"] == "false", told)
    rules = os.path.join(path, "r.yml")
    with open(rules, "w") as f:
        f.write("groups: [{name: g, rules: [{record: a, expr: 'rate(b[1m + 1m])'}]}]\n")
    done = subprocess.run([SLOBURN, "check", "--enable-feature=nosuch", rules], capture_output=True,
                          text=True, timeout=60)
    check(done.returncode == 0 and "Unknown option for --enable-feature" in done.stderr, done)


def error_of(base, path, **parameters):
    try:
        peers.get(f"{base}/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["error"]
    return 200, ""


def limits(path):
    with peers.sloburn(SLOBURN, path, "--query.max-nesting=5", "--query.max-memory=1.5KB") as (base, _):
        check(error_of(base, "query", query="(((((1)))))")[0] == 200)
        code, error = error_of(base, "query", query="((((((1))))))")
        check(code == 400 and "nesting exceeds the limit of 5 levels" in error, code, error)
        # 96 samples of 16 bytes are 1.5 KiB.
        check(error_of(base, "query_range", query="vector(1)", start=0, end=95, step=1)[0] == 200)
        told = error_of(base, "query_range", query="vector(1)", start=0, end=96, step=1)
        check(told == (422, "query processing would hold samples of more than the limit of 1536 "
                       "bytes in memory (--query.max-memory)"), told)
    with peers.sloburn(SLOBURN, path, "--query.max-nesting=600") as (base, _):
        check(error_of(base, "query", query="(" * 600 + "1" + ")" * 600)[0] == 200)
    for flag in ("--query.max-nesting=0", "--query.max-nesting=5001", "--query.max-memory=x",
                 "--query.max-memory=1XB", "--query.max-memory=-1", "--query.max-memory=",
                 "--query.max-memory=99999EB", "--web.cors.origin=("):
        done = subprocess.run([SLOBURN, "serve", flag], capture_output=True, text=True, timeout=60)
        check(done.returncode == 2 and flag.split("=")[0] in done.stderr, flag, done)
    deep = "(" * 501 + "1" + ")" * 501
    for flags, code in (([], 1), (["--query.max-nesting=501"], 0)):
        done = subprocess.run([SLOBURN, "fmt", "--one-line", deep, *flags], capture_output=True,
                              timeout=60)
        check(done.returncode == code, done)


def main():
    with peers.workdir() as path:
        features(path)
        limits(path)


main()
