# SPDX-License-Identifier: Apache-2.0
"""Real Prometheus and sloburn processes on loopback, for tests. Standard library only."""
import contextlib, http.server, itertools, json, math, os, shutil, signal, socket, struct, subprocess, sys, tempfile
import threading, time, urllib.error, urllib.parse, urllib.request
from dataclasses import dataclass, field

SKIP = 77  # what ctest takes for "skipped"
STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
HINT_UNKNOWN, HINT_RESET, HINT_NOT_RESET, HINT_GAUGE = range(4)
CUSTOM_BUCKETS = -53  # the schema of histograms with custom bounds


@dataclass
class Histogram:
    """A native histogram; buckets are {index: count}."""
    schema: int
    count: float
    sum: float
    zero_threshold: float = 0.0
    zero_count: float = 0
    positive: dict = field(default_factory=dict)
    negative: dict = field(default_factory=dict)
    custom_values: tuple = ()
    hint: int = HINT_UNKNOWN
    is_float: bool = False


@dataclass
class Series:
    labels: tuple  # of (name, value), sorted
    samples: list  # of (unix ms, float or Histogram)


def find(package, name):
    base = os.environ.get("PEERS_DIR", os.path.expanduser("~/.cache/peers"))
    path = os.path.join(base, package, "usr", "bin", name)
    return path if os.access(path, os.X_OK) else shutil.which(name)


def require_prometheus():
    path = find("prometheus", "prometheus")
    if path is None:
        print("SKIPPED: no prometheus binary in $PEERS_DIR, ~/.cache/peers or $PATH")
        sys.exit(SKIP)
    return path


def require_alertmanager():
    path = find("prometheus-alertmanager", "prometheus-alertmanager") or shutil.which("alertmanager")
    if path is None:
        print("SKIPPED: no prometheus-alertmanager binary in $PEERS_DIR, ~/.cache/peers or $PATH")
        sys.exit(SKIP)
    return path


def with_templates(command):
    """Debian's Alertmanager wants its templates in /usr/share. Where it was only unpacked, it gets them
    there in a mount namespace of its own."""
    wanted = "/usr/share/prometheus/alertmanager"
    unpacked = os.path.join(os.path.dirname(os.path.dirname(command[0])), "share", "prometheus", "alertmanager")
    if os.path.exists(wanted) or not os.path.exists(unpacked):
        return command
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "mount", "-t", "tmpfs", "tmpfs", "/usr/share"],
                      stderr=subprocess.DEVNULL).returncode != 0:
        print("SKIPPED: Alertmanager wants its templates in /usr/share, and no mount namespace is to be had")
        sys.exit(SKIP)
    script = f'mount -t tmpfs tmpfs /usr/share && mkdir -p {wanted} && cp "$0"/*.tmpl {wanted} && exec "$@"'
    return [*namespace, "sh", "-c", script, unpacked, *command]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def running(command, log):
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(what, condition, seconds=30):
    deadline = time.time() + seconds
    while time.time() < deadline:
        try:
            result = condition()
            if result:
                return result
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.2)
    raise AssertionError("timed out waiting for " + what)


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def query(base, expr, at):
    body = urllib.parse.urlencode({"query": expr, "time": repr(at)}).encode()
    try:
        raw = urllib.request.urlopen(base + "/api/v1/query", data=body, timeout=60).read()
    except urllib.error.HTTPError as error:
        raw = error.read()
    answer = json.loads(raw)
    if answer["status"] != "success":
        raise AssertionError(f"{expr}: {answer.get('error')}")
    return answer["data"]["result"]


def _varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number, payload):
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _snappy(data):
    out = bytearray(_varint(len(data)))
    for start in range(0, len(data), 60000):
        piece = data[start:start + 60000]
        out += bytes([61 << 2]) + struct.pack("<H", len(piece) - 1) + piece
    return bytes(out)


def _zigzag(value):
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _double(number, value):
    return _varint(number << 3 | 1) + struct.pack("<d", value)


def _count(whole, number, is_float, value):
    """A count is field `whole` as an integer, or `number` as a double."""
    return _double(number, value) if is_float else _varint(whole << 3) + _varint(int(value))


def _side(buckets, spans_field, is_float):
    """Spans, then absolute counts as doubles or the differences of whole ones."""
    out, numbers, end, before = b"", [], 0, 0
    indexes = sorted(buckets)
    while indexes:
        length = 1
        while length < len(indexes) and indexes[length] == indexes[0] + length:
            length += 1
        span = b"\x08" + _zigzag(indexes[0] - end) + b"\x10" + _varint(length)
        out += _field(spans_field, span)
        end = indexes[0] + length
        numbers += [buckets[index] for index in indexes[:length]]
        indexes = indexes[length:]
    if is_float:
        return out + _field(spans_field + 2, b"".join(struct.pack("<d", n) for n in numbers))
    deltas = b""
    for number in numbers:
        deltas += _zigzag(number - before)
        before = number
    return out + _field(spans_field + 1, deltas)


def _histogram(at, h):
    out = _count(1, 2, h.is_float, h.count) + _double(3, h.sum)
    out += _varint(4 << 3) + _zigzag(h.schema) + _double(5, h.zero_threshold)
    out += _count(6, 7, h.is_float, h.zero_count)
    out += _side(h.negative, 8, h.is_float) + _side(h.positive, 11, h.is_float)
    out += _varint(14 << 3) + _varint(h.hint) + _varint(15 << 3) + _varint(at)
    return out + _field(16, b"".join(struct.pack("<d", bound) for bound in h.custom_values))


def write_request(series):
    """A prometheus.WriteRequest of Series, in their order."""
    body = []
    for one in series:
        message = [_field(1, _field(1, n.encode()) + _field(2, v.encode())) for n, v in one.labels]
        for at, value in one.samples:
            if isinstance(value, Histogram):
                message.append(_field(4, _histogram(at, value)))
            else:
                message.append(_field(2, _double(1, value) + b"\x10" + _varint(at)))
        body.append(_field(1, b"".join(message)))
    return b"".join(body)


def push(base, series):
    """series: {labels as a tuple of (name, value) pairs: [(unix ms, float), ...]}"""
    push_series(base, [Series(tuple(sorted(labels)), samples) for labels, samples in series.items()])


def scrape_target(metrics):
    """The port of a server that answers every GET with `metrics`, as long as the test runs."""
    class Target(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(metrics)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def push_series(base, series):
    """Series in their order. Prometheus stores all floats of a request before its histograms, so
    that a series where they take turns is told in several requests."""
    while series:
        head, tail = [], []
        for one in series:
            is_histogram = isinstance(one.samples[0][1], Histogram)
            run = list(itertools.takewhile(
                lambda sample: isinstance(sample[1], Histogram) == is_histogram, one.samples))
            head.append(Series(one.labels, run))
            if len(run) < len(one.samples):
                tail.append(Series(one.labels, one.samples[len(run):]))
        _post_write(base, write_request(head))
        series = tail


def _post_write(base, body):
    request = urllib.request.Request(base + "/api/v1/write", data=_snappy(body), headers={
        "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0"})
    try:
        urllib.request.urlopen(request, timeout=60).read()
    except urllib.error.HTTPError as error:
        raise AssertionError(f"remote write to {base}: {error.read().decode()}") from error


def same(a, b, relative=1e-12):
    a, b = float(a), float(b)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or abs(a - b) <= relative * max(abs(a), abs(b))


@contextlib.contextmanager
def workdir():
    path = tempfile.mkdtemp(prefix="sloburn-peers-")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Process:
    """A command that is killed and started again; its log goes on."""

    def __init__(self, command, log, ready):
        self.command, self.log, self.ready = command, log, ready
        self.process = None

    def start(self):
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(self.command, stdout=out, stderr=subprocess.STDOUT)
        if self.ready:
            wait_for(self.command[0], lambda: get(self.ready))

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(60)
        self.process = None

    def kill(self):
        self.stop(signal.SIGKILL)


@contextlib.contextmanager
def prometheus(binary, path, *flags, config=""):
    """`config` is YAML that is added to the configuration, or has its own `global`."""
    text = config if config.startswith("global:") else "global: {scrape_interval: 1m}\n" + config
    port = free_port()
    file = os.path.join(path, "prometheus.yml")
    with open(file, "w") as f:
        f.write(text)
    command = [binary, "--config.file=" + file, "--storage.tsdb.path=" + os.path.join(path, "tsdb"),
               f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", *flags]
    base = f"http://127.0.0.1:{port}"
    with running(command, os.path.join(path, "prometheus.log")):
        wait_for("prometheus", lambda: get(base + "/-/ready"))
        yield base


def webhook():
    """A receiver of Alertmanager's notifications: its URL, and the list that they are added to."""
    notified = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            notified.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/", notified


@contextlib.contextmanager
def alertmanager(binary, path, webhook_url, port=None, web_config=None, scheme="http"):
    """One that notifies of each alert at once; yields its URL and process. Its state stays in `path`."""
    port = port or free_port()
    file = os.path.join(path, f"alertmanager-{port}.yml")
    with open(file, "w") as f:
        json.dump({"route": {"receiver": "hook", "group_by": ["..."], "group_wait": "0s",
                             "group_interval": "1s", "repeat_interval": "1h"},
                   "receivers": [{"name": "hook", "webhook_configs": [
                       {"url": webhook_url, "send_resolved": True}]}]}, f)
    command = [binary, "--config.file=" + file, f"--storage.path={path}/alertmanager-{port}",
               f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    if web_config:
        command.append("--web.config.file=" + web_config)
    with running(with_templates(command), os.path.join(path, f"alertmanager-{port}.log")) as process:
        def is_up():
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        wait_for("alertmanager", is_up)
        yield f"{scheme}://127.0.0.1:{port}", process


@contextlib.contextmanager
def sloburn(binary, path, *flags):
    """An empty engine that receives remote write; yields its URL and process. It takes no late samples,
    as Prometheus does unless told otherwise."""
    port = free_port()
    command = [binary, "serve", f"--web.listen-address=127.0.0.1:{port}",
               "--storage.out-of-order-window=0s", *flags]
    base = f"http://127.0.0.1:{port}"
    log = os.path.join(path, f"sloburn-{port}.log")
    with running(command, log) as process:
        wait_for("sloburn", lambda: get(base + "/-/ready"))
        yield base, process
        assert process.poll() is None, "sloburn died:\n" + open(log).read()[-4000:]
