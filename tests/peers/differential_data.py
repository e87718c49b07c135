# SPDX-License-Identifier: Apache-2.0
"""The series of the differential test: two hours of every kind of sample PromQL meets.

The same seed gives the same samples. Series come sorted by their labels: in which order a storage
yields series is nobody's promise, but limitk shows it, and so do sums in their last bit.
"""
import copy, math, random, re
from dataclasses import dataclass, field

import peers
from promql_syntax import Selector

START_S = 1_700_000_000
SPAN_S = 7200
END_S = START_S + SPAN_S

JOBS = ("api", "web")
INSTANCES = ("a:80", "b:80", "c:80")
CODES = ("200", "404", "500")
NATIVE = ("latency_native", "size_native", "bounds_native", "spread_native", "mixed_native")
BOUNDS = ("0.1", "0.25", "0.5", "1", "2.5", "+Inf")


@dataclass
class Metric:
    """What the generator of queries knows of a metric."""
    name: str
    kind: str  # counter, gauge, classic, native or info
    labels: dict = field(default_factory=dict)  # name -> set of values
    has_floats: bool = False
    has_histograms: bool = False


class Data:
    def __init__(self, seed):
        self.random = random.Random(f"data {seed}")
        self.series = []
        self.metrics = {}
        for generate in (_counters, _gauges, _sparse, _info, _classic, _native):
            generate(self)
        self.series.sort(key=lambda series: series.labels)

    def add(self, kind, name, labels, samples):
        pairs = tuple(sorted({"__name__": name, **labels}.items()))
        self.series.append(peers.Series(pairs, samples))
        metric = self.metrics.setdefault(name, Metric(name, kind))
        for label, value in labels.items():
            metric.labels.setdefault(label, set()).add(value)
        for _, value in samples:
            is_float = isinstance(value, float)
            metric.has_floats |= is_float
            metric.has_histograms |= not is_float

    def times(self, interval_s, gaps=0.0, first_s=0, last_s=SPAN_S, jitter_ms=0):
        """Sample times in ms; with gaps of up to a quarter of an hour."""
        out, at = [], (START_S + first_s) * 1000 + self.random.randrange(interval_s * 1000)
        while at <= (START_S + last_s) * 1000:
            out.append(at + self.random.randint(0, jitter_ms))
            at += interval_s * 1000
            if self.random.random() < gaps:
                at += self.random.randrange(1, 60) * 15000
        return out

    def walk(self, times, step):
        """A float at each time: each step(value before) after the other."""
        value, out = 0.0, []
        for at in times:
            value = float(step(value))
            out.append((at, value))
        return out


def _targets():
    return [{"job": job, "instance": instance} for job in JOBS for instance in INSTANCES]


def _counters(data):
    rnd = data.random

    def growing(rate, whole=True, reset=0.005):
        def step(value):
            grown = (0 if rnd.random() < reset else value) + rate * rnd.random()
            return math.floor(grown) if whole else grown
        return step

    for target in _targets():
        for code in CODES:
            rate = {"200": 400, "404": 20, "500": 2}[code]
            data.add("counter", "http_requests_total", {**target, "code": code},
                     data.walk(data.times(15, gaps=0.004, jitter_ms=20), growing(rate)))
        data.add("counter", "errors_total", {**target, "code": "500"},
                 data.walk(data.times(60, gaps=0.05), growing(3)))
        data.add("counter", "cpu_seconds", target,
                 data.walk(data.times(15), growing(7.5, whole=False)))
    data.add("counter", "late_total", {"job": "api"},
             data.walk(data.times(30, first_s=3000, last_s=5000), growing(9)))
    data.add("counter", "flat_total", {"job": "api"},
             data.walk(data.times(30), lambda value: 7))


def _gauges(data):
    rnd = data.random

    def odd(value):
        return rnd.choice((math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -1e300, 1e-300))

    def wandering(value):
        return rnd.gauss(-5 if math.isnan(value) or abs(value) > 1e9 else value, 10)

    for target in _targets():
        for room in ("hall", "attic"):
            samples = data.walk(data.times(30, gaps=0.01, jitter_ms=999), wandering)
            for i in range(len(samples)):
                if rnd.random() < 0.02:
                    samples[i] = (samples[i][0], float(odd(0)))
            data.add("gauge", "temperature", {**target, "room": room}, samples)
        for queue in ("in", "out"):
            data.add("gauge", "queue_length", {**target, "queue": queue},
                     data.walk(data.times(15), lambda value: rnd.randrange(5)))
        samples = data.walk(data.times(15), lambda value: rnd.random() < 0.9)
        for i in range(len(samples)):
            if rnd.random() < 0.03:
                samples[i] = (samples[i][0], peers.STALE)
        data.add("gauge", "up", target, samples)
    for service in ("front", "bäck"):
        data.add("gauge", "http.server.load", {"service.name": service, "job": "api"},
                 data.walk(data.times(60), lambda value: rnd.random()))
    for value in (math.nan, math.inf, 0.0):
        data.add("gauge", "constant", {"job": "api", "value": str(value)},
                 data.walk(data.times(60), lambda _: value))


def _sparse(data):
    rnd = data.random
    for k in ("v1", "v2", "v10", "V1", ""):
        labels = {"k": k, "job": "web"} if k else {"job": "web"}
        data.add("gauge", "sparse", labels,
                 data.walk(data.times(rnd.randrange(100, 500), gaps=0.1), lambda v: v + 1))
    data.add("gauge", "sparse", {"k": "once", "job": "web"}, [((START_S + 3600) * 1000, 1.0)])


def _info(data):
    rnd = data.random
    for target in _targets():
        moved = rnd.randrange(1000, 6000)
        for version, first, last in (("1.9", 0, moved), ("1.10", moved, SPAN_S)):
            times = data.times(60, first_s=first, last_s=last)
            samples = [(at, 1.0) for at in times]
            if last == moved and samples:
                samples.append((times[-1] + 1000, peers.STALE))
            data.add("info", "build_info", {**target, "version": version}, samples)
        data.add("info", "target_info", {**target, "region": rnd.choice(("eu", "us")), "zone": "z1"},
                 [(at, 1.0) for at in data.times(60)])


def _classic(data):
    rnd = data.random
    for target in _targets()[:4]:
        times = data.times(30, gaps=0.01)
        counts = {bound: 0 for bound in BOUNDS}
        rows = {bound: [] for bound in BOUNDS}
        total = []
        for at in times:
            if rnd.random() < 0.005:
                counts = {bound: 0 for bound in BOUNDS}
            grown = 0
            for bound in BOUNDS:
                grown += rnd.randrange(6)
                counts[bound] += grown
                rows[bound].append((at, float(counts[bound])))
            total.append((at, counts["+Inf"] * 0.7))
        for bound in BOUNDS:
            data.add("classic", "latency_seconds_bucket", {**target, "le": bound}, rows[bound])
        data.add("counter", "latency_seconds_count", target, rows["+Inf"])
        data.add("counter", "latency_seconds_sum", target, total)
    # Bad ones: not monotonic, no +Inf, a bound that is none, no bound at all.
    times = data.times(60)
    for kind, rows in (("falling", (("1", 9), ("2", 4), ("+Inf", 12))),
                       ("endless", (("1", 3), ("2", 4))),
                       ("words", (("one", 3), ("1", 4), ("+Inf", 5))),
                       ("bare", (("", 3), ("1e0", 4), ("+Inf", 5)))):
        for bound, rate in rows:
            labels = {"job": kind, "le": bound} if bound else {"job": kind}
            data.add("classic", "odd_bucket", labels,
                     [(at, float(rate * i)) for i, at in enumerate(times)])


def _native(data):
    rnd = data.random

    # A series has the same buckets throughout, each with a count: those that a later sample adds
    # to a chunk Prometheus adds to the samples before it, too, without a count.
    def exponential(times, schema, hint=peers.HINT_UNKNOWN, whole=True, negative=False):
        indexes = sorted(rnd.sample(range(-3, 9), 8))
        fresh = ({i: 1 for i in indexes}, {i: 1 for i in indexes} if negative else {}, 1)
        (positive, below, zero), out = copy.deepcopy(fresh), []
        for at in times:
            if rnd.random() < 0.01:
                positive, below, zero = copy.deepcopy(fresh)
            for _ in range(rnd.randrange(4)):
                index = rnd.choice(indexes)
                positive[index] += rnd.randrange(1, 5)
                if negative:
                    below[index] += 1
            zero += rnd.randrange(2)
            count = sum(positive.values()) + sum(below.values()) + zero
            out.append((at, peers.Histogram(
                schema=schema, zero_threshold=0.001, zero_count=zero, count=count,
                sum=count * 1.7 - 3, positive=dict(positive), negative=dict(below), hint=hint,
                is_float=not whole)))
        return out

    def custom(times, bounds):
        fresh = {i: 1 for i in range(len(bounds) + 1)}
        counts, out = dict(fresh), []
        for at in times:
            if rnd.random() < 0.01:
                counts = dict(fresh)
            for _ in range(rnd.randrange(4)):
                counts[rnd.randrange(len(counts))] += rnd.randrange(1, 5)
            count = sum(counts.values())
            out.append((at, peers.Histogram(schema=peers.CUSTOM_BUCKETS, count=count,
                                            sum=count * 1.1, positive=dict(counts),
                                            custom_values=bounds)))
        return out

    for i, target in enumerate(_targets()[:4]):
        data.add("native", "latency_native", target,
                 exponential(data.times(30, gaps=0.01), schema=(0, 0, 1, 3)[i]))
        data.add("native", "size_native", target, custom(data.times(30), (1.0, 2.0, 5.0, 10.0)))
    for job, bounds in (("api", (1.0, 2.0, 5.0)), ("web", (2.0, 5.0, 7.0))):
        data.add("native", "bounds_native", {"job": job}, custom(data.times(30), bounds))
    for target in _targets()[:2]:
        data.add("native", "spread_native", target,
                 exponential(data.times(60), schema=2, hint=peers.HINT_GAUGE, whole=False,
                             negative=True))
    # Floats, then histograms, and both in turn.
    floats = [(at, float(i)) for i, at in enumerate(data.times(30, last_s=3600))]
    data.add("native", "mixed_native", {"job": "api"},
             floats + exponential(data.times(30, first_s=3700), schema=0))
    turns = exponential(data.times(60), schema=0)
    data.add("native", "mixed_native", {"job": "web"},
             [(at, value if i % 4 else float(i)) for i, (at, value) in enumerate(turns)])
    data.add("native", "mixed_native", {"job": "float"},
             [(at, float(i)) for i, at in enumerate(data.times(30))])


def metrics_of(expr):
    """The names of NATIVE and of others that the selectors of an expression may reach."""
    found = set()
    for node in expr.walk():
        if isinstance(node, Selector):
            names = [node.name] if node.name else NATIVE
            found |= {name for name in names if all(_matches(name, m) for m in node.matchers)}
    return found


def _matches(name, matcher):
    label, op, value = matcher
    if label != "__name__":
        return True
    matched = name == value if op in ("=", "!=") else bool(re.fullmatch(value, name))
    return matched == (op in ("=", "=~"))
