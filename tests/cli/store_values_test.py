#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Labels and values of all kinds come back from disk byte for byte, and too many series are refused with
the limit's name.

usage: store_values_test.py SLOBURN [--series N]
"""
import argparse, os, struct, time

import store
from store import peers

TEXTS = ["", " ", "\"", "\\", "a\\\"b\nc\td", "\0", "a\0b", "\x7f", "é", "日本語", "\U0001F600", "\ufeff", "\ufffd",
         "\u202e", "{}[]()=~!", "x" * (1 << 20), "'", "<script>", "%s%n", "\r\n", "e\u0301", "\u00e9"]
NAMES = ["a", "_", "with.dots", "with space", "é", "日本語", "\"", "\\", "0", "-", "a\nb", "\U0001F600", "x" * 10_000]


def bits(number):
    return struct.unpack("<d", struct.pack("<Q", number))[0]


VALUES = [0.0, -0.0, 1.0, -1.0, 0.1, 1e308, 5e-324, -5e-324, float("inf"), float("-inf"), peers.STALE,
          bits(0x7FF8000000000001), bits(0x7FF8000000000000), bits(0xFFF8000000000000), 2.0 ** 53,
          2.0 ** 53 + 2, -2.0 ** 63, 2.0 ** 63, 1.7976931348623157e308]


def all_kinds(now_ms):
    series = []
    for number, text in enumerate(TEXTS):
        series.append(peers.Series((("__name__", "text"), ("n", str(number)), ("value", text)),
                                   [(now_ms - 1000, float(number))]))
    for number, name in enumerate(NAMES):
        series.append(peers.Series((("__name__", "name"), (name, "v"), ("n_", str(number))),
                                   [(now_ms - 1000, float(number))]))
        series.append(peers.Series((("__name__", name),), [(now_ms - 1000, float(number))]))
    series.append(peers.Series((("__name__", "values"),),
                               [(now_ms - 60_000 + i, value) for i, value in enumerate(VALUES)]))
    return series


def labels_and_values(binary, path):
    """Stored as sent, apart from labels without a value, which are none."""
    with store.Server(binary, os.path.join(path, "labels")) as server:
        server.start()
        sent = all_kinds(int(time.time() * 1000))
        for one in sent:
            status, text = store.write(server, [one])
            assert status == 204, (str(one)[:200], status, text)
        expected = {}
        for one in sent:
            labels = tuple(pair for pair in store.label_key(one.labels) if pair[1] != b"")
            expected[labels] = [(ms, store.value_key(value)) for ms, value in one.samples]

        def check():
            found = store.samples_of(server)
            assert found.keys() == expected.keys(), str(found.keys() ^ expected.keys())[:1000]
            for labels, samples in expected.items():
                assert found[labels] == samples, (str(labels)[:200], found[labels], samples)
        check()
        server.kill()   # from the journal
        server.start()
        check()
        server.stop()   # from the tables
        server.start()
        check()
        assert server.metric("sloburn_storage_start_problems") == 0
        server.kill()
    return len(expected)


def too_many_series(binary, path, limit):
    """What is over the limit is refused and named, the rest of the request stays, also after kill -9."""
    flags = (f"--storage.max-series={limit}",)
    with store.Server(binary, os.path.join(path, "many"), *flags) as server:
        server.start()
        now_ms = int(time.time() * 1000)
        connection, began, size = store.Connection(server), time.time(), 20_000

        def batch(first, count, at):
            return [peers.Series((("__name__", "many"), ("number", str(number))), [(at, 1.0)])
                    for number in range(first, first + count)]
        for first in range(0, limit, size):
            status, text = connection.write(batch(first, min(size, limit - first), now_ms - 60_000))
            assert status == 204, (status, text)
        loaded = time.time() - began
        # One that is there and two that are too many.
        status, text = connection.write(batch(limit - 1, 3, now_ms - 30_000))
        assert status == 400 and "--storage.max-series" in text and "left out 2 series" in text, text
        memory = resident_mb(server)
        server.kill()
        started = server.start()
        assert server.metric("sloburn_storage_series") == limit
        assert server.metric("sloburn_storage_samples") == limit + 1
        status, text = store.write(server, batch(limit, 1, now_ms))
        assert status == 400 and "--storage.max-series" in text, (status, text)
        again = resident_mb(server)
        began = time.time()
        assert server.stop() == 0
        stopped = time.time() - began
        reopened = server.start()
        assert server.metric("sloburn_storage_series") == limit
        print(f"{limit:,} series: written in {loaded:.1f} s, {memory:.0f} MB; start after kill -9 "
              f"{started:.1f} s, {again:.0f} MB; stop {stopped:.1f} s; start after that {reopened:.1f} s, "
              f"{resident_mb(server):.0f} MB; {os.path.getsize(server.database) / 1e6:.0f} MB on disk")


def resident_mb(server):
    with open(f"/proc/{server.process.pid}/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sloburn")
    parser.add_argument("--series", type=int, default=20_000)
    options = parser.parse_args()
    with peers.workdir() as path:
        print(f"{labels_and_values(options.sloburn, path)} series with labels and values of all kinds: "
              "the same after kill -9 and after a stop", flush=True)
        too_many_series(options.sloburn, path, options.series)
    print("PASSED")


main()
