#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU time that a tick of all groups in a rule file takes, over samples that are stored already.

usage: tick_cpu.py SLOBURN RULES STORAGE_PATH END_S [TICKS]

Starts the server on STORAGE_PATH, which it writes results to, once without rules and once with
RULES at an interval of a second and a query offset that makes END_S now; prints the difference."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

WARM_UP_S = 5


def cpu_seconds(pid):
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def metric(port, name):
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
    values = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.M)
    return sum(float(value) for value in values)


def measure(sloburn, config, storage, seconds):
    """CPU seconds and iterations of groups in `seconds`."""
    server = subprocess.Popen(
        [sloburn, "serve", f"--config.file={config}", f"--storage.path={storage}",
         "--web.listen-address=127.0.0.1:0", "--query.max-samples=500000000"],
        stderr=subprocess.PIPE, text=True)
    try:
        port = None
        for line in server.stderr:
            found = re.search(r"127\.0\.0\.1:(\d+)", line)
            if found:
                port = int(found.group(1))
                break
        if port is None:
            sys.exit(f"{sloburn} did not start")
        time.sleep(WARM_UP_S)
        iterations = metric(port, "prometheus_rule_group_iterations_total")
        cpu = cpu_seconds(server.pid)
        time.sleep(seconds)
        return cpu_seconds(server.pid) - cpu, \
            metric(port, "prometheus_rule_group_iterations_total") - iterations
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate()


def main():
    sloburn, rules, storage, end = sys.argv[1:5]
    ticks = int(sys.argv[5]) if len(sys.argv) > 5 else 30
    with open(rules) as file:
        text = file.read()
    groups = len(re.findall(r"^\s*- name:", text, re.M))
    offset = f"\n  query_offset: {int(time.time()) - int(end)}s"
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/rules.yaml", "w") as file:
            file.write(re.sub(r"^  interval: \S+", "  interval: 1s" + offset, text, flags=re.M))
        for name, content in (("idle", "{}\n"), ("rules", "rule_files: [rules.yaml]\n")):
            with open(f"{folder}/{name}.yml", "w") as file:
                file.write(content)
        idle, _ = measure(sloburn, f"{folder}/idle.yml", storage, ticks)
        busy, iterations = measure(sloburn, f"{folder}/rules.yml", storage, ticks)
    if iterations == 0:
        sys.exit("no group was evaluated")
    print(f"{groups} groups, {iterations / groups:.0f} ticks: "
          f"{(busy - idle) * groups / iterations * 1e3:.2f} ms CPU per tick "
          f"(idle {idle / ticks * 1e3:.2f} ms/s)")


main()
