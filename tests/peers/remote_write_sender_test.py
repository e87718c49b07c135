#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sending half of remote write, through `sloburn serve` with a rule every second: the messages
(write_sender_wire.py) and what follows from each answer (write_sender_behaviour.py).

usage: remote_write_sender_test.py SLOBURN
"""
import contextlib, json, math, os, subprocess, sys, time

import peers
import write_sender_behaviour as behaviour
import write_sender_wire as wire
from ruler import HISTOGRAMS, WIRE_RULES, engine, metrics_of, push
from write_receiver import Receiver

SLOBURN = sys.argv[1]
BEHAVIOUR_SERIES = {(("__name__", "in"), ("value", value)): float(i)
                    for i, value in enumerate(("a", "b", "bad", "d", "e"))}


def endpoint(receiver, case):
    path = "/" + case.name
    receiver.route(path, case.answer)
    config = json.loads(json.dumps(case.config))
    queue = config.setdefault("queue_config", {})
    queue.setdefault("max_backoff", "300ms")
    if queue.get("retry_on_http_429") == "false":
        queue["retry_on_http_429"] = False
    return {"url": receiver.url(path), "name": case.name, "protobuf_message": case.message, **config}


def newest(receiver, path):
    return max((at for r in receiver.requests(path) if r.is_accepted for _, at, _ in r.points()), default=0)


class Tally:
    def __init__(self):
        self.good, self.bad = 0, []

    def note(self, name, check):
        try:
            is_good = check()
        except Exception as error:
            is_good, name = False, f"{name}: {error!r}"
        if is_good:
            self.good += 1
        else:
            self.bad.append(name)
            print("FAILED:", name)


def check_messages(path, tally):
    receiver = Receiver()
    good = lambda number, request: None
    sent = {name: behaviour.Case(name, good, None, message, config) for name, message, config in (
        ("v1", behaviour.V1, {}), ("v2", behaviour.V2, {"send_native_histograms": True}))}
    with engine(SLOBURN, path, "messages", WIRE_RULES, [endpoint(receiver, case) for case in sent.values()]) as (base, log):
        push(base, wire.inputs(), HISTOGRAMS)
        time.sleep(5)
        vanishing = tuple(sorted((("__name__", "in"), ("vanishes", "soon"))))
        push(base, {vanishing: peers.STALE})
        time.sleep(4)
        metrics = metrics_of(base)
    for name, cases in (("v1", wire.V1_CASES), ("v2", wire.V2_CASES)):
        requests = receiver.requests("/" + name)
        assert len(requests) > 4, f"{len(requests)} requests of {name}"
        for case, check in cases.items():
            tally.note(f"{case} ({name})", lambda: check(requests))
    tally.note("metrics/histograms_total", lambda: metrics["v2"]["histograms_total"] > 8)
    tally.note("metrics/histograms_dropped_total", lambda: metrics["v1"]["histograms_dropped_total"] > 8)


class LateReceiver:
    """A port where nobody listens, until open()."""

    def __init__(self):
        self.port = peers.free_port()

    def open(self):
        self.receiver = Receiver(self.port)
        self.receiver.route("/late")


def check_behaviour(path, tally):
    receiver, late = Receiver(), LateReceiver()
    cases = behaviour.cases()
    control = behaviour.Case("control", lambda number, request: None, None)
    extra = [{"url": f"http://127.0.0.1:{late.port}/late", "name": "late"},
             {"url": "http://no-such-host.invalid/write", "name": "dns"}]
    endpoints = [endpoint(receiver, case) for case in [control, *cases]] + extra
    with engine(SLOBURN, path, "behaviour", [("out", "in")], endpoints) as (base, log):
        push(base, BEHAVIOUR_SERIES)
        time.sleep(4)
        refused = metrics_of(base)["late"]
        late.open()
        time.sleep(8)
        until = newest(receiver, "/control")
        for case in cases:
            with contextlib.suppress(AssertionError):
                peers.wait_for(case.name, lambda: newest(receiver, "/" + case.name) > until, 20)
        with contextlib.suppress(AssertionError):
            peers.wait_for("late", lambda: newest(late.receiver, "/late") > until, 20)
        metrics, text = metrics_of(base), open(log).read()
        samples = behaviour.Run(receiver.requests("/control"), {}, {}, "", 1, until).accepted()
        run = lambda at, name: behaviour.Run(at.requests("/" + name), samples, metrics[name],
                                             log_of(text, name), at.most_under_way.get("/" + name, 0), until)
        for case in cases:
            tally.note(case.name, lambda: case.check(run(receiver, case.name)))
        tally.note("errors/connection_refused", lambda: behaviour.delivered(run(late.receiver, "late"))
                   and refused["samples_retried_total"] > 0 and refused["samples_pending"] > 0)
        tally.note("errors/dns_failure", lambda: metrics["dns"]["samples_retried_total"] > 0
                   and metrics["dns"]["samples_failed_total"] == 0 and "resolve" in log_of(text, "dns"))
        check_metric_values(metrics, tally)
    tally.note("log/every_line_is_one_entry",
               lambda: all(line.startswith("time=") for line in text.splitlines()))


def log_of(text, name):
    return "\n".join(line for line in text.splitlines() if f"remote={name} " in line + " ")


def check_metric_values(metrics, tally):
    slow = metrics["control"]
    tally.note("metrics/samples_total", lambda: slow["samples_total"] >= 20)
    tally.note("metrics/bytes_total", lambda: slow["bytes_total"] > 100)
    tally.note("metrics/batch_duration", lambda: slow["sent_batch_duration_seconds_count"] >= 4
               and slow["sent_batch_duration_seconds_sum"] > 0)
    tally.note("metrics/highest_sent", lambda: abs(slow["queue_highest_sent_timestamp_seconds"] - time.time()) < 30)
    tally.note("metrics/shards", lambda: slow["shards"] == slow["shards_max"] == 1)


def check_single_series(path, tally):
    receiver, cases = Receiver(), behaviour.single_series_cases()
    with engine(SLOBURN, path, "single", [("out", "vector(1)")], [endpoint(receiver, case) for case in cases]) as (base, log):
        time.sleep(9)
        metrics, text = metrics_of(base), open(log, newline="").read()
        for case in cases:
            requests = receiver.requests("/" + case.name)
            run = behaviour.Run(requests, {}, metrics[case.name], log_of(text, case.name), 1, math.inf)
            tally.note(case.name, lambda: case.check(run))


def check_bad_scheme(path, tally):
    config = os.path.join(path, "bad.yml")
    with open(config, "w") as file:
        file.write("remote_write: [{url: 'gopher://x/write'}]\n")
    done = subprocess.run([SLOBURN, "serve", "--config.file=" + config], capture_output=True, timeout=30)
    tally.note("errors/bad_scheme", lambda: done.returncode not in (0, -6, -11)
               and b"bad.yml:1:22: url must be http" in done.stderr)


def main():
    tally = Tally()
    with peers.workdir() as path:
        for check in (check_bad_scheme, check_single_series, check_messages, check_behaviour):
            check(path, tally)
    for name, reason in wire.NOT_APPLICABLE.items():
        print(f"not applicable: {name}: {reason}")
    print(f"{tally.good} cases passed, {len(tally.bad)} failed")
    sys.exit(1 if tally.bad else 0)


if __name__ == "__main__":
    main()
