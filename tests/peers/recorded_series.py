# SPDX-License-Identifier: Apache-2.0
"""All samples of recorded series as a server stores them, by remote read, and what differs between two.

The answer is Prometheus' SAMPLES: staleness markers are in it, but -0 is written as 0 (see
negative_zeros), a Prometheus before 3.6 leaves out custom bounds, and the zero buckets of a histogram
come and go with its chunk. Hints about counter resets are not compared.
"""
import json, math, struct, urllib.parse, urllib.request

import peers
from remote_read import SAMPLES, matcher, messages, read, request, unsnappy, varint_at

STALE = "stale"
SHOWN = 30


def _zigzag(number):
    return number >> 1 ^ -(number & 1)


def _varints(data):
    at, out = 0, []
    while at < len(data):
        number, at = varint_at(data, at)
        out.append(number)
    return out


def _side(spans, deltas, counts):
    """{index: count} without empty buckets."""
    if counts:
        values = list(struct.unpack(f"<{len(counts) // 8}d", counts))
    else:
        values, value = [], 0
        for delta in _varints(deltas):
            value += _zigzag(delta)
            values.append(float(value))
    out, index, at = {}, 0, 0
    for offset, length in spans:
        index += offset
        for _ in range(length):
            out[index] = values[at]
            index, at = index + 1, at + 1
    return {index: count for index, count in out.items() if count}


def _histogram(data):
    """(ms, what is compared of it). A marker is a histogram whose sum is one."""
    fields, spans = {}, {8: [], 11: []}
    for number, value in messages(data):
        if number in spans:
            span = dict(messages(value))
            spans[number].append((_zigzag(span.get(1, 0)), span.get(2, 0)))
        else:
            fields[number] = value
    at = fields.get(15, 0)
    if _is_stale(fields.get(3, 0.0)):
        return at, STALE
    custom = fields.get(16, b"")
    return at, {
        "schema": _zigzag(fields.get(4, 0)), "sum": fields.get(3, 0.0),
        "count": float(fields.get(1, 0) or fields.get(2, 0.0)),
        "zero count": float(fields.get(6, 0) or fields.get(7, 0.0)),
        "zero threshold": fields.get(5, 0.0),
        "negative": _side(spans[8], fields.get(9, b""), fields.get(10, b"")),
        "positive": _side(spans[11], fields.get(12, b""), fields.get(13, b"")),
        "custom values": dict(enumerate(struct.unpack(f"<{len(custom) // 8}d", custom)))}


def _is_stale(value):
    return struct.pack("<d", value) == struct.pack("<d", peers.STALE)


def _series(message):
    labels, samples = [], {}
    for number, data in messages(message):
        if number == 1:
            pair = dict(messages(data))
            labels.append((pair.get(1, b"").decode(), pair.get(2, b"").decode()))
        elif number == 2:
            fields = dict(messages(data))
            value = fields.get(1, 0.0)
            samples[fields.get(2, 0)] = STALE if _is_stale(value) else value
        elif number == 4:
            at, value = _histogram(data)
            samples[at] = value
    return tuple(sorted(labels)), samples


def read_all(base, pattern, start_ms, end_ms):
    """{labels as sorted pairs: {ms: float, STALE, or a dict of a histogram's parts}}."""
    status, _, body = read(base, request([matcher(2, "__name__", pattern)], start_ms, end_ms, [SAMPLES]))
    assert status == 200, body.decode()
    out = {}
    for _, result in messages(unsnappy(body)):
        out.update(_series(one) for number, one in messages(result) if number == 1)
    return out


def negative_zeros(base, pattern, seconds, at):
    """{(labels, seconds)} of all samples that are -0."""
    expr = f"{{__name__=~{json.dumps(pattern)}}}[{seconds}s]"
    body = urllib.parse.urlencode({"query": expr, "time": at}).encode()
    answer = json.load(urllib.request.urlopen(base + "/api/v1/query", data=body, timeout=120))
    return {(tuple(sorted(series["metric"].items())), when)
            for series in answer["data"]["result"] for when, text in series.get("values", ())
            if text == "-0"}


def close(one, other, relative):
    """0: equal bits; 1: within `relative`; 2: different. Any NaN equals any other but a marker."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return 2
        return max((close(one[key], other[key], relative) for key in one
                    if key != "custom values" or one[key] and other[key]), default=0)
    if not isinstance(one, (int, float)) or not isinstance(other, (int, float)):
        return 0 if one == other else 2
    if one == other or math.isnan(one) and math.isnan(other):
        return 0
    return 1 if peers.same(one, other, relative) else 2


class Comparison:
    """Counts what is compared, and keeps the first differences as text."""

    def __init__(self, names):
        self.names = names  # of the two sides
        self.series = self.samples = self.markers = self.last_bits = self.different = 0
        self.shown = []

    def add(self, labels, left, right, relative):
        """`left` and `right`: {ms: value} of one series on both sides."""
        self.series += 1
        for at in sorted(left.keys() | right.keys()):
            one, other = left.get(at), right.get(at)
            self.samples += 1
            self.markers += one == STALE
            result = close(one, other, relative)
            self.last_bits += result == 1
            if result == 2:
                self.differs(f"{dict(labels)} at {at / 1000}: {one} | {other}")

    def differs(self, text):
        self.different += 1
        if len(self.shown) < SHOWN:
            self.shown.append(text)

    def text(self):
        return (f"{self.names}: {self.series} series, {self.samples} samples compared, of these "
                f"{self.markers} staleness markers and {self.last_bits} equal within 1e-12; "
                f"{self.different} different")
