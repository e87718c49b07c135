#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sloburn as the sidecar of a real Prometheus.

Feeds Prometheus an hour of gateway counters and histograms, runs sloburn beside it with the stoa
pack and a 5 s interval, and compares every series it wrote back with Prometheus' own evaluation of
the same expression at the same timestamp. A series that vanishes must end in Prometheus.

usage: sidecar_test.py SLOBURN PACK_DIR remote_read|query
"""
import os, random, re, sys, time

import peers

SLOBURN, PACK, MODE = sys.argv[1:4]
STEP_MS = 5000
RULE_FILES = ["slo.rules.yaml", "business.rules.yaml"]


def expressions():
    """record -> expression, read from the shipped files by their plain layout."""
    found = {}
    for name in RULE_FILES:
        lines = open(os.path.join(PACK, name)).read().split("\n")
        i = 0
        while i < len(lines):
            record = re.match(r"\s*- record: (\S+)$", lines[i])
            i += 1
            if not record:
                continue
            expr = re.match(r"(\s*)expr: (.*)$", lines[i])
            text = expr.group(2)
            i += 1
            if text == "|":
                block = []
                while i < len(lines) and (lines[i].startswith(expr.group(1) + "  ")):
                    block.append(lines[i])
                    i += 1
                text = "\n".join(block)
            found[record.group(1)] = text
    assert len(found) == 17, found.keys()
    return found


class Gateway:
    """Counters that grow, with a reset now and then; the same seed gives the same samples."""

    def __init__(self):
        self.random = random.Random(7)
        self.values = {}
        common = (("instance", "a:8080"), ("job", "stoa-gateway"))
        self.rates = {}
        for status, rate in (("200", 40), ("404", 2), ("500", 0.3), ("503", 0.1)):
            for path in ("/v1/apis", "/v1/tools"):
                labels = (("__name__", "stoa_http_requests_total"), ("method", "GET"),
                          ("path", path), ("status", status)) + common
                self.rates[labels] = rate
        for bound, share in (("0.1", 20), ("0.25", 60), ("0.5", 75), ("1.0", 80), ("+Inf", 82)):
            labels = (("__name__", "stoa_http_request_duration_seconds_bucket"), ("le", bound)) + common
            self.rates[labels] = share
        self.rates[(("__name__", "stoa_http_request_duration_seconds_count"),) + common] = 82
        for tenant in ("acme", "globex"):
            labels = (("__name__", "stoa_mcp_tools_calls_total"), ("tool", "search"),
                      ("tenant", tenant), ("status", "success")) + common
            self.rates[labels] = 3

    def step(self, at):
        out = {}
        for labels, rate in self.rates.items():
            value = self.values.get(labels, 0)
            if "requests_total" in labels[0][1] and self.random.random() < 0.001:
                value = 0
            value += int(rate * (0.5 + self.random.random()) + self.random.random())
            self.values[labels] = value
            out[labels] = [(at, float(value))]
        return out


def write_files(path, source):
    groups = os.path.join(path, "vanish.rules.yaml")
    with open(groups, "w") as f:
        f.write("groups:\n- name: vanish\n  rules:\n  - record: test:vanishing\n"
                "    expr: test_gauge\n")
    config = os.path.join(path, "sloburn.yml")
    with open(config, "w") as f:
        f.write(f"global: {{evaluation_interval: 5s}}\n"
                f"source: {{url: '{source}', mode: {MODE}}}\n"
                f"remote_write: [{{url: '{source}/api/v1/write'}}]\n"
                "rule_files:\n"
                f"  - {os.path.join(path, 'slo.rules.yaml')}\n"
                f"  - {os.path.join(path, 'business.rules.yaml')}\n"
                f"  - {groups}\n")
    for name in RULE_FILES:
        # The shipped interval of the business rules is 5 m: too long for a test.
        text = open(os.path.join(PACK, name)).read().replace("    interval: 5m\n", "")
        open(os.path.join(path, name), "w").write(text)
    return config


def feed(prometheus, gateway, seconds, with_gauge):
    deadline = time.time() + seconds
    while time.time() < deadline:
        now = int(time.time() * 1000)
        series = gateway.step(now)
        if with_gauge:
            series[(("__name__", "test_gauge"), ("job", "test"))] = [(now, 1.0)]
        peers.push(prometheus, series)
        time.sleep(1)


def compare(prometheus, rules, since):
    compared = 0
    for record, expr in rules.items():
        if "sum" not in expr and "count" not in expr:
            raise AssertionError("no aggregation in " + record)
        written = peers.query(prometheus, record + "[1m]", time.time())
        for series in written:
            labels = {k: v for k, v in series["metric"].items() if k != "__name__"}
            for at, value in series["values"]:
                # The ticks before the test began feeding live data are history to Prometheus too,
                # but samples pushed within a second of a tick may arrive after it.
                if at < since:
                    continue
                expected = [r for r in peers.query(prometheus, expr, at) if r["metric"] == labels]
                assert len(expected) == 1, (record, labels, at, expected)
                assert peers.same(expected[0]["value"][1], value), (
                    record, labels, at, expected[0]["value"][1], value)
                compared += 1
    return compared


def main():
    binary = peers.require_prometheus()
    rules = expressions()
    with peers.workdir() as path, peers.prometheus(binary, path) as prometheus:
        gateway = Gateway()
        now = int(time.time() * 1000)
        history = {}
        for at in range(now - 3_600_000, now - 2000, STEP_MS):
            for labels, samples in gateway.step(at).items():
                history.setdefault(labels, []).extend(samples)
        peers.push(prometheus, history)
        config = write_files(path, prometheus)
        port = peers.free_port()
        log = os.path.join(path, "sloburn.log")
        command = [SLOBURN, "serve", "--config.file=" + config,
                   f"--web.listen-address=127.0.0.1:{port}"]
        with peers.running(command, log) as process:
            base = f"http://127.0.0.1:{port}"
            peers.wait_for("sloburn to be ready", lambda: peers.get(base + "/-/ready"))
            since = time.time()
            feed(prometheus, gateway, 16, with_gauge=True)
            assert process.poll() is None, open(log).read()
            peers.wait_for("written series",
                           lambda: peers.query(prometheus, "slo:api_availability:ratio", time.time()))
            compared = compare(prometheus, rules, since)
            assert compared >= 2 * len(rules), f"only {compared} samples were compared"
            print(f"{MODE}: {compared} written-back samples of {len(rules)} rules equal Prometheus'")
            check_vanishing(prometheus, gateway)
    print("PASSED")


def check_vanishing(prometheus, gateway):
    assert peers.query(prometheus, "test:vanishing", time.time()), "the recorded gauge is missing"
    # The gauge ends: Prometheus would do so with a marker when its target goes.
    peers.push(prometheus, {(("__name__", "test_gauge"), ("job", "test")):
                            [(int(time.time() * 1000), peers.STALE)]})
    feed(prometheus, gateway, 8, with_gauge=False)
    peers.wait_for("the staleness marker of test:vanishing",
                   lambda: not peers.query(prometheus, "test:vanishing", time.time()), 15)
    print("staleness: the vanished series has ended in Prometheus")


main()
