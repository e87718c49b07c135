# SPDX-License-Identifier: Apache-2.0
"""A sloburn with a store on disk, for tests that end it, starve it and damage its files: processes that
may die, writes whose outcome is kept, and all samples read back bit for bit. Standard library only."""
import functools, http.client, os, signal, struct, subprocess, sys, time, urllib.error

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import peers, remote_read

BEGIN_MS, END_MS = 0, 1 << 52
ANY_SERIES = remote_read.matcher(2, "__name__", ".+")


class Server:
    """One process over the store in `folder`; started again after it ended."""

    def __init__(self, binary, folder, *flags, environment=None):
        self.folder = folder
        self.database = os.path.join(folder, "sloburn.db")
        self.log_file = folder + ".log"
        self.port = peers.free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.process = None
        self._command = [binary, "serve", f"--web.listen-address=127.0.0.1:{self.port}",
                         "--storage.path=" + folder, *flags]
        self._environment = {**os.environ, **(environment or {})}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def launch(self):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log,
                                            env=self._environment)

    def start(self):
        """Launches it and waits until it answers; returns the seconds that took."""
        began = time.time()
        self.launch()
        while not self.is_ready():
            assert self.process.poll() is None, f"it ended at the start:\n{self.log()[-3000:]}"
            assert time.time() < began + 60, "it does not become ready"
            time.sleep(0.01)
        return time.time() - began

    def is_ready(self):
        try:
            peers.get(self.base + "/-/ready")
            return True
        except (OSError, urllib.error.URLError, http.client.HTTPException):
            return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """As a service manager does it; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def log(self):
        with open(self.log_file, errors="replace") as file:
            return file.read()

    def forget_log(self):
        open(self.log_file, "w").close()

    def metric(self, name):
        for line in peers.get(self.base + "/metrics").decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError("no metric " + name)


class Connection:
    """A sender's connection, kept open between requests."""

    def __init__(self, server):
        self._port, self._connection = server.port, None

    def write(self, series):
        """Status and text of the answer; status None where the connection broke, so that nobody
        knows whether the samples were taken."""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            self._connection.request("POST", "/api/v1/write",
                                     body=peers._snappy(peers.write_request(series)),
                                     headers={"Content-Type": "application/x-protobuf",
                                              "Content-Encoding": "snappy",
                                              "X-Prometheus-Remote-Write-Version": "0.1.0"})
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode(errors="replace").strip()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return None, repr(error)

    def close(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def write(server, series):
    connection = Connection(server)
    try:
        return connection.write(series)
    finally:
        connection.close()


def value_key(value):
    """What a value is compared by: the bits of a float, the content of a native histogram."""
    if not isinstance(value, peers.Histogram):
        return struct.pack("<d", value)
    floating = peers.Histogram(value.schema, value.count, value.sum, value.zero_threshold,
                               value.zero_count, value.positive, value.negative,
                               value.custom_values, value.hint, True)
    return _histogram_key(peers._histogram(0, floating))


def _histogram_key(message):
    """Without time (15) and reset hint (14), which the store finds for itself, and without zeros, which
    may be left out."""
    fields = [(field, struct.pack("<d", value) if isinstance(value, float) else value)
              for field, value in remote_read.messages(message) if field not in (14, 15)]
    return tuple((field, value) for field, value in fields if value not in (0, b"", bytes(8)))


def _sample(field, message):
    fields = dict(remote_read.messages(message))
    if field == 2:
        return fields.get(2, 0), struct.pack("<d", fields.get(1, 0.0))
    return fields.get(15, 0), _histogram_key(message)


def samples_of(server, begin_ms=BEGIN_MS, end_ms=END_MS):
    """{labels as a tuple of pairs of bytes: [(ms, value_key), ...]}"""
    body = remote_read.request([ANY_SERIES], begin_ms, end_ms, [remote_read.SAMPLES])
    status, _, answer = remote_read.read(server.base, body)
    assert status == 200, (status, answer)
    found = {}
    for _, result in remote_read.messages(remote_read.unsnappy(answer)):
        for _, series in remote_read.messages(result):
            labels, samples = _decoded(bytes(series))
            assert labels not in found, f"{labels} is told twice"
            found[labels] = list(samples)
    return found


@functools.lru_cache(maxsize=512)  # for tests that read the same again and again
def _decoded(series):
    labels, samples = [], []
    for field, value in remote_read.messages(series):
        if field == 1:
            pair = dict(remote_read.messages(value))
            labels.append((pair.get(1, b""), pair.get(2, b"")))
        else:
            samples.append(_sample(field, value))
    return tuple(labels), sorted(samples, key=lambda one: one[0])


def label_key(labels):
    """The key in samples_of of a Series' labels."""
    return tuple(sorted((name.encode(), value.encode()) for name, value in labels))
