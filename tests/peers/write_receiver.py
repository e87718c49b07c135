# SPDX-License-Identifier: Apache-2.0
"""A receiver of remote write that answers as it is told, and takes both messages apart by its own means.

    receiver = Receiver()
    receiver.route("/a", lambda number, request: Reply(503) if number < 3 else None)
    ... send to receiver.url("/a") ...
    receiver.requests("/a")  # in their order; what was answered with a 2xx has `is_accepted`

A route without an answer takes the request: 204, with the headers of 2.0 where it is 2.0."""
import http.server, struct, threading, time
from dataclasses import dataclass, field

import remote_read

V2_TYPE = "application/x-protobuf;proto=io.prometheus.write.v2.Request"


@dataclass
class Reply:
    """An answer; bytes of `raw` go out as they are, and the connection is closed then."""
    status: int = 204
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    delay: float = 0.0
    raw: bytes = None
    is_accepted: bool = None  # None: where the status says so


@dataclass
class TimeSeries:
    labels: tuple = ()  # of (name, value)
    refs: tuple = ()    # 2.0
    samples: list = field(default_factory=list)  # of (unix ms, bits of the double)
    histograms: list = field(default_factory=list)  # of {field number: value}
    starts: list = field(default_factory=list)
    exemplars: int = 0
    metadata: int = 0

    @property
    def name(self):
        return dict(self.labels).get("__name__", "")


@dataclass
class Request:
    number: int
    at: float
    method: str
    headers: dict
    body: bytes
    is_v2: bool = False
    fields: set = field(default_factory=set)  # of the message
    symbols: list = field(default_factory=list)
    series: list = field(default_factory=list)
    status: int = 0
    is_accepted: bool = False

    def points(self):
        """(labels, unix ms, bits or None for a histogram) of every sample."""
        for one in self.series:
            yield from ((one.labels, at, bits) for at, bits in one.samples)
            yield from ((one.labels, h[15], None) for h in one.histograms)


def fields_of(data):
    """(number, kind, value) of a message; doubles as their bits, groups are errors."""
    at = 0
    while at < len(data):
        key, at = remote_read.varint_at(data, at)
        if key & 7 == 0:
            value, at = remote_read.varint_at(data, at)
        elif key & 7 == 1:
            value = struct.unpack_from("<Q", data, at)[0]
            at += 8
        elif key & 7 == 2:
            size, at = remote_read.varint_at(data, at)
            assert at + size <= len(data), "a field is longer than its message"
            value = data[at:at + size]
            at += size
        else:
            raise AssertionError(f"wire type {key & 7}")
        yield key >> 3, key & 7, value


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def unzigzag(value):
    return value >> 1 ^ -(value & 1)


def varints(data):
    at, out = 0, []
    while at < len(data):
        value, at = remote_read.varint_at(data, at)
        out.append(value)
    return out


def doubles(data):
    return [struct.unpack_from("<d", data, at)[0] for at in range(0, len(data), 8)]


def as_double(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def read_histogram(data):
    """{field number of prompb.Histogram: value}; spans are lists of (offset, length)."""
    out = {8: [], 11: []}
    for number, kind, value in fields_of(data):
        if number in (8, 11):
            span = dict((n, v) for n, _, v in fields_of(value))
            out[number].append((unzigzag(span.get(1, 0)), span.get(2, 0)))
        elif number in (10, 13, 16):
            out[number] = doubles(value)
        elif number == 4:
            out[number] = unzigzag(value)
        elif number == 15:
            out[number] = signed(value)
        else:
            out[number] = as_double(value) if kind == 1 else value
    return out


def read_series(data, symbols):
    """`symbols` is None for 1.0."""
    one, is_v2 = TimeSeries(), symbols is not None
    for number, _, value in fields_of(data):
        if number == 1 and is_v2:
            one.refs += tuple(varints(value))
        elif number == 1:
            pair = dict((n, v.decode()) for n, _, v in fields_of(value))
            one.labels += ((pair.get(1, ""), pair.get(2, "")),)
        elif number == 2:
            sample = dict((n, v) for n, _, v in fields_of(value))
            one.samples.append((signed(sample.get(2, 0)), sample.get(1, 0)))
            one.starts.append(sample.get(3, 0))
        elif number == (3 if is_v2 else 4):
            one.histograms.append(read_histogram(value))
        elif number == (4 if is_v2 else 3):
            one.exemplars += 1
        elif number == 5 and is_v2:
            one.metadata += 1
        else:
            raise AssertionError(f"unknown field {number} of a series")
    if is_v2:
        assert len(one.refs) % 2 == 0, "an odd number of refs"
        assert all(ref < len(symbols) for ref in one.refs), "a ref outside of the symbols"
        texts = [symbols[ref] for ref in one.refs]
        one.labels = tuple(zip(texts[::2], texts[1::2]))
    return one


def decode(request):
    data = remote_read.unsnappy(request.body)
    parts = [(number, value) for number, _, value in fields_of(data)]
    request.fields = {number for number, _ in parts}
    request.is_v2 = request.headers["content-type"] == V2_TYPE
    if request.is_v2:
        request.symbols = [value.decode() for number, value in parts if number == 4]
    wanted = 5 if request.is_v2 else 1
    request.series = [read_series(value, request.symbols if request.is_v2 else None)
                      for number, value in parts if number == wanted]


class Receiver:
    def __init__(self, port=0):
        owner = self
        self.routes, self.arrived, self.lock = {}, {}, threading.Lock()
        self.under_way, self.most_under_way = {}, {}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                owner.handle(self)

            do_GET = do_PUT = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):  # connections that the sender gave up
                pass

        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path=""):
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def route(self, path, behaviour=lambda number, request: None):
        self.routes[path] = behaviour
        self.arrived[path] = []

    def requests(self, path):
        with self.lock:
            return list(self.arrived[path])

    def handle(self, handler):
        path = handler.path
        body = handler.rfile.read(int(handler.headers["content-length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self.lock:
            request = Request(len(self.arrived[path]), time.time(), handler.command, headers, body)
            self.arrived[path].append(request)
            busy = self.under_way[path] = self.under_way.get(path, 0) + 1
            self.most_under_way[path] = max(busy, self.most_under_way.get(path, 0))
        decode(request)
        reply = self.routes[path](request.number, request) or self.taken(request)
        time.sleep(reply.delay)
        with self.lock:
            self.under_way[path] -= 1
        request.status = reply.status
        is_success = reply.raw is None and reply.status // 100 == 2
        request.is_accepted = is_success if reply.is_accepted is None else reply.is_accepted
        if reply.raw is not None:
            handler.wfile.write(reply.raw)
            handler.close_connection = True
            return
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.status != 204:
            handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        handler.wfile.write(reply.body)

    @staticmethod
    def taken(request):
        if not request.is_v2:
            return Reply(204)
        return Reply(204, headers=written(request))


def written(request, samples=None):
    """The headers of 2.0 that count what was written: all, or so many floats."""
    floats = sum(len(one.samples) for one in request.series)
    histograms = sum(len(one.histograms) for one in request.series)
    return {"X-Prometheus-Remote-Write-Samples-Written": str(floats if samples is None else samples),
            "X-Prometheus-Remote-Write-Histograms-Written": str(histograms),
            "X-Prometheus-Remote-Write-Exemplars-Written": "0"}
