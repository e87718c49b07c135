#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad and huge input: remote write requests that are refused as a Prometheus refuses them, with the
same status and text, and queries that would take everything: an error, and memory that stays small.

usage: bad_input_test.py SLOBURN
"""
import json, struct, sys, time, urllib.error, urllib.parse, urllib.request

import dataset, peers
from dataset import _double, _number, series_message

SLOBURN = sys.argv[1]
GOOD = {"schema": 0, "count": 6, "sum": 1.0, "zero_threshold": 0.1, "zero_count": 1,
        "positive_spans": [(0, 2), (1, 1)], "positive_deltas": [1, 1, -1],
        "negative_spans": [(0, 1)], "negative_deltas": [1]}


def histogram(**changes):
    return {**GOOD, **changes}


HISTOGRAMS = {
    "good": GOOD,
    "fewer deltas than spans": histogram(positive_deltas=[1, 1]),
    "more deltas than spans": histogram(positive_deltas=[1, 1, -1, 0]),
    "deltas without spans": histogram(positive_spans=[]),
    "spans without deltas": histogram(positive_deltas=[]),
    "fewer negative deltas": histogram(negative_deltas=[]),
    "more negative deltas": histogram(negative_deltas=[1, 1]),
    "negative offset": histogram(positive_spans=[(0, 2), (-1, 1)]),
    "negative offset of the first": histogram(positive_spans=[(-5, 2), (1, 1)]),
    "negative offset on the negative side": histogram(negative_spans=[(0, 1), (-3, 1)],
                                                      negative_deltas=[1, 0]),
    "negative bucket": histogram(positive_deltas=[1, -3, 3]),
    "negative bucket on the negative side": histogram(negative_deltas=[-1]),
    "count too low": histogram(count=4),
    "count too high": histogram(count=9),
    "count too low with NaN sum": histogram(count=4, sum=float("nan")),
    "count too high with NaN sum": histogram(count=9, sum=float("nan")),
    "infinite sum": histogram(sum=float("inf")),
    "empty spans": histogram(positive_spans=[(0, 0), (0, 2), (1, 0), (0, 1)]),
    "huge offset": histogram(positive_spans=[(0, 2), (2147483647, 1)]),
    "offsets beyond int32": histogram(positive_spans=[(2147483647, 2), (2147483647, 1)]),
    "huge span": histogram(positive_spans=[(0, 4294967295)]),
    "many huge spans": histogram(positive_spans=[(0, 4294967295)] * 50),
    "schema -4": histogram(schema=-4),
    "schema -5": histogram(schema=-5),
    "schema 8": histogram(schema=8),
    "schema 9": histogram(schema=9),
    "schema 52": histogram(schema=52),
    "schema 53": histogram(schema=53),
    "schema -54": histogram(schema=-54),
    "schema max": histogram(schema=2147483647),
    "negative zero threshold": histogram(zero_threshold=-1.0),
    "NaN zero threshold": histogram(zero_threshold=float("nan")),
    "all empty": {"schema": 0, "count": 0, "sum": 0.0},
    "stale": {"schema": 0, "count": 0, "sum": peers.STALE},
    "custom values with schema 0": histogram(custom_values=[1.0, 2.0]),
    "custom": {"schema": -53, "count": 3, "sum": 1.0, "custom_values": [1.0, 2.0],
               "positive_spans": [(0, 3)], "positive_deltas": [1, 0, 0]},
    "custom without bounds": {"schema": -53, "count": 3, "sum": 1.0, "positive_spans": [(0, 3)],
                              "positive_deltas": [1, 0, 0]},
    "custom out of order": {"schema": -53, "count": 3, "sum": 1.0, "custom_values": [2.0, 1.0],
                            "positive_spans": [(0, 3)], "positive_deltas": [1, 0, 0]},
    "custom twice": {"schema": -53, "count": 3, "sum": 1.0, "custom_values": [1.0, 1.0],
                     "positive_spans": [(0, 3)], "positive_deltas": [1, 0, 0]},
    "custom with +Inf": {"schema": -53, "count": 3, "sum": 1.0,
                         "custom_values": [1.0, float("inf")], "positive_spans": [(0, 3)],
                         "positive_deltas": [1, 0, 0]},
    "custom with NaN": {"schema": -53, "count": 3, "sum": 1.0,
                        "custom_values": [float("nan"), 1.0], "positive_spans": [(0, 3)],
                        "positive_deltas": [1, 0, 0]},
    "custom with too many buckets": {"schema": -53, "count": 5, "sum": 1.0,
                                     "custom_values": [1.0, 2.0], "positive_spans": [(0, 5)],
                                     "positive_deltas": [1, 0, 0, 0, 0]},
    "custom with a zero bucket": {"schema": -53, "count": 4, "sum": 1.0, "zero_count": 1,
                                  "custom_values": [1.0, 2.0], "positive_spans": [(0, 3)],
                                  "positive_deltas": [1, 0, 0]},
    "custom with a zero threshold": {"schema": -53, "count": 3, "sum": 1.0, "zero_threshold": 0.1,
                                     "custom_values": [1.0, 2.0], "positive_spans": [(0, 3)],
                                     "positive_deltas": [1, 0, 0]},
    "custom with negative buckets": {"schema": -53, "count": 4, "sum": 1.0,
                                     "custom_values": [1.0, 2.0], "positive_spans": [(0, 3)],
                                     "positive_deltas": [1, 0, 0], "negative_spans": [(0, 1)],
                                     "negative_deltas": [1]},
    "custom with a negative offset": {"schema": -53, "count": 1, "sum": 1.0,
                                      "custom_values": [1.0, 2.0], "positive_spans": [(-1, 1)],
                                      "positive_deltas": [1]},
}


def floats(pairs, labels=(("__name__", "bad"),)):
    return peers._field(1, series_message(labels, pairs))


def write_bodies(now):
    """name -> protobuf message, or (snappy bytes,) where the compression itself is bad."""
    for name, h in HISTOGRAMS.items():
        # Each with a series of its own: nothing is a matter of order then.
        labels = (("__name__", "h"), ("case", name))
        yield name, peers._field(1, series_message(labels, [(now, h)]))
    one = (("__name__", "bad"),)
    label_sets = {
        "no labels": (), "no name": (("a", "b"),), "empty name": (("__name__", ""),),
        "empty label value": one + (("a", ""),), "empty label name": (("", "x"),) + one,
        "unsorted labels": (("b", "1"), ("__name__", "bad"), ("a", "1")),
        "label twice": one + (("a", "1"), ("a", "2")),
        "invalid name": (("__name__", b"bad\xff"),), "invalid label name": one + ((b"a\xff", "1"),),
        "invalid label value": one + (("a", b"\xc3("),), "zero byte": one + (("a", "x\0y"),),
        "dotted": (("__name__", "bad.name"), ("a.b", "1")),
        "long value": one + (("a", "v" * (1 << 20)),), "long name": (("__name__", "n" * (1 << 20)),),
    }
    for name, labels in label_sets.items():
        yield name, floats([(now, 1.0)], labels)
    # A good series beside a bad one.
    for name in ("no name", "invalid label value", "label twice"):
        yield "good and " + name, (floats([(now, 1.0)], (("__name__", "good"), ("beside", name))) +
                                   floats([(now, 1.0)], label_sets[name]))
    order = lambda case: (("__name__", "order"), ("case", case))
    yield "good samples", floats([(now, 1.0), (now + 1000, 2.0)], order("a"))
    yield "the same again", floats([(now + 1000, 2.0)], order("a"))
    yield "another value", floats([(now + 1000, 3.0)], order("a"))
    yield "out of order", floats([(now, 5.0)], order("a"))
    yield "backwards", floats([(now + 2000, 1.0), (now, 1.0)], order("b"))
    yield "twice", floats([(now, 1.0), (now, 1.0)], order("c"))
    yield "twice, another value", floats([(now, 1.0), (now, 2.0)], order("d"))
    yield "far future", floats([(now + 86400000, 1.0)], order("e"))
    yield "good and far future", (floats([(now, 1.0)], order("g")) +
                                  floats([(now + 86400000, 1.0)], order("f")))
    yield "largest time", floats([((1 << 63) - 1, 1.0)], order("h"))
    yield "no samples", floats([], order("i"))
    yield "histogram over float", (floats([(now, 1.0)], order("j")) +
                                   floats([(now, GOOD)], order("j")))
    yield "empty", b""
    yield "unknown field", floats([(now, 1.0)], order("k")) + _number(15, 7) + _double(16, 1.0)
    good = floats([(now, 1.0)], order("l"))
    yield "truncated", good[:-3]
    yield "length too long", b"\x0a\xff\xff\xff\xff\x0f" + good
    yield "length overflows", b"\x0a" + b"\xff" * 9 + b"\x01" + good
    yield "group", b"\x0b" + good + b"\x0c"
    yield "field zero", b"\x02\x01x"
    yield "junk", b"\xff" * 100
    yield "text", b"not protobuf at all"
    for name, raw in {"no snappy": b"plain", "empty body": b"", "bad length": b"\xff" * 10,
                      "short": b"\x64\x00a", "bad copy": b"\x05\x01\x05",
                      "too long a length": peers._varint(1 << 31) + b"\x00a",
                      "length of 33 MiB": peers._varint(33 << 20) + b"\x00a",
                      "trailing": peers._snappy(good) + b"x"}.items():
        yield name, (raw,)


def send(base, body, headers={}):
    data = body[0] if isinstance(body, tuple) else peers._snappy(body)
    request = urllib.request.Request(base + "/api/v1/write", data=data, headers={
        "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


# What this Prometheus does otherwise, and why that is no fault here.
NEWER = {  # 3.6 and later refuse these
    "schema -5", "schema 53", "schema -54", "schema max", "custom with NaN"}
STRICTER = {  # Prometheus drops the second sample at commit, and says nothing
    "backwards", "twice, another value", "histogram over float"}
OWN_WORDS = {  # of decoders
    "truncated", "length too long", "length overflows", "group", "field zero", "junk", "text",
    "no snappy", "empty body", "bad length", "short", "bad copy", "too long a length",
    "length of 33 MiB", "trailing"}


def agree(name, expected, got):
    if name in NEWER:
        return expected == got or (expected[0] == 204 and got[0] == 400)
    if name in STRICTER:
        return got[0] == 400
    if name in OWN_WORDS:
        return expected[0] == got[0] == 400 and got[1]
    # Bad histograms were 500 up to 3.5, which made senders repeat them for ever.
    return expected == got or (name in HISTOGRAMS and (400, expected[1]) == got)


def compare_writes(prometheus, sloburn, now):
    different = total = 0
    for name, body in write_bodies(now):
        expected, got = send(prometheus, body), send(sloburn, body)
        total += 1
        if not agree(name, expected, got):
            different += 1
            print(f"write: {name}\n  prometheus {expected[0]} {expected[1][:300]!r}\n"
                  f"  sloburn    {got[0]} {got[1][:300]!r}")
    for header in ({"Content-Type": "text/plain"}, {"Content-Encoding": "gzip"},
                   {"Content-Encoding": ""},
                   {"Content-Type": "application/x-protobuf;proto=prometheus.WriteRequest"},
                   {"Content-Type": "application/json; charset=utf-8"}, {"Content-Type": ";"}):
        body = floats([(now, 1.0)], (("__name__", "headers"), ("h", str(header))))
        expected, got = send(prometheus, body, header), send(sloburn, body, header)
        total += 1
        if expected != got:
            different += 1
            print(f"write: {header}\n  prometheus {expected}\n  sloburn    {got}")
    return different, total


def ask(base, path, form):
    """Posts the form, values being bytes or strings; returns status and document."""
    raw = lambda v: urllib.parse.quote_from_bytes(v if isinstance(v, bytes) else v.encode())
    body = "&".join(k + "=" + raw(v) for k, v in form).encode()
    request = urllib.request.Request(base + path, data=body)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
    except OSError as error:
        return 0, str(error)


def compare_queries(prometheus, sloburn, requests):
    different = 0
    for path, form in requests:
        expected, got = ask(prometheus, path, form), ask(sloburn, path, form)
        if expected != got:
            different += 1
            print(f"{path} {str(form)[:200]}\n  prometheus {str(expected)[:300]}\n"
                  f"  sloburn    {str(got)[:300]}")
    return different, len(requests)


def stored(now):
    """What the writes have left behind: all or nothing of a request, no series with bad labels."""
    query, at = "/api/v1/query", ("time", str(now / 1000 + 1))
    # Prometheus itself dies of bucket bounds at the end of int32, and up to 3.5 of schemas that are
    # finer than it knows.
    cases = [n for n in HISTOGRAMS if n not in NEWER | {"schema 9", "schema 52"}
             and "offset" not in n]
    return [(query, [("query", text), at]) for text in (
        *(f"h{{case='{case}'}}" for case in cases),
        "good", "{__name__=~'bad.*', a!~'v{1000}.*'}",
        "sum(count_over_time({__name__=~'order', case=~'[aeghikl]'}[5m]))",
        "count({a=~'v+'})", "count({__name__=~'n+'})")]


def bad_texts(now):
    """Invalid UTF-8 and huge values, wherever text is taken."""
    at = ("time", str(now / 1000 + 1))
    for text in (b"\xff", b"up\xff", b"\xffup", b"up{a='\xff'}", b"up{\xff='a'}", b"{'\xff'}",
                 b"{'\xff'='a'}", b"up{a=~'\xff.*'}", b"'\xff'", b"up # \xff", b"sum by (\xff) (up)",
                 b"label_replace(up, 'a', '\xff', '', '')", b"\xed\xa0\x80", b"\xf5", b"\xc3",
                 b"up{a='\xc3\x28'}", b"\xe2\x82", "'\ufffd'", "\ufffd", "up{a='\U0010ffff'}", b"\0"):
        for path in ("/api/v1/query", "/api/v1/format_query"):
            yield path, [("query", text), at]
        for path in ("/api/v1/series", "/api/v1/labels"):
            yield path, [("match[]", text)]
    for name in ("time", "timeout", "limit", "lookback_delta"):
        yield "/api/v1/query", [("query", "1"), (name, b"\xff"), at][:2 if name == "time" else 3]
    for name in ("start", "end", "step"):
        form = {"start": "1", "end": "2", "step": "1", "query": "1", name: b"\xff"}
        yield "/api/v1/query_range", list(form.items())
    yield "/api/v1/query", [("query", "up{a='" + "v" * 900000 + "'}"), at]
    yield "/api/v1/query", [("query", "count({a='" + "v" * 900000 + "'})"), at]
    yield "/api/v1/query", [("query", "count({a=~'" + "v" * 500000 + ".*'})"), at]
    yield "/api/v1/query", [("query", "label_replace(vector(1), 'x', '" + "y" * 800000 + "', '', '')"),
                            at]
    yield "/api/v1/query", [("query", "x" * 900000), at]
    yield "/api/v1/query", [("query", "1" + "+1" * 9000), at]
    yield "/api/v1/query", [("query", "1" * 300000), at]
    yield "/api/v1/series", [("match[]", "{__name__=~'" + "n{1000}" * 500 + "'}")]


def too_much(now):
    """Over --query.max-samples, which is low here, and other errors of the evaluation."""
    r = "/api/v1/query_range"
    day = [("start", str(now // 1000 - 3300)), ("end", str(now // 1000)), ("step", "0.3")]
    for text in ("{__name__=~'.+'}", "{__name__=~'.*.+.*'}", "sum_over_time(many[50m])",
                 "{__name__=~'many'} + {__name__=~'many'}", "max_over_time(many[1h:1s])"):
        yield r, [("query", text)] + day
    yield "/api/v1/query", [("query", "{__name__=~'many'}[1h]"), ("time", str(now // 1000))]
    yield "/api/v1/query", [("query", "many * on (k) many"), ("time", str(now // 1000))]
    yield r, [("query", "1"), ("start", "0"), ("end", "11001"), ("step", "1")]


def peak_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def refused_within(sloburn, process):
    """Expressions that only we bound: refused soon, without taking the memory."""
    before = peak_mib(process.pid)
    started = time.time()
    for text in ("(" * 100000 + "1" + ")" * 100000, "((x+x+)+y)" * 20, "-" * 100000 + "1",
                 "up{a=~'" + "(x+x+)+y" * 5000 + "'}", "up{a=~'" + "(a|b)*a(a|b){20}" * 300 + "'}",
                 "up{a=~'" + "\\\\pL{1000}" * 60 + "'}", "sum(" * 100000,
                 "max_over_time(vector(1)[100y:1ms])", "vector(1)[100y:1ms]"):
        status, answer = ask(sloburn, "/api/v1/query", [("query", text)])
        if status not in (200, 400, 422):
            print("status", status, text[:60], str(answer)[:200])
            return 1
    seconds, grown = time.time() - started, peak_mib(process.pid) - before
    print(f"odd expressions: {seconds:.1f} s, {grown:.0f} MiB more at the peak")
    return 0 if seconds < 60 and grown < 400 else 1


def main():
    binary = peers.require_prometheus()
    limit = "--query.max-samples=100000"
    with peers.workdir() as path, \
            peers.prometheus(binary, path, "--enable-feature=native-histograms",
                             limit) as prometheus, \
            peers.sloburn(SLOBURN, path, limit) as (sloburn, process):
        now = int(time.time()) * 1000 - 60000
        results = [compare_writes(prometheus, sloburn, now),
                   compare_queries(prometheus, sloburn, stored(now)),
                   compare_queries(prometheus, sloburn, list(bad_texts(now)))]
        many = dataset.request_of(
            ((("__name__", "many"), ("k", str(k))), [(now - 1000 * s, float(s))
                                                   for s in range(60, 0, -1)]) for k in range(2000))
        for base in (prometheus, sloburn):
            status, text = dataset.write(base, many)
            assert status in (200, 204), (base, status, text)
        results.append(compare_queries(prometheus, sloburn, list(too_much(now))))
        results.append((refused_within(sloburn, process), 1))
        different, total = (sum(column) for column in zip(*results))
        print(f"{total - different} of {total} answers as expected; "
              f"sloburn's peak is {peak_mib(process.pid):.0f} MiB")
        sys.exit(1 if different else 0)


main()
