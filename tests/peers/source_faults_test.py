#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A source that fails in every way: away, slow, with errors, with nonsense.

Between sloburn and a real Prometheus stands a proxy that breaks the answers. A rule that copies a series
whose values are their own times ticks each second, beside alerts that fire, are pending and are kept firing.
A failed evaluation must never be an empty one: while the source fails there is no sample, no staleness
marker and no change of an alert, and every rule says why. Afterwards it goes on by itself: each slot that was
missed has its sample, once, in order, with the value of its own time, here and in the receiver of remote
write, and the alerts are still the same.

usage: source_faults_test.py SLOBURN remote_read|query
"""
import contextlib, http.client, http.server, json, os, struct, sys, threading, time, urllib.request

import peers, remote_read

SLOBURN, MODE = sys.argv[1:3]
TIMEOUT_S = 0.7  # of the source
GROUPS = 12      # that wait for one slow source
STALE_BITS = struct.pack("<Q", 0x7FF0000000000002)

RULES = """groups:
- name: copies
  interval: 1s
  rules:
  - {record: copy, expr: load}
  - {record: copy_of_copy, expr: copy}
  - {record: slow, expr: 'sum_over_time(load[10s])'}
  - {alert: Firing, expr: load > 0, for: 1s}
  - {alert: Pending, expr: load > 0, for: 10m}
  - {alert: Kept, expr: blip > 0, keep_firing_for: 10m}
""" + "".join(f"""- name: other{i}
  interval: 1s
  rules: [{{record: other{i}, expr: count(load)}}]
""" for i in range(GROUPS))

HTML = b"<html><body>It works!</body></html>"
STREAMED = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"


class Proxy:
    """Forwards to `upstream`, or lets `fault` (a function of the handler and the true answer) answer.
    After refuse(), until listen(), connections are refused."""

    def __init__(self, upstream):
        self.upstream, self.fault, self.port = upstream, None, peers.free_port()
        self.server = None
        self.listen()

    def listen(self):
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                with contextlib.suppress(OSError):
                    owner.answer(self, body)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def refuse(self):
        server, self.server = self.server, None
        server.shutdown()
        server.server_close()

    def answer(self, handler, body):
        if self.server is None:  # a connection that was open
            handler.close_connection = True
            return
        headers = {name: value for name, value in handler.headers.items()
                   if name.lower() not in ("host", "connection", "accept-encoding")}
        asked = urllib.request.Request(self.upstream + handler.path, data=body or None, headers=headers,
                                       method=handler.command)
        try:
            with urllib.request.urlopen(asked, timeout=10) as got:
                truth = (got.status, got.headers["Content-Type"], got.read())
        except urllib.error.HTTPError as error:
            truth = (error.code, error.headers["Content-Type"], error.read())
        fault = self.fault
        if fault is None:
            send(handler, *truth)
        else:
            fault(handler, truth)
            handler.close_connection = True


def send(handler, status, kind, body, length=None):
    handler.send_response(status)
    handler.send_header("Content-Type", kind or "text/plain")
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def fixed(status, kind, body, length=None):
    return lambda handler, truth: send(handler, status, kind, body, length)


def changed(change, kind=None):
    """The true answer, its body changed."""
    return lambda handler, truth: send(handler, truth[0], kind or truth[1], change(truth[2]))


def late(handler, truth):
    time.sleep(TIMEOUT_S + 0.6)
    send(handler, *truth)


def byte_by_byte(handler, truth):
    """Never silent for long, and never done."""
    handler.send_response(200)
    handler.send_header("Content-Type", truth[1])
    handler.send_header("Content-Length", str(len(truth[2]) + 1000))
    handler.end_headers()
    for byte in truth[2] + bytes(1000):
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.2)


def endless(piece):
    def act(handler, truth):
        handler.send_response(200)
        handler.send_header("Content-Type", truth[1])
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
        while True:
            handler.wfile.write(chunk)
    return act


def cut(handler, truth):
    """The connection ends within the answer."""
    send(handler, truth[0], truth[1], truth[2][:len(truth[2]) // 2], len(truth[2]))


def flipped(body):
    at = len(body) // 2
    return body[:at] + bytes([body[at] ^ 0x10]) + body[at + 1:]


def half(body):
    return body[:len(body) // 2]


COMMON = {
    # what happens: (the fault, what the error of every rule holds)
    "slow": (late, "timed out"),
    "byte by byte": (byte_by_byte, "timed out"),
    "500": (fixed(500, "text/plain", b"out of memory"), "answered 500: out of memory"),
    "503 of a balancer": (fixed(503, "text/html", HTML), "answered 503: <html>"),
    "403": (fixed(403, "text/plain", b"no"), "answered 403: no"),
    "404 of a balancer": (fixed(404, "text/html", HTML), "answered 404"),
    "a page": (fixed(200, "text/html", HTML), "It works!"),
    "nothing": (fixed(200, "text/plain", b""), ""),
    "the end within": (cut, "the server closed the connection"),
}
REMOTE_READ = {
    "half of it": (changed(half), "frame"),
    "a flipped bit": (changed(flipped), "frame"),
    "frames that are none": (changed(lambda _: HTML, STREAMED), "frame"),
    "a frame of 1 TiB": (changed(lambda _: b"\x80\x80\x80\x80\x80\x20" + bytes(100), STREAMED), "frame"),
    "an endless one": (endless(bytes(65536)), "timed out"),
    "broken snappy": (changed(lambda _: b"\xff\xff\xff\xff\x0f" + HTML, "application/x-protobuf"),
                      "snappy"),
    "broken protobuf": (changed(lambda _: peers._snappy(b"\x0a\xff\xff\x03abc"), "application/x-protobuf"), ""),
}
QUERY = {
    "half of it": (changed(half), "not one of the query API"),
    "another document": (changed(lambda _: b"[1, 2]"), ""),
    "an error that says 200": (fixed(200, "application/json",
                                     b'{"status":"error","errorType":"internal","error":"no disk"}'),
                               "no disk"),
    "a success without data": (fixed(200, "application/json", b'{"status":"success"}'), ""),
    "data of another type": (fixed(200, "application/json",
                                   b'{"status":"success","data":{"resultType":"string","result":[1,"a"]}}'),
                             ""),
    "an endless one": (endless(b'{"status":"success","data":{"resultType":"matrix","result":['
                               + b" " * 65536), ""),
}


class Setting:
    def __init__(self, path, source, receiver):
        self.proxy = Proxy(source)
        self.receiver, self.port = receiver, peers.free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        for name, text in (("rules.yml", RULES), (
                "sloburn.yml",
                "rule_files: [rules.yml]\n"
                f"source: {{url: 'http://127.0.0.1:{self.proxy.port}', mode: {MODE},"
                f" timeout: {int(TIMEOUT_S * 1000)}ms}}\n"
                f"remote_write: [{{url: '{receiver}/api/v1/write'}}]\n")):
            with open(os.path.join(path, name), "w") as file:
                file.write(text)
        self.command = [SLOBURN, "serve", "--config.file=" + os.path.join(path, "sloburn.yml"),
                        "--storage.path=" + os.path.join(path, "data"),
                        f"--web.listen-address=127.0.0.1:{self.port}"]

    def rules(self):
        groups = json.loads(peers.get(self.base + "/api/v1/rules"))["data"]["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}

    def alerts(self):
        """{name: (state, activeAt)}"""
        all_ = json.loads(peers.get(self.base + "/api/v1/alerts"))["data"]["alerts"]
        return {one["labels"]["alertname"]: (one["state"], one["activeAt"]) for one in all_}

    def newest(self):
        found = peers.query(self.base, "copy[1h]", time.time() + 60)
        return found[0]["values"][-1][0] if found else 0

    def samples(self, base, name):
        """[(ms, bits)] of the only series of a name, staleness markers among them, by remote read."""
        body = remote_read.request([remote_read.matcher(0, "__name__", name)], 0, 1 << 52,
                                   [remote_read.SAMPLES])
        status, _, answer = remote_read.read(base, body)
        assert status == 200, answer
        found = []
        for _, result in remote_read.messages(remote_read.unsnappy(answer)):
            for _, series in remote_read.messages(result):
                samples = []
                for field, value in remote_read.messages(bytes(series)):
                    if field == 2:
                        parts = dict(remote_read.messages(value))
                        samples.append((parts.get(2, 0), struct.pack("<d", parts.get(1, 0.0))))
                found.append(samples)
        assert len(found) <= 1, f"{name}: {len(found)} series"
        return found[0] if found else []


def recovered(setting, began):
    return (setting.newest() > began
            and all(rule["health"] == "ok" for rule in setting.rules().values()))


def during(setting, what, words):
    """Waits until every rule tells of the fault, and looks that nothing else has happened."""
    def all_fail():
        rules = setting.rules()
        return all(rule["health"] == "err" and words in rule["lastError"] for rule in rules.values())

    before = setting.alerts()
    try:
        peers.wait_for(f"{what}: an error of every rule", all_fail, 8)
    except AssertionError:
        print({name: (rule["health"], rule.get("lastError"))
               for name, rule in setting.rules().items() if name[:5] != "other" or name == "other0"})
        raise
    newest = setting.newest()
    time.sleep(0.5)
    assert setting.newest() == newest, f"{what}: samples while the source fails"
    assert setting.alerts() == before, (what, before, setting.alerts())
    text = setting.rules()["copy"]["lastError"]
    assert 10 < len(text) < 600, (what, text)
    return text


def check_samples(setting, base, where):
    for name in ("copy", "copy_of_copy", "slow"):
        samples = setting.samples(base, name)
        times = [at for at, _ in samples]
        missing = sorted(set(range(times[0], times[-1] + 1, 1000)) - set(times))
        assert not missing, f"{where}: {name}: {len(missing)} slots have no sample: {missing[:5]}"
        assert times == sorted(set(times)), f"{where}: {name}: extra samples"
        assert all(bits != STALE_BITS for _, bits in samples), f"{where}: {name}: staleness markers"
        for at, bits in samples if name != "slow" else ():
            assert struct.unpack("<d", bits)[0] == at // 1000, (where, name, at, bits)


def run(path, prometheus):
    os.mkdir(os.path.join(path, "source"))
    os.mkdir(os.path.join(path, "receiver"))
    with peers.prometheus(prometheus, os.path.join(path, "source")) as source, \
            peers.prometheus(prometheus, os.path.join(path, "receiver")) as receiver:
        now = int(time.time())
        peers.push(source, {(("__name__", "load"),): [(at * 1000, float(at))
                                                      for at in range(now - 120, now + 240)],
                            (("__name__", "blip"),): [(at * 1000, 1.0)
                                                      for at in range(now - 120, now + 3)] +
                                                     [((now + 3) * 1000, peers.STALE)]})
        setting = Setting(path, source, receiver)
        log = os.path.join(path, "sloburn.log")
        with peers.running(setting.command, log):
            try:
                faults(setting)
            except Exception:
                print(open(log).read()[-5000:])
                raise


def faults(setting):
    peers.wait_for("sloburn", lambda: peers.get(setting.base + "/-/ready"))
    wanted = {"Firing": "firing", "Pending": "pending", "Kept": "firing"}
    peers.wait_for("the alerts", lambda: {k: v[0] for k, v in setting.alerts().items()} == wanted)
    alerts = setting.alerts()
    # until the series of one has ended, so that it is kept firing
    peers.wait_for("the end of blip", lambda: not peers.query(setting.base, "blip", time.time()), 10)
    cases = {"away": (None, "refused"), **COMMON, **(REMOTE_READ if MODE == "remote_read" else QUERY)}
    for what, (fault, words) in cases.items():
        if fault is None:
            setting.proxy.refuse()
        else:
            setting.proxy.fault = fault
        text = during(setting, what, words)
        began = time.time()
        setting.proxy.fault = None
        if fault is None:
            setting.proxy.listen()
        peers.wait_for(f"{what}: the end of it", lambda: recovered(setting, began), 8)
        assert setting.alerts() == alerts, (what, alerts, setting.alerts())
        print(f"{what}: {time.time() - began:.1f} s; {text}", flush=True)
    end = setting.newest()
    peers.wait_for("the receiver", lambda: setting.samples(setting.receiver, "slow")[-1][0] > end * 1000)
    check_samples(setting, setting.base, "here")
    check_samples(setting, setting.receiver, "in the receiver")
    since = peers.query(setting.receiver, "ALERTS_FOR_STATE[1h]", time.time() + 60)
    assert len(since) == 3, since
    for series in since:
        assert len({value for _, value in series["values"]}) == 1, series
    print(f"PASSED: {len(cases)} faults")


def main():
    prometheus = peers.require_prometheus()
    with peers.workdir() as path:
        run(path, prometheus)


main()
