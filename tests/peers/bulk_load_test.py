#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The load of history from a real Prometheus: killed with -9 in its midst again and again, it goes on
where it had ended, and in the end every sample is there to the bit: floats, staleness markers, and
native histograms whose buckets come, go and are reset.

usage: bulk_load_test.py SLOBURN [--figures]    with --figures: samples per second instead
"""
import json, os, random, re, struct, sys, time

import peers
from remote_read import SAMPLES, matcher, messages, read, request, unsnappy, varint_at

SLOBURN = sys.argv[1]
STEP_MS = 15_000
STALE_HISTOGRAM = peers.Histogram(schema=0, count=0, sum=peers.STALE)
RULES = """groups:
- name: g
  interval: 2s
  rules:
  - record: all:load
    expr: count(count_over_time({job="load"}[8h]))
  - record: all:ended
    expr: count(count_over_time(ended[6h30m]))
  - record: all:recent
    expr: sum(rate(load_total[5m]))
"""


def histogram_at(i, kind):
    """Buckets that appear one after the other, a reset, a gap that closes, now and then a marker."""
    if i % 500 == 499:
        return STALE_HISTOGRAM
    age = i % 700  # counters start anew
    rng = random.Random(i if kind == "gauge" else 7)
    buckets = {}
    for index in range(-3, -3 + min(3 + age // 60, 14)):
        if index in (2, 5) and age < 400:
            continue
        count = rng.randrange(50) if kind == "gauge" else 1 + age // (abs(index) + 2)
        buckets[index] = count / 4 if kind == "float" else count
    negative = {0: age // 3, 2: age // 5} if kind == "both" else {}
    if kind == "custom":
        buckets = {index: age // (index + 1) for index in range(4) if index != 1 or age > 100}
    zero = age // 7 if kind != "custom" else 0
    return peers.Histogram(
        schema=peers.CUSTOM_BUCKETS if kind == "custom" else 2 if i < 900 else 1,
        count=sum(buckets.values()) + sum(negative.values()) + zero, sum=age * 1.1 - 3,
        zero_threshold=0.0 if kind == "custom" else 0.001 if i % 2000 < 1200 else 2.0 ** -128,
        zero_count=zero, positive=buckets, negative=negative,
        custom_values=(0.25, 0.5, 12345.678) if kind == "custom" else (),
        hint=peers.HINT_GAUGE if kind == "gauge" else peers.HINT_UNKNOWN, is_float=kind == "float")


def values(series):
    """[(labels, function of the step that gives a value or None)]"""
    def labels(name, **more):
        return tuple(sorted({"__name__": name, "job": "load", **more}.items()))
    all_series = []
    for k in range(series):
        rng = random.Random(k)
        scale = rng.choice([1, 0.1, 1e9, 1e-9])
        all_series.append((labels("load_total", instance=f"host-{k}"),
                           lambda i, k=k, s=scale: s * ((i * (k % 17 + 1)) % 9973)))
    for k in range(series // 10):
        all_series.append((labels("ended", instance=f"host-{k}"), lambda i, k=k: [
            float(i), None, peers.STALE][0 if (i // 100 + k) % 3 else 2 if i % 100 == 0 else 1]))
    all_series.append((labels("odd"), lambda i: [float("nan"), float("inf"), -0.0, 5e-324][i % 4]))
    for kind in ("whole", "float", "gauge", "custom", "both"):
        for k in range(max(1, series // 100)):
            all_series.append((labels("native_seconds", kind=kind, instance=f"host-{k}"),
                               lambda i, kind=kind: histogram_at(i, kind)))
    all_series.append((labels("mixed"), lambda i: float(i) if i // 50 % 2 else
                       histogram_at(i, "whole")))
    return all_series


def fill(base, all_series, start_ms, begin, end):
    """Steps [begin, end), batch by batch: Prometheus takes samples in order of time only."""
    samples = 0
    for first in range(begin, end, 50):
        batch = []
        for labels, value in all_series:
            points = [(start_ms + i * STEP_MS, value(i)) for i in range(first, min(end, first + 50))]
            points = [point for point in points if point[1] is not None]
            samples += len(points)
            if points:
                batch.append(peers.Series(labels, points))
        peers.push_series(base, batch)
    return samples


def side(message, spans_field, deltas_field):
    """{index: count} of the buckets that are not empty."""
    counts, index, total, out = [], 0, 0, {}
    fields = messages(message)
    unzigzag = lambda n: n >> 1 if n & 1 == 0 else -(n >> 1) - 1
    for field, value in fields:
        if field == deltas_field:
            at = 0
            while at < len(value):
                number, at = varint_at(value, at)
                total += unzigzag(number)
                counts.append(float(total))
        elif field == deltas_field + 1:
            counts += struct.unpack(f"<{len(value) // 8}d", value)
    at = 0
    for field, value in fields:
        if field == spans_field:
            span = dict(messages(value))
            index += unzigzag(span.get(1, 0))
            for _ in range(span.get(2, 0)):
                if counts[at] != 0:
                    out[index] = counts[at]
                index += 1
                at += 1
    return out


def histogram_of(message):
    """A histogram as a value: whole counts as doubles, buckets by their index."""
    fields = dict(messages(message))
    bits = struct.pack("<d", fields.get(3, 0.0))
    if bits == struct.pack("<d", peers.STALE):
        return fields.get(15, 0), "stale"
    return fields.get(15, 0), (
        float(fields.get(1, fields.get(2, 0))), bits, fields.get(4, 0), fields.get(5, 0.0),
        float(fields.get(6, fields.get(7, 0))), side(message, 8, 9), side(message, 11, 12),
        # Prometheus 3.5 tells no custom bounds here; same_results looks at what follows from them.
        fields.get(14, 0) == 3)


def everything(base, name, start_ms, end_ms):
    """{labels: samples} of a metric, with the bits of each value."""
    status, _, body = read(base, request([matcher(0, "__name__", name)], start_ms, end_ms, [SAMPLES]))
    assert status == 200, body
    found = {}
    for field, result in messages(unsnappy(body)):
        for kind, series in messages(result):
            labels, samples = [], []
            for what, value in messages(series):
                if what == 1:
                    pair = dict(messages(value))
                    labels.append((pair.get(1), pair.get(2)))
                elif what == 2:
                    point = dict(messages(value))
                    # Prometheus' encoder leaves out zeros, and takes -0 for one.
                    samples.append((point.get(2, 0), struct.pack("<d", point.get(1, 0.0) or 0.0)))
                elif what == 4:
                    samples.append(histogram_of(value))
            found[tuple(labels)] = sorted(samples, key=lambda sample: sample[0])
    return found


def compare(prometheus, sloburn, start_ms):
    end_ms = int(time.time() * 1000)
    compared = 0
    for name in ("load_total", "ended", "odd", "native_seconds", "mixed"):
        expected = everything(prometheus, name, start_ms, end_ms)
        got = everything(sloburn, name, start_ms, end_ms)
        assert expected.keys() == got.keys(), (name, len(expected), len(got))
        for labels, samples in expected.items():
            if samples != got[labels]:
                pairs = [pair for pair in zip(samples, got[labels]) if pair[0] != pair[1]][:2]
                raise AssertionError(f"{labels}: {len(samples)} and {len(got[labels])} samples, "
                                     f"first differences {pairs}")
            compared += len(samples)
    return compared


class Process:
    """sloburn with a store of its own."""

    def __init__(self, path, config, *flags):
        self.port = peers.free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = os.path.join(path, f"sloburn-{self.port}.log")
        command = [SLOBURN, "serve", f"--web.listen-address=127.0.0.1:{self.port}",
                   "--config.file=" + config, *flags]
        self.context = peers.running(command, self.log)
        self.process = self.context.__enter__()

    def metric(self, name):
        text = peers.get(self.base + "/metrics").decode()
        return float(re.search(rf"^{name} (\S+)$", text, re.M).group(1))

    def fetched(self):
        return self.metric("sloburn_source_samples_fetched_total")

    def wait_until_loaded(self, seconds=120):
        peers.wait_for("the history", lambda: peers.get(self.base + "/-/ready"), seconds)

    def end(self, kill=False):
        if kill:
            self.process.kill()
            self.process.wait()
        self.context.__exit__(None, None, None)


def write_config(path, prometheus, **source):
    rules = os.path.join(path, "rules.yml")
    with open(rules, "w") as f:
        f.write(RULES)
    config = os.path.join(path, "sloburn.yml")
    keys = "".join(f", {key}: {value}" for key, value in source.items())
    with open(config, "w") as f:
        f.write(f"source: {{url: '{prometheus}'{keys}}}\nrule_files: ['{rules}']\n")
    return config


def killed_again_and_again(path, prometheus, start_ms, total):
    config = write_config(path, prometheus, max_samples_per_second=total // 5)
    store = "--storage.path=" + os.path.join(path, "store")
    fetched, kills, rng = [], 0, random.Random(3)
    while kills < 8:
        one = Process(path, config, store)
        peers.wait_for("sloburn", lambda: peers.get(one.base + "/-/healthy"))
        time.sleep(0.4 + rng.random())
        fetched.append(one.fetched())
        is_whole = one.metric("sloburn_source_selectors_loaded") > 0
        one.end(kill=True)
        kills += 1
        if is_whole:
            break
    assert kills >= 3, f"the load ended after {kills} kills"
    one = Process(path, config, store, "--source.max-samples-per-second=0")
    one.wait_until_loaded()
    fetched.append(one.fetched())
    refused = one.metric("sloburn_source_samples_refused_total")
    compared = compare(prometheus, one.base, start_ms)
    print(f"{kills} kills: {compared} samples are those of Prometheus to the bit; fetched "
          f"{[int(n) for n in fetched]}, together {sum(fetched) / total:.2f} of all")
    assert refused == 0 and one.metric("sloburn_source_selectors_resumed") > 0, refused
    assert compared > 0.99 * total, (compared, total)
    # What was under way when it was killed is fetched again.
    assert sum(fetched) < 1.6 * total and fetched[-1] < 0.8 * total, (fetched, total)
    same_results(prometheus, one.base)
    one.end(kill=True)
    return config, store


def same_results(prometheus, sloburn):
    at = int(time.time())
    # Counters: versions of Prometheus differ in how they extrapolate rates of gauges to zero.
    for expr in ("sum by (kind) (increase(native_seconds{kind!='gauge'}[2h]))",
                 "resets(native_seconds[5h])", "native_seconds{kind='gauge'}",
                 "sum by (kind) (rate(native_seconds{kind!='gauge'}[3h]))",
                 "count_over_time(mixed[6h])", "increase(load_total[6h])",
                 "histogram_sum(rate(native_seconds{kind='float'}[1h]))",
                 "native_seconds{kind='custom'}"):
        for offset in (3600, 9000):
            answers = [sorted(json.dumps(one, sort_keys=True)
                              for one in peers.query(base, expr, at - offset))
                       for base in (prometheus, sloburn)]
            assert answers[0] == answers[1], (expr, answers)
            assert answers[0], expr


def only_the_gap(path, prometheus, config, store, all_series, start_ms):
    """After a kill, and after a clean end: what came meanwhile is fetched, and nothing else."""
    counters = [labels for labels, _ in all_series if ("__name__", "load_total") in labels]
    pushed = len(counters)
    for kill in (False, True):
        now_ms = int(time.time() * 1000)
        peers.push_series(prometheus, [peers.Series(labels, [(now_ms, 42.0)])
                                       for labels in counters])
        one = Process(path, config, store)
        one.wait_until_loaded()
        fetched = one.fetched()
        # Several selectors read these series, and each tick reads the last 90 s once more.
        assert pushed <= fetched <= 30 * pushed, (fetched, pushed)
        compare(prometheus, one.base, start_ms)
        one.end(kill=kill)
    print(f"a restart fetches the {int(fetched)} samples that came since")


def figures(path, prometheus):
    for concurrency in (1, 3):
        config = write_config(path, prometheus, concurrency=concurrency)
        for store in ([], ["--storage.path=" + os.path.join(path, f"figures-{concurrency}")]):
            one = Process(path, config, *store)
            one.wait_until_loaded(600)
            rate = one.metric("sloburn_source_history_samples_per_second")
            print(f"concurrency {concurrency}, {'on disk' if store else 'in memory'}: "
                  f"{one.fetched():.0f} samples fetched, {rate:.0f} per second")
            one.end()


def main():
    binary = peers.require_prometheus()
    is_figures = "--figures" in sys.argv
    steps, series = (1400, 2000) if is_figures else (1400, 100)
    start_ms = (int(time.time()) // 60 * 60 - steps * 15 - 120) * 1000
    with peers.workdir() as path, \
            peers.prometheus(binary, path, "--enable-feature=native-histograms") as prometheus:
        all_series = values(series)
        total = fill(prometheus, all_series, start_ms, 0, steps)
        if is_figures:
            figures(path, prometheus)
            return
        config, store = killed_again_and_again(path, prometheus, start_ms, total)
        only_the_gap(path, prometheus, config, store, all_series, start_ms)
    print("PASSED")


main()
