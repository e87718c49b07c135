#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reloads of files that are broken, and of many rules.

The configuration, a rule file and an SLO file are replaced by garbage, by nothing, by a directory, by a file
that cannot be read and by one that is written half: the reload fails and names the file, the old
configuration goes on without a missed tick, and the next good one is taken. Then 500 groups of 12 rules are
reloaded while they tick: state stays where Prometheus keeps it, no slot is left out, and the time is told.

usage: reload_faults_test.py SLOBURN [--groups N] [--most-seconds N]
"""
import argparse, os, shutil, signal, time

import store
from rule_server import STALE, RuleServer, check_slots, write
from store import peers

CONFIG = """rule_files: [rules.yml]
slo_files: [slos.yml]
"""
RULES = """groups:
- name: ticks
  interval: 1s
  rules:
  - {record: tick, expr: time()}
  - {alert: Always, expr: vector(1), for: 2s}
"""
SLOS = """version: prometheus/v1
service: gateway
slos:
- name: availability
  objective: 99.9
  sli:
    events:
      error_query: sum(rate(tick[{{.window}}]))
      total_query: sum(rate(tick[{{.window}}]))
"""
BROKEN = {  # what a file may be replaced by
    "garbage": lambda path: write(path, "\x00\x01{{{ not: [yaml\n"),
    "another document": lambda path: write(path, "just words\n"),
    "nothing": lambda path: write(path, ""),
    "a comment": lambda path: write(path, "# later\n"),
    "a directory": os.mkdir,
    "a loop of links": lambda path: os.symlink(path, path),
}


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def replace(path, make):
    remove(path)
    make(path)


def refused(server, name, what, by_signal):
    """The broken file is refused, with its name, and nothing changes."""
    before = server.alerts()
    words = server.reload()
    assert words is not None, f"{name} is {what}: the reload succeeds"
    assert name in words and len(words) < 1000, f"{name} is {what}: {words!r}"
    assert server.metric("prometheus_config_last_reload_successful") == 0
    if by_signal:
        server.forget_log()
        server.process.send_signal(signal.SIGHUP)
        peers.wait_for("the log", lambda: "the old configuration stays in force" in server.log())
        assert name in server.log()
    assert server.alerts() == before, (name, what)


def broken_files(binary, path):
    files = {"sloburn.yml": CONFIG, "rules.yml": RULES, "slos.yml": SLOS}
    halves = {"sloburn.yml": CONFIG[:20], "rules.yml": RULES[:-9], "slos.yml": SLOS[:-9]}
    with RuleServer(binary, os.path.join(path, "broken"), files) as server:
        server.start()
        peers.wait_for("a firing alert", lambda: server.states() == {"Always": "firing"})
        before, refusals = server.alerts(), 0
        for name, text in files.items():
            half = {"half of it": lambda file: write(file, halves[name])}
            for what, make in {**BROKEN, **half}.items():
                replace(server.path(name), make)
                refused(server, name, what, by_signal=refusals % 3 == 0)
                refusals += 1
                replace(server.path(name), lambda file: write(file, text))
                words = server.reload()
                assert words is None, f"after {name} was {what}: {words}"
                assert server.metric("prometheus_config_last_reload_successful") == 1
        time.sleep(1.1)
        assert server.alerts() == before
        ticks = server.only("tick")
        check_slots(ticks, 1000, "broken files")
        print(f"{refusals} broken files, {len(ticks)} ticks, 0 missed", flush=True)
        # What is broken at the start is told, and nothing begins.
        assert server.stop() == 0
        for name, text in files.items():
            replace(server.path(name), BROKEN["garbage"])
            server.forget_log()
            server.launch()
            assert server.process.wait(10) == 2 and name in server.log(), server.log()
            write(server.path(name), text)


def many_rules(count, renamed=()):
    """`count` groups of 12 rules with an interval of 2 s in one text."""
    out = ["groups:"]
    for i in range(count):
        out.append(f"- name: g{i}\n  interval: 2s\n  rules:")
        for j in range(10):
            name = f"r{j}" + ("_new" if (i, j) in renamed else "")
            out.append(f"  - {{record: {name}, labels: {{g: '{i}'}}, expr: vector({j})}}")
        out.append(f"  - {{alert: Pending, labels: {{g: '{i}'}}, expr: vector(1), for: 1h}}")
        out.append(f"  - {{alert: Firing, labels: {{g: '{i}'}}, expr: vector(1)}}")
    return "\n".join(out) + "\n"


def timed_reload(server, files, times):
    for name, text in files.items():
        write(server.path(name), text)
    began = time.time()
    words = server.reload()
    times.append(time.time() - began)
    assert words is None, words


def under_load(binary, path, groups, most_seconds):
    files = {"sloburn.yml": "rule_files: [rules.yml, moved.yml]\n", "rules.yml": many_rules(groups)}
    with RuleServer(binary, os.path.join(path, "many"), files) as server:
        server.start()
        peers.wait_for("all alerts", lambda: len(server.alerts()) == 2 * groups)
        before, times = server.alerts(), []
        # Nothing changes; a rule of each second group gets another name; all groups change.
        renamed = {(i, 3) for i in range(0, groups, 2)}
        limited = many_rules(groups, renamed).replace("interval: 2s", "interval: 2s\n  limit: 100")
        for text in (many_rules(groups), many_rules(groups, renamed), limited):
            timed_reload(server, {"rules.yml": text}, times)
            assert server.alerts() == before, "a reload lost the state of alerts"
            time.sleep(2.2)
        # A group moves to another file: its rules go on there, its alerts begin anew.
        head, first, *others = limited.split("- name: ")
        timed_reload(server, {"moved.yml": head + "- name: " + first,
                              "rules.yml": head + "".join("- name: " + one for one in others)}, times)
        time.sleep(7)  # until what was removed has got its end, where it has one
        end = server.alerts()
        for labels, state in before.items():
            if dict(labels)["g"] == "0":
                assert end[labels][1] > state[1], (labels, end[labels])
            else:
                assert end[labels] == state, (labels, end[labels])
        check_load(server, groups, renamed)
        assert server.sum_of("prometheus_rule_group_iterations_missed_total") == 0
        print(f"{groups} groups of 12 rules: reloads took",
              ", ".join(f"{one:.2f}" for one in times), "s", flush=True)
        assert max(times) <= most_seconds, f"a reload took {max(times):.2f} s"


def check_load(server, groups, renamed):
    everything = store.samples_of(server)
    for i in range(groups):
        for j in range(10):
            key = lambda name: ((b"__name__", name.encode()), (b"g", str(i).encode()))
            found = everything[key(f"r{j}")]
            if (i, j) in renamed:
                # It ended with one marker, at the slot where the new name began.
                ended = [at for at, bits in found if bits == STALE]
                assert ended == [found[-1][0]], (i, j, ended)
                begin = everything[key(f"r{j}_new")][0][0]
                assert begin == found[-1][0], (i, j, begin, found[-1][0])
                check_slots(found[:-1], 2000, f"r{j} of g{i}")
            elif i == 0:  # moved: other slots, but no marker between
                markers = [at for at, bits in found if bits == STALE]
                assert not markers, (j, markers, [at for at, _ in found])
            else:
                check_slots(found, 2000, f"r{j} of g{i}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sloburn")
    parser.add_argument("--groups", type=int, default=500)
    parser.add_argument("--most-seconds", type=float, default=5, help="that a reload may take")
    options = parser.parse_args()
    with peers.workdir() as path:
        broken_files(options.sloburn, path)
        under_load(options.sloburn, path, options.groups, options.most_seconds)
    print("PASSED")


main()
