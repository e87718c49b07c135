#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU time (user + system) of checking a rule file, in turn, best of ten.

usage: check_time.py RULES SLOBURN PROMTOOL [--runs N]"""
import os
import subprocess
import sys


def cpu_seconds(command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)}: exit status {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def main():
    rules, sloburn, promtool = sys.argv[1:4]
    runs = int(sys.argv[5]) if sys.argv[4:5] == ["--runs"] else 10
    commands = {"sloburn": [sloburn, "check", rules], "promtool": [promtool, "check", "rules", rules]}
    best = {}
    for _ in range(runs):
        for name, command in commands.items():
            best[name] = min(best.get(name, (float("inf"), 0)), cpu_seconds(command))
    for name, (seconds, kilobytes) in best.items():
        print(f"{name:9s} {seconds:.4f} CPU s  {kilobytes // 1024} MiB")
    print(f"promtool / sloburn: {best['promtool'][0] / best['sloburn'][0]:.2f}")


main()
