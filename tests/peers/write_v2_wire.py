# SPDX-License-Identifier: Apache-2.0
"""Messages of remote write 2.0, io.prometheus.write.v2.Request, good and odd ones. The fields of
histograms, samples and spans are those of 1.0."""
import http.client, struct, urllib.parse

import peers
from dataset import _double, _number, _packed, histogram_message

V1, V2 = "application/x-protobuf", "application/x-protobuf;proto=io.prometheus.write.v2.Request"


class Symbols:
    """The table of a request; refs are handed out as texts are named."""

    def __init__(self, first=b""):
        self.texts = [first]

    def ref(self, text):
        raw = text if isinstance(text, bytes) else text.encode()
        if raw not in self.texts:
            self.texts.append(raw)
        return self.texts.index(raw)

    def refs(self, labels):
        return [self.ref(text) for pair in labels for text in pair]

    def message(self):
        return b"".join(peers._field(4, text) for text in self.texts)


def refs_message(refs):
    return _packed(1, refs, peers._varint)


def sample_message(at, value, start=0):
    start_field = _number(3, start) if start else b""
    return peers._field(2, _double(1, value) + _number(2, at) + start_field)


def float_histogram_message(at, h):
    """h: as dataset.histogram_message, with positive_counts and negative_counts."""
    doubles = lambda field, values: _packed(field, values, lambda v: struct.pack("<d", v))
    spans = lambda field, all: b"".join(
        peers._field(field, _number(1, o * 2 if o >= 0 else -o * 2 - 1) + _number(2, n))
        for o, n in all)
    schema = h["schema"]
    return (_double(2, h["count"]) + _double(3, h["sum"]) +
            _number(4, schema * 2 if schema >= 0 else -schema * 2 - 1) +
            _double(5, h.get("zero_threshold", 0.0)) + _double(7, h.get("zero_count", 0.0)) +
            spans(8, h.get("negative_spans", [])) + doubles(10, h.get("negative_counts", [])) +
            spans(11, h.get("positive_spans", [])) + doubles(13, h.get("positive_counts", [])) +
            _number(15, at) + doubles(16, h.get("custom_values", [])))


def value_message(at, value):
    if isinstance(value, dict):
        make = float_histogram_message if "positive_counts" in value else histogram_message
        return peers._field(3, make(at, value))
    return sample_message(at, value)


def exemplar_message(refs, value, at):
    return peers._field(4, refs_message(refs) + _double(2, value) + _number(3, at))


def metadata_message(kind, help_ref, unit_ref):
    return peers._field(5, _number(1, kind) + _number(3, help_ref) + _number(4, unit_ref))


def series_message(refs, samples, more=b""):
    """A TimeSeries. samples: (unix ms, float or histogram)."""
    return peers._field(5, refs_message(refs) + b"".join(value_message(*s) for s in samples) + more)


def request(series, first=b""):
    """series: (labels, samples), or with a function of Symbols that gives more fields."""
    symbols, body = Symbols(first), b""
    for labels, samples, *more in series:
        body += series_message(symbols.refs(labels), samples,
                               more[0](symbols) if more else b"")
    return symbols.message() + body


def post(base, body, content_type=V2, encoding="snappy", raw=False, method="POST"):
    """Status, text and those headers that are a matter of the receiver; (0, "", {}) where the
    server breaks the connection."""
    url = urllib.parse.urlparse(base)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    headers = {"Content-Type": content_type, "Content-Encoding": encoding}
    try:
        connection.request(method, "/api/v1/write", body=body if raw else peers._snappy(body),
                           headers={k: v for k, v in headers.items() if v is not None})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
    except (http.client.HTTPException, ConnectionError):
        return 0, "", {}
    finally:
        connection.close()
    told = {k.lower(): v for k, v in answer.getheaders()
            if k.lower().startswith("x-prometheus") or k.lower() in ("content-type", "allow")}
    return answer.status, text, told
