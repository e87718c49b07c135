# SPDX-License-Identifier: Apache-2.0
"""What the side-by-side run feeds: every second a sample of each series, the same for the same seed.

History comes before: of the series that no state of rules depends on. The others (sbs_drive, sbs_come,
sbs_flow_total, sbs_started) begin with begin(), when both have ticked.
"""
import math, random, struct, threading, time

import peers

JOBS = ("api", "web")
INSTANCES = ("a:80", "b:80", "c:80")
BOUNDS = ("0.1", "0.25", "0.5", "1", "2.5", "+Inf")
NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000001))[0]  # the one of Prometheus
ODD = (NAN, math.inf, -math.inf, 0.0, -0.0, 1e300, -1e300)
# Of sbs_drive: period and how long it is 1, in seconds. "on" never ends.
WAVES = {"0": (7, 3), "1": (20, 11), "2": (36, 15), "3": (60, 41), "4": (90, 60), "5": (13, 1),
         "6": (240, 100), "on": (1, 1)}


class Feed:
    """Pushes to `base` from a thread of its own."""

    def __init__(self, base, seed, with_native, with_markers):
        self.base, self.with_native, self.with_markers = base, with_native, with_markers
        self.random = random.Random(f"ruler {seed}")
        self.counters = {}
        self.natives = {}
        self.present = {}
        self.second = None   # since begin(); None before
        self.is_calm = False  # waves and what comes and goes stay as they are
        self.worst_s = 0.0   # from a sample's time until Prometheus had it
        self.pause_lock = threading.Lock()  # held while the receiver is away
        self.stopped = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def history(self, seconds):
        now = int(time.time())
        for second in range(now - seconds, now - 1, 5):
            self._push(second * 1000)

    def start(self):
        self.thread.start()

    def begin(self):
        self.second = 0

    def stop(self):
        self.stopped.set()
        self.thread.join()
        if self.failure:
            raise self.failure

    def _run(self):
        due = time.time()
        while not self.stopped.wait(max(0, due - time.time())):
            with self.pause_lock:
                at = time.time()
                try:
                    self._push(int(at * 1000))
                except Exception as error:
                    self.failure = error
                    return
                self.worst_s = max(self.worst_s, time.time() - at)
            due = max(due + 1, time.time() - 1)

    def _push(self, at):
        if self.second is not None and not self.is_calm:
            self.second += 1
        floats, histograms = [], []
        for labels, value in self._samples():
            pairs = tuple(sorted(labels.items()))
            kind = histograms if isinstance(value, peers.Histogram) else floats
            kind.append(peers.Series(pairs, [(at, value)]))
        for kind in (floats, histograms):
            if kind:
                peers.push_series(self.base, sorted(kind, key=lambda one: one.labels))

    def _samples(self):
        yield from self._base()
        yield from self._classic()
        if self.with_native:
            yield from self._native()
        if self.second is not None:
            yield from self._driven()

    def _grow(self, name, labels, most, whole=True, resets=0.004):
        key = (name, tuple(labels.items()))
        value = 0 if self.random.random() < resets else self.counters.get(key, 0)
        value += self.random.randrange(most) if whole else most * self.random.random()
        self.counters[key] = value
        return {"__name__": name, **labels}, float(value)

    def _base(self):
        rnd = self.random
        for job in JOBS:
            for instance in INSTANCES:
                target = {"job": job, "instance": instance}
                for code, most in (("200", 400), ("404", 20), ("500", 3)):
                    yield self._grow("sbs_requests_total", {**target, "code": code}, most)
                yield self._grow("sbs_seconds_total", target, 1.5, whole=False)
                for room in ("hall", "attic"):
                    place = {**target, "room": room}
                    is_odd = rnd.random() < 0.05
                    yield ({"__name__": "sbs_temp", **place}, rnd.choice(ODD) if is_odd else rnd.gauss(0, 10))
                    yield {"__name__": "sbs_load", **place}, rnd.gauss(3, 10)
                for queue in ("in", "out"):
                    yield {"__name__": "sbs_queue", **target, "queue": queue}, float(rnd.randrange(5))
                yield {"__name__": "sbs_up", **target}, float(rnd.random() < 0.9)
                version = "1.9" if instance == "a:80" else "1.10"
                yield {"__name__": "sbs_build_info", **target, "version": version}, 1.0
        for service in ("front", "bäck"):
            yield {"__name__": "sbs.load", "service.name": service}, rnd.random()
        yield {"__name__": "sbs_clock", "job": "api"}, 1.7e9 + 1e7 * rnd.random()

    def _classic(self):
        for job in JOBS:
            grown = 0
            for bound in BOUNDS:
                grown += self.random.randrange(6)
                key = ("bucket", job, bound)
                self.counters[key] = self.counters.get(key, 0) + grown
                labels = {"job": job, "le": bound}
                yield {"__name__": "sbs_latency_bucket", **labels}, float(self.counters[key])
            yield {"__name__": "sbs_latency_count", "job": job}, float(self.counters[key])
            yield self._grow("sbs_latency_sum", {"job": job}, 9, whole=False, resets=0)

    def _native(self):
        """Counts are great, so that rates are not bounded by where the counter was zero; the same
        buckets throughout, each with a count (see differential_data.py)."""
        for job in JOBS:
            yield {"__name__": "sbs_native", "job": job}, self._grown_native(job, schema=1)
            yield {"__name__": "sbs_custom", "job": job}, self._grown_native(
                "custom " + job, schema=peers.CUSTOM_BUCKETS)
        yield {"__name__": "sbs_spread"}, self._spread()
        turn = (self.second or 0) // 20 % 2
        yield {"__name__": "sbs_mixed"}, self._grown_native("mixed", 0) if turn else self.random.random()

    def _grown_native(self, key, schema):
        rnd = self.random
        is_custom = schema == peers.CUSTOM_BUCKETS
        indexes = range(5) if is_custom else range(-3, 5)
        counts = self.natives.setdefault(key, {i: 100_000 for i in indexes})
        if rnd.random() < 0.01:
            counts = self.natives[key] = {i: 90_000 for i in indexes}
        for i in indexes:
            counts[i] += rnd.randrange(4)
        count = sum(counts.values())
        zero = 0 if is_custom else 7
        return peers.Histogram(
            schema=schema, count=count + zero, sum=count * 1.5, zero_count=zero,
            zero_threshold=0 if is_custom else 0.001, positive=dict(counts),
            custom_values=(1.0, 2.0, 5.0, 10.0) if is_custom else ())

    def _spread(self):
        """All grows and falls together: of a histogram with several faults, versions tell another."""
        level = self.random.randrange(1, 9)
        positive = {i: level * (i + 1) for i in range(6)}
        negative = {i: level * (3 - i) for i in range(3)}
        count = sum(positive.values()) + sum(negative.values()) + level
        return peers.Histogram(schema=2, count=count, sum=count / 4, zero_count=level,
                               zero_threshold=0.001, positive=positive, negative=negative,
                               hint=peers.HINT_GAUGE, is_float=True)

    def _driven(self):
        yield {"__name__": "sbs_started"}, 1.0
        for k in ("x", "y"):
            yield self._grow("sbs_flow_total", {"k": k}, 20)
        for k, (period, on) in WAVES.items():
            yield {"__name__": "sbs_drive", "k": k}, float((self.second + 3) % period < on)
        yield from self._coming()

    def _coming(self):
        """sbs_come just ends, sbs_marked ends with a marker; every 2nd time it is back before it aged."""
        for k, (period, on) in enumerate(((50, 20), (11, 3), (80, 30))):
            if self.second % period < on:
                yield {"__name__": "sbs_come", "k": str(k)}, float(self.second)
            if not self.with_markers:
                continue
            is_here = self.second % (period // 2) < on // 2
            if is_here or self.present.get(k):
                yield {"__name__": "sbs_marked", "k": str(k)}, 1.0 if is_here else peers.STALE
            self.present[k] = is_here
