#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The flags of `sloburn serve` and `check`: what they accept, refuse and log.
usage: flags_test.py SLOBURN
"""
import json, os, subprocess, sys

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


def main():
    with peers.workdir() as path:
        features(path)


main()
