#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Good, odd and malformed requests of remote write 1.0 and 2.0, sent to a Prometheus and to
sloburn: the same status, text and headers, and the same samples afterwards. bad_input_test.py has
more of 1.0.

usage: remote_write_answers_test.py SLOBURN
"""
import os, struct, subprocess, sys, time

import dataset, peers
import write_v2_wire as v2
from write_v2_wire import V1, V2, post

SLOBURN = sys.argv[1]
GOOD = {"schema": 0, "count": 6, "sum": 1.0, "zero_threshold": 0.1, "zero_count": 1,
        "positive_spans": [(0, 2), (1, 1)], "positive_deltas": [1, 1, -1],
        "negative_spans": [(0, 1)], "negative_deltas": [1]}
FLOAT = {"schema": 1, "count": 4.5, "sum": 2.5, "zero_threshold": 0.1, "zero_count": 1.0,
         "positive_spans": [(0, 2)], "positive_counts": [1.5, 2.0]}
CUSTOM = {"schema": -53, "count": 3, "sum": 1.0, "custom_values": [1.0, 2.0],
          "positive_spans": [(0, 3)], "positive_deltas": [1, 0, 0]}
CUSTOM_FLOAT = {"schema": -53, "count": 3.0, "sum": 1.0, "custom_values": [1.0, 2.0],
                "positive_spans": [(0, 3)], "positive_counts": [1.0, 1.5, 0.5]}
HISTOGRAMS = {
    "good": GOOD, "float": FLOAT, "custom": CUSTOM, "custom float": CUSTOM_FLOAT,
    "stale": {"schema": 0, "count": 0, "sum": peers.STALE},
    "fewer deltas than spans": {**GOOD, "positive_deltas": [1, 1]},
    "negative offset": {**GOOD, "positive_spans": [(0, 2), (-1, 1)]},
    "negative bucket": {**GOOD, "positive_deltas": [1, -3, 3]},
    "negative float bucket": {**FLOAT, "positive_counts": [1.5, -2.0]},
    "count too low": {**GOOD, "count": 4}, "negative count": {**FLOAT, "count": -1.0},
    "custom values with schema 0": {**GOOD, "custom_values": [1.0]},
    "custom out of order": {**CUSTOM, "custom_values": [2.0, 1.0]},
    "custom with +Inf": {**CUSTOM, "custom_values": [1.0, float("inf")]},
    "custom with too many buckets": {**CUSTOM, "positive_spans": [(0, 4)], "count": 4,
                                     "positive_deltas": [1, 0, 0, 0]},
}


def one(name, *labels):
    return (("__name__", name),) + labels


def order(case):
    return one("order", ("case", case))


def version_2(now):
    """name -> message of 2.0."""
    for name, h in HISTOGRAMS.items():
        yield "histogram: " + name, v2.request([(one("h", ("case", name)), [(now, h)])])
    raw = {"both kinds of counts, float": dataset._number(1, 7) +
           v2.float_histogram_message(now, FLOAT) + dataset._packed(12, [9, 9], peers._zigzag),
           "both kinds of counts, integer": dataset.histogram_message(now, GOOD) +
           dataset._packed(13, [7.5], lambda v: struct.pack("<d", v)),
           "no count": dataset._double(3, 1.0) + dataset._number(15, now),
           "zero count of another kind": v2.float_histogram_message(now, FLOAT) +
           dataset._number(6, 3)}
    for name, message in raw.items():
        symbols = _with(one("h", ("case", name)))
        yield "histogram: " + name, symbols.message() + v2.series_message(
            [1, 2, 3, 4], [], peers._field(3, message))
    good, sample = one("good"), [(now, 1.0)]
    yield "empty", b""
    yield "symbols alone", v2.Symbols().message()
    yield "one sample", v2.request([(order("a"), sample)])
    yield "the same again", v2.request([(order("a"), sample)])
    yield "another value", v2.request([(order("a"), [(now, 2.0)])])
    yield "out of order", v2.request([(order("a"), [(now - 1000, 2.0)])])
    yield "partial in a series", v2.request([(order("a"), [(now - 1000, 2.0), (now + 1000, 3.0)])])
    yield "far future", v2.request([(order("b"), [(now + 86400000, 1.0)])])
    yield "far future of a histogram", v2.request([(order("b"), [(now + 86400000, GOOD)])])
    yield "histogram out of order", v2.request([(order("a"), [(now - 2000, GOOD)])])
    yield "float and histogram", v2.request([(order("c"), [(now, 1.0), (now + 1000, GOOD)])])
    bad = {"no labels": (), "no name": (("a", "b"),), "empty name": (("__name__", ""),),
           "empty label name": (("", "x"),) + one("bad"),
           "label twice": one("bad", ("a", "1"), ("a", "2")),
           "three times": one("bad", ("a", "3"), ("a", "1"), ("a", "2")),
           "invalid name": (("__name__", b"bad\xff"),),
           "invalid value": one("bad", ("a", b"\xc3(")),
           "invalid label name": one("bad", (b"a\xff", "1")),
           "quoted": (("a b", "1"), ("c.d", 'e"f\n'))}
    for name, labels in bad.items():
        yield "bad labels: " + name, v2.request([(labels, sample)])
        beside = one("good", ("beside", name))
        yield "good and bad labels: " + name, v2.request([(beside, sample), (labels, sample)])
    yield "all bad", v2.request([(labels, sample) for labels in bad.values()] +
                                [(order("a"), [(now - 1, 1.0)]), (order("d"), sample),
                                 (order("d"), [(now + 86400000, 1.0)])])
    yield "empty label value", v2.request([(one("kept", ("a", "")), sample)])
    yield "unsorted labels", v2.request([((("b", "1"), ("__name__", "kept"), ("a", "1")), sample)])
    yield "utf-8", v2.request([((("__name__", "kept.é"), ("l.é", "日")), sample)])
    yield "start timestamps", (lambda s: s.message() + v2.series_message(
        s.refs(order("st")), [], v2.sample_message(now, 1.0, now - 5000)))(_with(order("st")))
    yield "same series twice", v2.request([(order("e"), sample), (order("e"), [(now + 1, 2.0)])])
    yield "metadata", v2.request([(order("f"), sample, lambda s: v2.metadata_message(
        1, s.ref("Help."), s.ref("seconds")))])
    yield "unknown type", v2.request([(order("g"), sample,
                                       lambda s: v2.metadata_message(99, 0, 0))])
    yield "exemplars", v2.request([(order("x"), sample, lambda s: v2.exemplar_message(
        s.refs([("trace_id", "1")]), 1.0, now) + v2.exemplar_message([], 1.0, now))])
    yield "exemplar in the future", v2.request([(order("y"), sample, lambda s: v2.exemplar_message(
        [], 1.0, now + 86400000))])
    yield "refs one by one", (lambda s: s.message() + peers._field(5, b"".join(
        dataset._number(1, ref) for ref in s.refs(order("i"))) + v2.sample_message(now, 1.0)))(
            _with(order("i")))
    yield "symbols last", (lambda s: v2.series_message(s.refs(order("j")), sample) + s.message())(
        _with(order("j")))
    yield "unknown fields", v2.request([(order("k"), sample, lambda s: dataset._number(15, 7))]) + \
        dataset._number(16, 7)
    yield "first symbol is not empty", v2.request([(order("l"), sample)], first=b"x")
    yield "1.0 message", peers._field(1, dataset.series_message(good, sample))
    message = v2.request([(order("m"), sample)])
    yield "truncated", message[:-3]
    yield "wrong wire type", dataset._number(5, 1)
    yield "junk", b"\xff" * 100
    # Refs that nothing is behind.
    symbols = _with(good)
    series = lambda *a: symbols.message() + v2.series_message(*a)
    yield "odd refs", series([1, 2, 3], sample)
    yield "ref outside", series([1, 99], sample)
    yield "name ref outside", series([4294967295, 1], sample)
    yield "no symbols", v2.series_message([], sample)
    yield "unit ref outside", series([1, 2], sample, v2.metadata_message(1, 0, 7))
    yield "help ref outside", series([1, 2], sample, v2.metadata_message(1, 7, 0))
    yield "exemplar ref outside", v2.request([(order("n"), sample, lambda s: v2.exemplar_message(
        [1, 99], 1.0, now))])
    yield "odd exemplar refs", v2.request([(order("o"), sample, lambda s: v2.exemplar_message(
        [1], 1.0, now))])
    yield "no samples", v2.request([(order("p"), [])])
    yield "exemplars alone", v2.request([(order("q"), [],
                                          lambda s: v2.exemplar_message([], 1.0, now))])


def _with(labels):
    symbols = v2.Symbols()
    symbols.refs(labels)
    return symbols


# Answers of Prometheus' newest version where the one at hand (3.5) has others. A 3.5 breaks the
# connection over refs that are outside of the table, and takes series without samples.
NO_COUNTS = {"x-prometheus-remote-write-samples-written": "0",
             "x-prometheus-remote-write-histograms-written": "0",
             "x-prometheus-remote-write-exemplars-written": "0"}
ONE = {**NO_COUNTS, "x-prometheus-remote-write-samples-written": "1"}
LABELS = '{__name__="order", case="%s"}'
NEWER = {
    "odd refs": ("parsing labels for series [1 2 3]: invalid labelRefs length 3\n", NO_COUNTS),
    "ref outside": ("parsing labels for series [1 99]: labelRefs 1 (name) = 99 (value) outside of "
                    "symbols table (size 3)\n", NO_COUNTS),
    "name ref outside": ("parsing labels for series [4294967295 1]: labelRefs 4294967295 (name) = "
                         "1 (value) outside of symbols table (size 3)\n", NO_COUNTS),
    "no symbols": ("parsing metadata for series []: metadata unit_ref 0 outside of symbols table "
                   "(size 0)\n", NO_COUNTS),
    "unit ref outside": ("parsing metadata for series [1 2]: metadata unit_ref 7 outside of "
                         "symbols table (size 3)\n", NO_COUNTS),
    "help ref outside": ("parsing metadata for series [1 2]: metadata help_ref 7 outside of "
                         "symbols table (size 3)\n", NO_COUNTS),
    "exemplar ref outside": ("parsing exemplar for series " + LABELS % "n" + ": labelRefs 1 (name) "
                             "= 99 (value) outside of symbols table (size 5)\n", ONE),
    "odd exemplar refs": ("parsing exemplar for series " + LABELS % "o" +
                          ": invalid labelRefs length 1\n", ONE),
    "no samples": ("TimeSeries must contain at least one sample or histogram for series " +
                   LABELS % "p" + "\n", NO_COUNTS),
    "histogram: negative count": ("observation count is  -1: histogram's observation count is "
                                  'negative for series {__name__="h", case="negative count"}\n',
                                  NO_COUNTS),
    "exemplars alone": ("TimeSeries must contain at least one sample or histogram for series " +
                        LABELS % "q" + "\n", NO_COUNTS),
}
# Decoders have words of their own.
OWN_WORDS = {"truncated", "wrong wire type", "junk"}


def agree(name, expected, got):
    if expected == got:
        return True
    if name in NEWER:
        text, headers = NEWER[name]
        rest = {k: v for k, v in got[2].items() if k.startswith("x-")}
        # The one text that was another: without symbols, the labels were looked at first.
        is_known = expected[0] in (0, 204) or name == "no symbols"
        return is_known and got[:2] == (400, text) and rest == headers
    if name in OWN_WORDS:
        # A 3.5 tells no counts with these.
        return expected[0] == got[0] == 400 and got[1] and got[2].items() >= expected[2].items()
    if name.startswith("histogram: ") and expected[0] == 500:
        # Up to 3.5 senders were made to repeat bad histograms for ever.
        case = name.removeprefix("histogram: ")
        text = expected[1].rstrip("\n") + ' for series {__name__="h", case="%s"}\n' % case
        return got == (400, text, expected[2])
    return False


def compare_version_2(prometheus, sloburn, now):
    different = total = 0
    for name, body in version_2(now):
        expected, got = post(prometheus, body), post(sloburn, body)
        total += 1
        if not agree(name, expected, got):
            different += 1
            print(f"2.0: {name}\n  prometheus {expected}\n  sloburn    {got}")
    return different, total


def version_1(now):
    """name -> message of 1.0 that Prometheus answers in a way of its own."""
    series = lambda labels, samples: peers._field(1, dataset.series_message(labels, samples))
    broken = {**GOOD, "count": 99}
    yield "broken histogram of a series without a name", series((("a", "b"),), [(now, broken)])
    twice = one("v1", ("a", "1"), ("a", "2"))
    yield "label twice, broken histogram", series(twice, [(now, broken)])
    yield "good, and no name", (series(one("v1"), [(now, 1.0)]) +
                                series((("a", "b"),), [(now, 1.0)]))
    yield "all or nothing", (series(one("v1", ("b", "1")), [(now, 1.0)]) +
                             series(one("v1"), [(now - 1, 1.0)]))
    yield "2.0 message", v2.request([(one("v1"), [(now, 1.0)])])
    yield "empty", b""


def headers():
    """(Content-Type, Content-Encoding); None: not sent."""
    for kind in (V1, V2, None, "", "application/x-protobuf;proto=prometheus.WriteRequest",
                 "application/x-protobuf;", "application/x-protobuf;;", "application/x-protobuf;a",
                 "application/x-protobuf;a=b", "application/x-protobuf;a=b=c", "text/plain",
                 "application/x-protobuf;a=b;proto=io.prometheus.write.v2.Request",
                 "application/x-protobuf;proto=", "application/x-protobuf;proto=x",
                 "application/x-protobuf;proto=x;a", "application/x-protobuf; charset=utf-8",
                 "Application/X-Protobuf", "application/json; charset=utf-8", ";"):
        yield kind, "snappy"
    for encoding in ("gzip", "zstd", "", None, "identity"):
        yield V1, encoding


def compare_version_1(prometheus, sloburn, now):
    different = total = 0
    cases = [(name, (body, V1)) for name, body in version_1(now)]
    for kind, encoding in headers():
        # 3.5 goes on after it has refused an encoding, so that its answer has two texts; an empty
        # body ends it there.
        cases.append((f"{kind} {encoding}", (b"", kind, encoding)))
    for name, arguments in cases:
        expected, got = post(prometheus, *arguments), post(sloburn, *arguments)
        # The words of 3.6 and later.
        words = expected[1].replace("unknown remote", "unknown type for remote")
        total += 1
        if (expected[0], words, expected[2]) != got:
            different += 1
            print(f"1.0: {name}\n  prometheus {expected}\n  sloburn    {got}")
    for method in ("GET", "PUT"):
        expected, got = (post(base, b"", method=method) for base in (prometheus, sloburn))
        total += 1
        if expected[0] != got[0]:
            different += 1
            print(f"{method}: {expected} {got}")
    return different, total


def compare_stored(prometheus, sloburn, now):
    different, expressions = 0, ("good", "order[1h]", "v1[1h]", "{__name__=~'kept.*'}",
                                 "count({__name__!=''})", "h{case!='stale'}", "{a!=''}")
    for expr in expressions:
        expected, got = (sorted(peers.query(base, expr, now / 1000 + 2), key=str)
                         for base in (prometheus, sloburn))
        # A 3.5 stores nothing where it breaks the connection, and takes a negative count.
        drop = lambda all: [s for s in all
                            if s["metric"].get("case") not in ("n", "o", "negative count")]
        if drop(expected) != drop(got) and not expr.startswith("count("):
            different += 1
            print(f"stored: {expr}\n  prometheus {expected}\n  sloburn    {got}")
    return different, len(expressions)


def compare_accepted(binary, path):
    """Of servers that take one of the two versions."""
    results, flag = [], "--web.remote-write-receiver.accepted-protobuf-messages="
    names = {V1: "prometheus.WriteRequest", V2: "io.prometheus.write.v2.Request"}
    for taken, refused in ((V1, V2), (V2, V1)):
        accepted = names[taken]
        directory = os.path.join(path, accepted)
        os.mkdir(directory)
        with peers.prometheus(binary, directory, flag + accepted) as prometheus, \
                peers.sloburn(SLOBURN, directory, flag + accepted) as (sloburn, _):
            expected, got = post(prometheus, b"", refused), post(sloburn, b"", refused)
            # The words have changed since 3.5: "accepted [...]".
            text = (f"{names[refused]} protobuf message is not accepted by this server; "
                    f"only accepts {accepted}\n")
            results.append(expected[0] == 415 and got[:2] == (415, text))
            if not results[-1]:
                print(f"{accepted}\n  prometheus {expected}\n  sloburn    {got}")
    return results.count(False), len(results)


def compare_flags(binary):
    """What is said of a flag that makes no sense."""
    flag, different = "--web.remote-write-receiver.accepted-protobuf-messages=", 0
    cases = (["x"], ["prometheus.WriteRequest"] * 2)
    for values in cases:
        flags = [flag + value for value in values]
        run = lambda command: subprocess.run(command + flags, capture_output=True, text=True,
                                             timeout=60)
        expected, got = run([binary]), run([SLOBURN, "serve"])
        words = expected.stderr.strip().rpartition("arguments: ")[2].replace(
            "unknown remote", "unknown type for remote")
        # From 3.6 on a list is told without its brackets.
        words = words.replace("got [", "got ").replace("] already", " already")
        if words.split(", try --help")[0] not in got.stderr or got.returncode == 0:
            different += 1
            print(f"{values}\n  prometheus {expected}\n  sloburn    {got}")
    return different, len(cases)


def main():
    binary = peers.require_prometheus()
    with peers.workdir() as path, \
            peers.prometheus(binary, path, "--enable-feature=native-histograms") as prometheus, \
            peers.sloburn(SLOBURN, path) as (sloburn, _):
        now = int(time.time()) * 1000 - 60000
        results = [compare_version_2(prometheus, sloburn, now),
                   compare_version_1(prometheus, sloburn, now),
                   compare_stored(prometheus, sloburn, now), compare_accepted(binary, path),
                   compare_flags(binary)]
    different, total = (sum(column) for column in zip(*results))
    print(f"{total - different} of {total} as expected")
    sys.exit(1 if different else 0)


main()
