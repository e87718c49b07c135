# SPDX-License-Identifier: Apache-2.0
"""Samples that a real Prometheus and sloburn are both given: gauges, counters, classic and native
histograms, names and values with odd bytes. One remote write request carries all of it."""
import struct, urllib.request

import peers

STEP_MS = 15000
STEPS = 121  # half an hour


def zigzag(value):
    return value * 2 if value >= 0 else -value * 2 - 1


def _number(number, value):
    return peers._varint(number << 3) + peers._varint(value & (1 << 64) - 1)


def _double(number, value):
    return peers._varint(number << 3 | 1) + struct.pack("<d", value)


def _packed(number, values, encode):
    return peers._field(number, b"".join(encode(v) for v in values)) if values else b""


def _spans(number, spans):
    return b"".join(peers._field(number, _number(1, zigzag(offset)) + _number(2, length))
                    for offset, length in spans)


def histogram_message(at, h):
    """h: a dictionary with the names of prompb.Histogram's fields; counts are integers."""
    sint = lambda v: peers._varint(zigzag(v))
    out = _number(1, h["count"]) + _double(3, h["sum"]) + _number(4, zigzag(h["schema"]))
    out += _double(5, h.get("zero_threshold", 0.0)) + _number(6, h.get("zero_count", 0))
    out += _spans(8, h.get("negative_spans", [])) + _packed(9, h.get("negative_deltas", []), sint)
    out += _spans(11, h.get("positive_spans", [])) + _packed(12, h.get("positive_deltas", []), sint)
    out += _number(15, at)
    return out + _packed(16, h.get("custom_values", []), lambda v: struct.pack("<d", v))


def series_message(labels, samples):
    """samples: (unix ms, float or histogram) pairs. Labels are strings, or bytes for bad ones."""
    raw = lambda text: text if isinstance(text, bytes) else text.encode()
    message = b"".join(peers._field(1, peers._field(1, raw(n)) + peers._field(2, raw(v)))
                       for n, v in labels)
    for at, value in samples:
        if isinstance(value, dict):
            message += peers._field(4, histogram_message(at, value))
        else:
            message += peers._field(2, _double(1, value) + _number(2, at))
    return message


def write(base, body, content_type="application/x-protobuf", timeout=60):
    """Sends the protobuf `body`; returns status and text."""
    request = urllib.request.Request(base + "/api/v1/write", data=peers._snappy(body), headers={
        "Content-Type": content_type, "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def request_of(series):
    return b"".join(peers._field(1, series_message(sorted(labels), samples))
                    for labels, samples in series)


def native(i, negative=False):
    """The i-th state of a growing native histogram with a gap between its buckets."""
    h = {"schema": 1, "zero_threshold": 0.001, "zero_count": i // 3,
         "positive_spans": [(-2, 3), (2, 2)], "positive_deltas": [i, 2, -1, 3, -2]}
    counts, total = 0, 0
    for delta in h["positive_deltas"]:
        counts += delta
        total += counts
    if negative:
        h["negative_spans"] = [(0, 2)]
        h["negative_deltas"] = [i, 1]
        total += 2 * i + 1
    h["count"] = total + h["zero_count"]
    h["sum"] = 1.5 * i - 2
    return h


def custom(i):
    return {"schema": -53, "count": 3 * i + 6, "sum": 2.25 * i, "custom_values": [0.1, 0.5, 2.0],
            "positive_spans": [(0, 2), (1, 1)], "positive_deltas": [i, 2, 2]}


def build(start_ms):
    """[(labels, samples)] over STEPS steps from start_ms on."""
    times = [start_ms + i * STEP_MS for i in range(STEPS)]
    series = []

    def add(name, labels, values):
        series.append(((("__name__", name),) + tuple(labels.items()),
                       [(at, v) for at, v in zip(times, values) if v is not None]))

    for j, job in enumerate(["api", "web", "b<&>"]):
        for k in range(3):
            labels = {"job": job, "instance": f"host-{k}:9090"}
            add("up", labels, [float((i + k) % 11 != 0) for i in range(STEPS)])
            add("requests_total", dict(labels, code="200"),
                [float((i * (3 + j + k)) % 997) for i in range(STEPS)])
            add("requests_total", dict(labels, code="500"),
                [float(i // (7 + k)) for i in range(STEPS)])
    for le, share in (("0.1", 1), ("0.5", 3), ("1", 4), ("+Inf", 5)):
        add("latency_seconds_bucket", {"job": "api", "le": le},
            [float(i * share) for i in range(STEPS)])
        # Never growing: promtool reads no bucket counts between samples that are not there.
        add("size_bytes_bucket", {"job": "web", "le": le}, [float(share)] * STEPS)
    add("latency_seconds_count", {"job": "api"}, [float(i * 5) for i in range(STEPS)])
    add("latency_seconds_sum", {"job": "api"}, [i * 1.75 for i in range(STEPS)])
    add("odd_values", {"kind": "big"}, [1.2345678901234567e17 + i * 1e5 for i in range(STEPS)])
    add("odd_values", {"kind": "huge"}, [1e21 * (i + 1) for i in range(STEPS)])
    add("odd_values", {"kind": "tiny"}, [1e-7 / (i + 1) for i in range(STEPS)])
    add("odd_values", {"kind": "third"}, [i / 3 for i in range(STEPS)])
    add("odd_values", {"kind": "special"},
        [[float("inf"), float("-inf"), float("nan"), -0.0][i % 4] for i in range(STEPS)])
    add("gappy", {"text": "back\\slash \"quote\" new\nline é 日本"},
        [float(i) if i % 40 < 20 else None for i in range(STEPS)])
    add("ended", {"job": "api"},
        [float(i) if i < 60 else peers.STALE if i == 60 else None for i in range(STEPS)])
    add("name.with.dots", {"label.with.dots": "x", "job": "web"}, [float(i) for i in range(STEPS)])
    add("native_seconds", {"job": "api"}, [native(i) for i in range(STEPS)])
    add("native_seconds", {"job": "web"}, [native(2 * i, negative=True) for i in range(STEPS)])
    add("custom_seconds", {"job": "api"}, [custom(i) for i in range(STEPS)])
    return series


def push_all(bases, start_ms):
    body = request_of(build(start_ms))
    for base in bases:
        status, text = write(base, body)
        assert status in (200, 204), (base, status, text)
