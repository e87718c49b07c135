# SPDX-License-Identifier: Apache-2.0
"""Real Prometheus and sloburn processes on loopback, for tests. Standard library only."""
import contextlib, json, math, os, shutil, signal, socket, struct, subprocess, sys, tempfile, time
import urllib.error, urllib.parse, urllib.request

SKIP = 77  # what ctest takes for "skipped"
STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]


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


def push(base, series):
    """series: {labels as a tuple of (name, value) pairs: [(unix ms, float), ...]}"""
    body = b""
    for labels, samples in series.items():
        message = b"".join(
            _field(1, _field(1, n.encode()) + _field(2, v.encode())) for n, v in sorted(labels))
        for at, value in samples:
            sample = b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(at)
            message += _field(2, sample)
        body += _field(1, message)
    request = urllib.request.Request(base + "/api/v1/write", data=_snappy(body), headers={
        "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0"})
    urllib.request.urlopen(request, timeout=60).read()


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


@contextlib.contextmanager
def prometheus(binary, path, *flags):
    port = free_port()
    config = os.path.join(path, "prometheus.yml")
    with open(config, "w") as f:
        f.write("global: {scrape_interval: 1m}\n")
    command = [binary, "--config.file=" + config, "--storage.tsdb.path=" + os.path.join(path, "tsdb"),
               f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", *flags]
    base = f"http://127.0.0.1:{port}"
    with running(command, os.path.join(path, "prometheus.log")):
        wait_for("prometheus", lambda: get(base + "/-/ready"))
        yield base


@contextlib.contextmanager
def sloburn(binary, path, *flags):
    """An empty engine that receives remote write; yields its URL and process."""
    port = free_port()
    command = [binary, "serve", f"--web.listen-address=127.0.0.1:{port}", *flags]
    base = f"http://127.0.0.1:{port}"
    log = os.path.join(path, f"sloburn-{port}.log")
    with running(command, log) as process:
        wait_for("sloburn", lambda: get(base + "/-/ready"))
        yield base, process
        assert process.poll() is None, "sloburn died:\n" + open(log).read()[-4000:]
