#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What real receivers have of what rules wrote: Prometheus by remote write 1.0 and 2.0, also where
answers are lost on the way, and VictoriaMetrics. Each sample that the engine has is there once, with
the same bits, staleness markers and native histograms included.

usage: remote_write_receivers_test.py SLOBURN
"""
import contextlib, http.client, http.server, json, math, os, struct, sys, threading, time, urllib.parse

import peers, remote_read
import write_sender_behaviour as behaviour
import write_sender_wire as wire
from ruler import HISTOGRAMS, WIRE_RULES, engine, metrics_of, push
from write_receiver import fields_of, read_series

SLOBURN = sys.argv[1]
OUTAGE_S = 4
NAMES = "out.*|job:now:time|" + wire.LONG_NAME
MINUS_ZERO = 1 << 63  # by remote read Prometheus sends it as 0; see expect_same_answers
# The first is the store's own to choose; Prometheus' remote read leaves out the second.
RESET_HINT, CUSTOM_VALUES = 14, 16


def losing_proxy(target):
    """The URL of a proxy that is down for OUTAGE_S seconds and then loses the answers of the first
    two requests and of every fourth."""
    host, state = urllib.parse.urlparse(target).netloc, {"start": None, "number": 0}

    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            state["start"] = state["start"] or time.time()
            self.close_connection = True
            if time.time() < state["start"] + OUTAGE_S:
                return
            connection = http.client.HTTPConnection(host, timeout=30)
            connection.request("POST", self.path, body, dict(self.headers))
            answer = connection.getresponse()
            text = answer.read()
            state["number"] += 1
            if state["number"] <= 2 or state["number"] % 4 == 0:
                return
            self.close_connection = False
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower().startswith(("x-", "content-type", "retry-")):
                    self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):  # connections that were given up
            pass

    server = Server(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def read_all(base, until_ms):
    """(labels, unix ms) -> list of bits, or of the fields of a histogram."""
    body = remote_read.request([remote_read.matcher(2, "__name__", NAMES)], 0, until_ms,
                               [remote_read.SAMPLES])
    status, _, data = remote_read.read(base, body)
    assert status == 200, (base, status, data[:200])
    found = {}
    for _, _, result in fields_of(remote_read.unsnappy(data)):
        for _, _, series in fields_of(result):
            one = read_series(series, None)
            for at, bits in one.samples:
                found.setdefault((one.labels, at), []).append(0 if bits == MINUS_ZERO else bits)
            for h in one.histograms:
                h.pop(RESET_HINT, None), h.pop(CUSTOM_VALUES, None)
                found.setdefault((one.labels, h[15]), []).append(tuple(sorted(
                    (key, str(value)) for key, value in h.items() if value not in (0, [], ()))))
    return found


def newest(samples):
    return max((at for _, at in samples), default=0)


@contextlib.contextmanager
def victoria(path, name):
    binary, port = peers.find("victoria-metrics", "victoria-metrics"), peers.free_port()
    if binary is None:
        print("NOTICE: no victoria-metrics binary, it is not tested")
        yield None
        return
    # Label names and values are cut or left out unless told otherwise.
    command = [binary, f"-httpListenAddr=127.0.0.1:{port}", "-search.latencyOffset=0s",
               "-retentionPeriod=1y", "-maxLabelsPerTimeseries=200", "-maxLabelValueLen=20000",
               "-maxLabelNameLen=1000", "-storageDataPath=" + os.path.join(path, name)]
    with peers.running(command, os.path.join(path, name + ".log")):
        base = f"http://127.0.0.1:{port}"
        peers.wait_for(name, lambda: peers.get(base + "/health"))
        yield base


def victoria_samples(base, until_ms):
    """(labels, unix ms) -> list of floats; None for a staleness marker or a NaN."""
    peers.get(base + "/internal/force_flush")
    query = urllib.parse.urlencode({"match[]": f'{{__name__=~"{NAMES}"}}'})
    found = {}
    for line in peers.get(f"{base}/api/v1/export?{query}").splitlines():
        one = json.loads(line)
        labels = tuple(sorted(one["metric"].items()))
        for at, value in zip(one["timestamps"], one["values"]):
            number = {"Infinity": math.inf, "-Infinity": -math.inf}.get(value, value)
            if at <= until_ms and dict(labels).get("value") not in ("nan", "small"):
                found.setdefault((labels, at), []).append(rounded(number))
    return found


def rounded(number):
    return None if number is None else float(f"{number:.14g}")


def as_victoria(samples):
    """What VictoriaMetrics should show: it keeps 15 digits, staleness markers, but no other NaN and
    nothing that small."""
    out = {}
    for (labels, at), values in samples.items():
        if isinstance(values[0], int) and dict(labels).get("value") not in ("nan", "small"):
            number = struct.unpack("<d", struct.pack("<Q", values[0]))[0]
            out[labels, at] = [rounded(None if math.isnan(number) else number)]
    return out


def expect_same(name, wanted, got, until):
    wanted = {key: value for key, value in wanted.items() if key[1] <= until}
    got = {key: value for key, value in got.items() if key[1] <= until}
    missing, extra = wanted.keys() - got.keys(), got.keys() - wanted.keys()
    twice = [key for key, values in got.items() if len(values) != 1]
    differ = [key for key in wanted.keys() & got.keys() if wanted[key] != got[key]]
    assert not missing and not extra and not twice and not differ, (
        f"{name}: {len(missing)} missing, {len(extra)} extra, {len(twice)} twice, {len(differ)} differ: "
        + "; ".join(f"{key[1]} {str(key[0])[:200]} {wanted.get(key)} {got.get(key)}"
                    for key in [*missing, *extra, *twice, *differ][:60:7]))
    print(f"{name}: {len(wanted)} samples of {len({labels for labels, _ in wanted})} series, 0 different")
    return len(wanted)


def expect_same_answers(name, own, base, until):
    """What remote read does not tell: -0, and the bounds of custom buckets."""
    got = peers.query(base, 'out{value="negative_zero"}', until / 1000)
    assert [one["value"][1] for one in got] == ["-0"], f"{name}: {got}"
    buckets = [[one["histogram"] for one in peers.query(at, "out:custom_histogram", until / 1000)]
               for at in (own, base)]
    assert name.endswith("v1") or buckets[0] == buckets[1] != [], f"{name}: {buckets}"


def run(path, stack):
    binary = peers.require_prometheus()
    started, endpoints = {}, []
    for name, message, loses in (("prometheus_v1", behaviour.V1, False), ("prometheus_v2", behaviour.V2, False),
                                 ("losing_v1", behaviour.V1, True), ("losing_v2", behaviour.V2, True)):
        folder = os.path.join(path, name)
        os.mkdir(folder)
        base = started[name] = stack.enter_context(
            peers.prometheus(binary, folder, "--enable-feature=native-histograms"))
        url = (losing_proxy(base) if loses else base) + "/api/v1/write"
        endpoints.append({"url": url, "name": name, "protobuf_message": message,
                          "send_native_histograms": True, "queue_config": {"max_backoff": "500ms"}})
    for name, message in (("victoria_v1", behaviour.V1), ("victoria_v2", behaviour.V2)):
        base = stack.enter_context(victoria(path, name))
        if base is not None:
            started[name] = base
            endpoints.append({"url": base + "/api/v1/write", "name": name, "protobuf_message": message})
    own, log = stack.enter_context(engine(SLOBURN, path, "rules", WIRE_RULES, endpoints))
    push(own, wire.inputs(), HISTOGRAMS)
    time.sleep(OUTAGE_S + 2)
    push(own, {tuple(sorted((("__name__", "in"), ("vanishes", "soon")))): peers.STALE,
               (("__name__", "in"), ("value", "float")): 9.75})
    time.sleep(6)
    until = int(time.time() * 1000) - 2000
    wanted = read_all(own, until)
    until = newest(wanted)
    is_there = lambda name: newest(victoria_samples(started[name], until + 10_000) if "victoria" in name
                                   else read_all(started[name], until + 10_000)) > until
    for name in started:
        peers.wait_for(f"{name} to have all", lambda: is_there(name))
    custom = [key for key in wanted if ("__name__", "out:custom_histogram") in key[0]]
    assert len(custom) > 5 and any(bits == [wire.STALE_BITS] for bits in wanted.values())
    for name, base in started.items():
        if "victoria" in name:
            expect_same(name, as_victoria(wanted), victoria_samples(base, until), until)
        else:
            expect_same_answers(name, own, base, until)
            without = set(custom) if name.endswith("v1") else set()
            expect_same(name, {k: v for k, v in wanted.items() if k not in without}, read_all(base, until), until)
    metrics = metrics_of(own)
    for name in started:
        assert metrics[name]["samples_failed_total"] == metrics[name]["histograms_failed_total"] == 0, metrics[name]
    for name in ("losing_v1", "losing_v2"):
        assert name == "losing_v1" or metrics[name]["samples_written_before_total"] > 0, metrics[name]
        assert metrics[name]["samples_retried_total"] > 0, metrics[name]
        print(f"{name}: {metrics[name]['samples_written_before_total']:.0f} samples were written before, "
              f"{metrics[name]['sent_batch_duration_seconds_count']:.0f} requests")
    text = open(log).read()
    assert "that were written before" in text and "Remote write refused samples" not in text, text[-3000:]


def main():
    with peers.workdir() as path, contextlib.ExitStack() as stack:
        run(path, stack)


if __name__ == "__main__":
    main()
