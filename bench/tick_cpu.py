#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU time that a tick of all groups in a rule file takes, over samples that are stored already, by
sloburn and, to compare, by a Prometheus.

usage: tick_cpu.py SLOBURN RULES STORAGE_PATH END_S [--interval 1s] [--ticks 30]
                   [--prometheus PROMETHEUS TSDB_PATH]

Starts each server on its data, which it writes results to, once without rules and once with RULES at
the interval and a query offset that makes END_S now; prints the difference, and missed iterations."""
import argparse
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request


def cpu_seconds(pid):
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def metric(port, name):
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60).read().decode()
    values = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.M)
    return sum(float(value) for value in values)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start(command, log):
    port = free_port()
    server = subprocess.Popen(command + [f"--web.listen-address=127.0.0.1:{port}"],
                              stdout=log, stderr=log)
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=10).read()
            return server, port
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.2)
    log.seek(0)
    raise SystemExit(f"{command[0]} did not start:\n{log.read().decode()[-2000:]}")


def measure(command, warm_up_s, seconds):
    """CPU seconds, iterations and missed iterations of groups in `seconds`."""
    with tempfile.TemporaryFile() as log:
        server, port = start(command, log)
        try:
            def counts():
                return (cpu_seconds(server.pid),
                        metric(port, "prometheus_rule_group_iterations_total"),
                        metric(port, "prometheus_rule_group_iterations_missed_total"))
            time.sleep(warm_up_s)
            before = counts()
            time.sleep(seconds)
            return [now - then for now, then in zip(counts(), before)]
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


def report(name, command, folder, groups, interval_s, ticks):
    # The first tick of each group reads whole windows.
    warm_up_s = max(5, 2 * interval_s)
    seconds = ticks * interval_s
    idle, _, _ = measure(command + [f"--config.file={folder}/idle.yml"], 5, min(seconds, 30))
    idle /= min(seconds, 30)
    busy, iterations, missed = measure(command + [f"--config.file={folder}/rules.yml"], warm_up_s,
                                       seconds)
    done = iterations - missed
    if done <= 0:
        raise SystemExit(f"{name}: no group was evaluated")
    cpu = (busy - idle * seconds) * groups / done
    print(f"{name}: {groups} groups, {done / groups:.2f} ticks, {missed:.0f} iterations missed, "
          f"{cpu * 1e3:.2f} ms CPU per tick (idle {idle * 1e3:.2f} ms/s)", flush=True)
    return cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("sloburn")
    parser.add_argument("rules")
    parser.add_argument("storage")
    parser.add_argument("end", type=int)
    parser.add_argument("--interval", type=int, default=1, help="of the groups, in seconds")
    parser.add_argument("--ticks", type=int, default=30)
    parser.add_argument("--prometheus", nargs=2, metavar=("PROMETHEUS", "TSDB_PATH"))
    options = parser.parse_args()
    with open(options.rules) as file:
        text = file.read()
    groups = len(re.findall(r"^\s*- name:", text, re.M))
    offset = int(time.time()) - options.end
    fields = f"  interval: {options.interval}s\n  query_offset: {offset}s"
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/rules.yaml", "w") as file:
            file.write(re.sub(r"^  interval: \S+", fields, text, flags=re.M))
        for name, content in (("idle", "{}\n"), ("rules", "rule_files: [rules.yaml]\n")):
            with open(f"{folder}/{name}.yml", "w") as file:
                file.write(content)
        ours = report("sloburn", [options.sloburn, "serve", f"--storage.path={options.storage}",
                                  "--query.max-samples=500000000"],
                      folder, groups, options.interval, options.ticks)
        if options.prometheus is None:
            return
        binary, path = options.prometheus
        theirs = report("prometheus", [binary, f"--storage.tsdb.path={path}",
                                       "--storage.tsdb.retention.time=1000d",
                                       "--query.max-samples=500000000"],
                        folder, groups, options.interval, options.ticks)
    print(f"ratio {theirs / ours:.0f}x")


main()
