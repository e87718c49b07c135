#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The store's promise: what was acknowledged survives `kill -9`.

Several connections write counters, gauges, staleness markers, native histograms and late samples. The
process is killed under that load, in the midst of its own stopping, and in the midst of its start.
After each start every sample is read back: none that was acknowledged is missing, none is there twice or
with another value, none is there that was not sent or was refused, and a request whose answer was lost is
there as a whole or not at all.

usage: store_kill_test.py SLOBURN [--rounds N per mode of --storage.sync] [--seed N]
"""
import argparse, os, random, signal, threading, time

import store
from store import peers

CONNECTIONS = 4
SPEED = 1000              # seconds of the samples' time per second
STEP_MS = 500
WINDOW_MS = 300_000       # --storage.out-of-order-window
MODES = ("commit", "interval", "off")


class SampleClock:
    """The samples' time, shared by all senders and faster than that of the wall."""

    def __init__(self):
        self._begin, self._begin_ms = time.monotonic(), int(time.time() * 1000) - 20 * 86_400_000

    def now_ms(self):
        return self._begin_ms + int((time.monotonic() - self._begin) * 1000 * SPEED)


class Ledger:
    """What is known of each request: acknowledged, refused, or unknown where the answer was lost."""

    def __init__(self):
        self.lock = threading.Lock()
        self.acknowledged = {}  # label_key -> {ms: value_key}
        self.refused = {}       # the same
        self.unknown = []       # requests
        self.sent_ms = [0] * CONNECTIONS  # per sender: its samples are before
        self.counts = dict.fromkeys(
            ("requests", "samples", "late", "refused", "lost_answers", "kept", "not_kept", "read"), 0)

    @staticmethod
    def _samples(request):
        for series in request:
            for at, value in series.samples:
                yield store.label_key(series.labels), at, store.value_key(value)

    def _put(self, book, request):
        for labels, at, value in self._samples(request):
            book.setdefault(labels, {})[at] = value

    def note(self, request, status, text):
        with self.lock:
            if status == 204:
                self.counts["requests"] += 1
                self.counts["samples"] += sum(len(series.samples) for series in request)
                self._put(self.acknowledged, request)
            elif status is None:
                self.counts["lost_answers"] += 1
                self.unknown.append(request)
            else:
                # Only what became too old while it waited behind other senders.
                assert status == 400 and "too old sample" in text, (status, text)
                self.counts["refused"] += 1
                self._put(self.refused, request)

    def settle(self, found):
        """Decides each unknown request by what was found: all of it or nothing."""
        unknown, self.unknown = self.unknown, []
        for request in unknown:
            there = [found.get(labels, {}).get(at) == value
                     for labels, at, value in self._samples(request)]
            assert all(there) or not any(there), \
                f"a commit is there in part: {sum(there)} of {len(there)} samples"
            self.counts["kept" if all(there) else "not_kept"] += 1
            if all(there):
                self._put(self.acknowledged, request)
        return unknown

    def check(self, found, begin_ms):
        """`found`: {label_key: {ms: value_key}}, all samples from `begin_ms` on."""
        for labels, samples in self.acknowledged.items():
            there = found.get(labels, {})
            for at, value in samples.items():
                if at >= begin_ms:
                    assert at in there, f"lost: {labels} at {at}"
                    assert there[at] == value, \
                        f"another value: {labels} at {at}: {there[at]}, not {value}"
        for labels, samples in found.items():
            known, refused = self.acknowledged.get(labels, {}), self.refused.get(labels, {})
            for at in samples:
                assert at in known, (f"refused, but there: {labels} at {at}" if at in refused else
                                     f"never sent: {labels} at {at}")
            self.counts["read"] += len(samples)


class Sender(threading.Thread):
    def __init__(self, number, server, clock, ledger, stop, seed):
        super().__init__()
        self.number, self.server, self.clock, self.ledger = number, server, clock, ledger
        self.stop, self.random = stop, random.Random(seed)
        self.connection = store.Connection(server)
        self.error = None
        self.late = 0

    def run(self):
        try:
            at_ms = self.ledger.sent_ms[self.number]  # a fast sender is ahead of the clock
            at_ms = max(at_ms, self.clock.now_ms() // STEP_MS * STEP_MS)
            while not self.stop.is_set():
                end_ms = max(self.clock.now_ms() // STEP_MS, at_ms // STEP_MS + 1) * STEP_MS
                request = self.request(at_ms, end_ms)
                at_ms = self.ledger.sent_ms[self.number] = end_ms
                status, text = self.connection.write(request)
                self.ledger.note(request, status, text)
                if status is None:
                    return  # killed
        except Exception as error:  # told by the main thread
            self.error = error
        finally:
            self.connection.close()

    def request(self, begin_ms, end_ms):
        # Times that no other sender uses, since one series is written by all.
        times = [at + self.number for at in range(begin_ms, end_ms, STEP_MS)][-40:]
        kinds = self.random.sample(("counter", "gauge", "whole", "histogram", "shared"), 3)
        series = []
        for kind in kinds:
            labels = (("__name__", "kill_" + kind),) if kind == "shared" else \
                (("__name__", "kill_" + kind), ("sender", str(self.number)))
            series.append(peers.Series(labels, [(at, self.value(kind, at)) for at in times]))
        if self.random.random() < 0.3:
            # Of the minute before, between the times of the others.
            late = begin_ms - self.random.randrange(2, 120) * STEP_MS
            self.late = self.late % 100 + 1
            late += CONNECTIONS * self.late + self.number
            series.append(peers.Series((("__name__", "kill_late"), ("sender", str(self.number))),
                                       [(times[-1], self.value("gauge", times[-1]))]))
            series.append(peers.Series(series[-1].labels, [(late, self.value("gauge", late))]))
            with self.ledger.lock:
                self.ledger.counts["late"] += 1
        if self.random.random() < 0.02:
            labels = (("__name__", "kill_new"), ("born", f"{self.number}-{times[0]}"))
            series.append(peers.Series(labels, [(times[0], 1.0)]))
        return series

    def value(self, kind, at):
        chance = self.random.random()
        if kind == "histogram":
            buckets = {index: self.random.randrange(1, 50) for index in range(-2, 4)}
            total = peers.STALE if chance < 0.02 else self.random.random() * 100
            return peers.Histogram(1, sum(buckets.values()) + 2, total, 1e-9, 2, buckets)
        if chance < 0.02:
            return peers.STALE
        if chance < 0.03:
            return self.random.choice((float("inf"), float("-inf"), -0.0, 5e-324))
        if kind == "counter":
            return float(at // 1000 % 100_000)
        return float(self.random.randrange(1000)) if kind == "whole" else self.random.gauss(0, 1e6)


def by_time(found):
    out = {}
    for labels, samples in found.items():
        out[labels] = dict(samples)
        assert len(out[labels]) == len(samples), f"a sample is there twice: {labels}"
    return out


def end(server, how, rand):
    if how == "load":
        server.kill()
        return
    server.process.send_signal(signal.SIGTERM)
    time.sleep(rand.random() * 0.03)
    server.kill()


def start(server, rand, kills):
    """Perhaps not at the first attempt."""
    while rand.random() < 0.3:
        server.launch()
        time.sleep(rand.random() * 0.06)
        server.kill()
        kills["start"] += 1
    return server.start()


def round_of(server, clock, ledger, rand, how):
    stop = threading.Event()
    senders = [Sender(number, server, clock, ledger, stop, rand.random())
               for number in range(CONNECTIONS)]
    for sender in senders:
        sender.start()
    time.sleep(0.15 + rand.random() * 0.6)
    end(server, how, rand)
    stop.set()
    for sender in senders:
        sender.join()
        if sender.error is not None:
            raise sender.error


def run(binary, path, mode, rounds, rand):
    clock, ledger = SampleClock(), Ledger()
    kills = {"load": 0, "stop": 0, "start": 0}
    slowest = 0.0
    flags = ("--storage.sync=" + mode, f"--storage.out-of-order-window={WINDOW_MS // 1000}s")
    with store.Server(binary, os.path.join(path, mode), *flags) as server:
        server.start()
        for number in range(rounds):
            begin_ms = clock.now_ms() - WINDOW_MS
            if number % 20 == 19 or number == rounds - 1:
                begin_ms = store.BEGIN_MS
            how = "stop" if number % 4 == 3 else "load"
            kills[how] += 1
            round_of(server, clock, ledger, rand, how)
            slowest = max(slowest, start(server, rand, kills))
            found = by_time(store.samples_of(server, begin_ms))
            retried = ledger.settle(found)
            ledger.check(found, begin_ms)
            for request in retried:  # as a sender does it
                ledger.note(request, *store.write(server, request))
        assert server.metric("sloburn_storage_quarantined_values") == 0
        assert server.metric("sloburn_storage_start_problems") == 0
        assert server.stop() == 0, server.log()[-2000:]
        server.start()
        ledger.check(by_time(store.samples_of(server)), store.BEGIN_MS)
        size = os.path.getsize(server.database)
    c = ledger.counts
    print(f"--storage.sync={mode}: {rounds} rounds, killed {kills['load']} times under load, "
          f"{kills['stop']} while stopping, {kills['start']} while starting; "
          f"{c['requests']:,} requests with {c['samples']:,} samples acknowledged ({c['late']:,} with late "
          f"ones), {c['refused']} refused; {c['lost_answers']} answers lost, of these requests "
          f"{c['kept']} kept and {c['not_kept']} not; {c['read']:,} samples read back; none lost, none "
          f"twice, none changed; slowest start {slowest:.2f} s; {size / 1e6:.1f} MB", flush=True)
    assert c["requests"] > rounds and c["lost_answers"] > 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sloburn")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = random.randrange(1 << 32) if options.seed is None else options.seed
    print("seed", seed, flush=True)
    rand = random.Random(seed)
    with peers.workdir() as path:
        for mode in MODES:
            run(options.sloburn, path, mode, options.rounds, rand)
    print("PASSED")


main()
