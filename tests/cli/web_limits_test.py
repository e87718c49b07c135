#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The limits of the server, set by their flags, at one endpoint of each class: health, query, metadata,
rules, status, metrics, lifecycle, remote write, remote read.
usage: web_limits_test.py SLOBURN
"""
import os, socket, subprocess, sys, time, urllib.error, urllib.parse, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import peers

SLOBURN = sys.argv[1]
FLAGS = ["--web.max-uri-size=2KB", "--web.max-header-size=1KB", "--web.max-headers=20",
         "--web.max-body-size=8KB", "--web.max-write-body-size=64KB", "--web.max-decoded-body-size=128KB",
         "--web.header-timeout=1s", "--web.body-timeout=1s", "--web.max-connections=40",
         "--web.max-response-size=64KB", "--web.max-points-per-series=100", "--web.read-timeout=2s",
         "--web.remote-write-receiver.max-samples=3", "--web.remote-write-receiver.max-labels=3",
         "--web.remote-write-receiver.max-ahead=1m", "--web.enable-lifecycle",
         "--web.enable-remote-write-receiver"]
GET = ["/-/healthy", "/-/ready", "/api/v1/query?query=1", "/api/v1/query_range?query=1&start=0&end=9&step=1",
       "/api/v1/series?match[]=up", "/api/v1/labels", "/api/v1/label/job/values", "/api/v1/metadata",
       "/api/v1/rules", "/api/v1/alerts", "/api/v1/status/config", "/api/v1/status/tsdb", "/api/v1/slos",
       "/metrics", "/nosuch"]
POST = ["/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/api/v1/labels", "/api/v1/format_query",
        "/-/reload", "/api/v1/write", "/api/v1/read"]
REMOTE = ("/api/v1/write", "/api/v1/read")


def check(condition, *shown):
    if not condition:
        raise AssertionError(shown)


def exchange(port, data, wait=5.0):
    """The status of the answer; 0 where the server closes without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as s:
        try:
            s.sendall(data)
            head = s.recv(64)
        except ConnectionError:
            return 0
        return int(head.split()[1]) if head.startswith(b"HTTP/1.1 ") else 0


def heads(port):
    for path in GET:
        line = f"GET {path} HTTP/1.1\r\nHost: x\r\n".encode()
        check(exchange(port, line + b"\r\n") in (200, 404), path)
        long = b"GET " + path.encode() + (b"&" if b"?" in line else b"?") + b"a" * 2100 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        check(exchange(port, long) == 414, path)
        check(exchange(port, line + b"X: " + b"a" * 1100 + b"\r\n\r\n") == 431, path)
        check(exchange(port, line + b"X: a\r\n" * 20 + b"\r\n") == 431, path)


def bodies(port):
    for path in POST:
        limit = (64 if path in REMOTE else 8) << 10
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n".encode()
        check(exchange(port, head + b"Content-Length: %d\r\n\r\n" % (limit + 1)) == 413, path)
        chunk = b"%x\r\n" % (limit + 1) + b"a" * (limit + 1) + b"\r\n0\r\n\r\n"
        check(exchange(port, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk) == 413, path)
        check(exchange(port, head + b"Content-Length: 2\r\n\r\na=") not in (0, 413), path)


def slow(port):
    """All at once: each connection is given up in a bit more than its second."""
    begin = time.monotonic()
    waiting = []
    for path in GET:
        waiting.append((f"GET {path} HTTP/1.1\r\nHost:".encode(), 408, path))
    for path in POST:
        waiting.append((f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na".encode(), 408, path))
    sockets = []
    for data, _, _ in waiting:
        sockets.append(socket.create_connection(("127.0.0.1", port), timeout=10))
        sockets[-1].sendall(data)
    for one, (_, status, path) in zip(sockets, waiting):
        answer = one.recv(64)
        check(answer.startswith(b"HTTP/1.1 %d " % status), path, answer)
        one.close()
    check(1 <= time.monotonic() - begin < 4, time.monotonic() - begin)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as idle:
        idle.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
        check(idle.recv(4096))
        begin = time.monotonic()
        check(idle.recv(1) == b"" and 1.5 < time.monotonic() - begin < 4)


def post(base, path, body):
    request = urllib.request.Request(base + path, data=body, headers={
        "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, b""
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def remote(base):
    """What is small on the wire and large when decompressed, and what has too much in it."""
    bomb = bytearray(b"\x81\x80\x08\x00a")  # 131073 bytes
    bomb += b"\xfe\x01\x00" * 2050
    for path in REMOTE:
        status, error = post(base, path, bytes(bomb))
        check(status in (400, 413), path, status, error)
    now = int(time.time() * 1000)
    name = ("__name__", "a")
    series = lambda labels, samples: peers._snappy(peers.write_request([peers.Series(labels, samples)]))
    few = [(now - i, 1.0) for i in (3, 2, 1)]
    check(post(base, "/api/v1/write", series((name,), few))[0] == 204)
    for labels, samples in (((name,), few + [(now, 1.0)]),
                            ((name, ("b", "1"), ("c", "1"), ("d", "1")), few),
                            ((name, ("z", "1")), [(now + 120_000, 1.0)])):
        status, error = post(base, "/api/v1/write", series(labels, samples))
        check(status in (400, 413), labels, status, error)


def answers(base):
    def ask(path):
        try:
            return 200, urllib.request.urlopen(base + path, timeout=20).read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
    check(ask("/api/v1/query_range?query=1&start=0&end=100&step=1")[0] == 200)
    status, error = ask("/api/v1/query_range?query=1&start=0&end=101&step=1")
    check(status == 400 and b"maximum resolution of 100 points" in error, status, error)
    many = " or ".join(f"label_replace(vector(1),'a','{i}','','')" for i in range(80))
    data = urllib.parse.urlencode({"query": many, "start": 0, "end": 100, "step": 1}).encode()
    try:
        peers_answer = urllib.request.urlopen(base + "/api/v1/query_range", data=data, timeout=20).read()
        raise AssertionError(len(peers_answer))
    except urllib.error.HTTPError as error:
        told = error.read()
        check(error.code == 422 and b"larger than 65536 bytes" in told, error.code, told)


def bad_flags():
    for flag in ("--web.max-body-size=0", "--web.max-body-size=x", "--web.header-timeout=0s",
                 "--web.header-timeout=soon", "--web.max-headers=0", "--web.max-headers=many",
                 "--web.max-connections=-1", "--web.external-url=x", "--config.auto-reload-interval=x"):
        done = subprocess.run([SLOBURN, "serve", flag], capture_output=True, text=True, timeout=60)
        check(done.returncode == 2 and flag.split("=")[0] in done.stderr, flag, done)


def main():
    bad_flags()
    with peers.workdir() as path, peers.sloburn(SLOBURN, path, *FLAGS) as (base, process):
        port = int(base.rsplit(":", 1)[1])
        heads(port)
        bodies(port)
        slow(port)
        remote(base)
        answers(base)
        check(process.poll() is None)
    print("every class of endpoints keeps its limits")


main()
