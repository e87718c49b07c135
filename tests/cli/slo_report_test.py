#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sloburn slo report` against a running `sloburn serve`: without FILE, with FILE, and where the
server has no SLOs or is something else. usage: slo_report_test.py SLOBURN
"""
import http.server, json, os, signal, subprocess, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import peers

SLOBURN = sys.argv[1]
SLOS = """version: prometheus/v1
service: gateway
slos:
- name: availability
  objective: 99
  window: 1h
  sli:
    events:
      error_query: 'sum(rate(errors[{{.window}}]))'
      total_query: 'sum(rate(requests[{{.window}}]))'
"""


def report(base, *arguments):
    done = subprocess.run([SLOBURN, "slo", "report", "--url=" + base, *arguments],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def check(condition, *shown):
    if not condition:
        raise AssertionError(shown)


def check_figures(base, slo_file):
    code, table, errors = report(base)
    check(code == 0 and errors == "", code, errors)
    header, row = table.splitlines()
    check(header.split()[:4] == ["SERVICE", "SLO", "OBJECTIVE", "WINDOW"], header)
    check(row.split()[:6] == ["gateway", "availability", "99%", "1h", "99.5000%", "50.00%"], row)
    check(report(base, slo_file)[1].splitlines()[1].split()[:6] == row.split()[:6], row)
    code, text, _ = report(base, "--output=json")
    slos = json.loads(text)
    check(code == 0 and len(slos) == 1, text)
    check(list(slos[0]) == ["service", "name", "objective", "window", "sli", "errorBudgetRemaining",
                            "burnRates", "secondsToExhaustion"], text)
    check(list(slos[0]["burnRates"]) == ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"], text)
    check(abs(slos[0]["sli"] - 0.995) < 1e-9, text)


def check_reload(process, base, config, log):
    """SIGHUP with a bad SLO file keeps the old SLOs; without slo_files there are none."""
    bad = os.path.join(os.path.dirname(config), "bad.yaml")
    with open(bad, "w") as f:
        f.write("version: prometheus/v1\nservice: s\nslos:\n- name: n\n")
    process.send_signal(signal.SIGHUP)
    peers.wait_for("the refusal", lambda: bad + ":4:3: the key" in open(log).read())
    check(report(base)[0] == 0)
    os.remove(bad)
    with open(config, "w") as f:
        f.write("slo_files: []\n")
    process.send_signal(signal.SIGHUP)
    peers.wait_for("the reload", lambda: "Configuration is reloaded" in open(log).read())
    code, out, errors = report(base)
    check(code == 1 and out == "", out)
    check("the server has no SLOs: name their files under slo_files" in errors, errors)


def check_start_is_refused(path, config):
    bad = os.path.join(path, "bad.yaml")
    with open(bad, "w") as f:
        f.write(SLOS.replace("service: gateway", "servce: gateway"))
    done = subprocess.run([SLOBURN, "serve", "--config.file=" + config,
                           "--web.listen-address=127.0.0.1:0"],
                          capture_output=True, text=True, timeout=60)
    check(done.returncode == 2, done)
    check(bad + ':2:1: unknown key "servce"' in done.stderr, done.stderr)
    os.remove(bad)


class OtherServer(http.server.BaseHTTPRequestHandler):
    answer = (404, b"404 page not found")

    def do_GET(self):
        status, body = OtherServer.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def check_other_servers():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OtherServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    expected = {
        (404, b"404 page not found"): "is no sloburn",
        (400, b"unsupported path requested"): "is no sloburn",
        (200, b"<html>"): "is no sloburn",
        (503, b"try later"): "answered 503: try later",
        (503, b'{"status":"error","errorType":"timeout","error":"too slow"}'): ": too slow",
    }
    for answer, words in expected.items():
        OtherServer.answer = answer
        code, out, errors = report(base)
        check(code == 1 and out == "" and words in errors, answer, errors)
    server.shutdown()
    server.server_close()
    code, _, errors = report(base)
    check(code == 1 and errors.startswith("error: "), errors)


def main():
    with peers.workdir() as path:
        slo_file = os.path.join(path, "slos.yaml")
        config = os.path.join(path, "sloburn.yml")
        with open(slo_file, "w") as f:
            f.write(SLOS)
        with open(config, "w") as f:
            f.write("slo_files: ['*.yaml']\n")
        check_start_is_refused(path, config)
        port = peers.free_port()
        base = f"http://127.0.0.1:{port}"
        log = os.path.join(path, "sloburn.log")
        command = [SLOBURN, "serve", "--config.file=" + config,
                   "--web.enable-remote-write-receiver",
                   f"--web.listen-address=127.0.0.1:{port}"]
        with peers.running(command, log) as process:
            peers.wait_for("sloburn", lambda: peers.get(base + "/-/ready"))
            now = int(time.time() * 1000)
            times = range(now - 3_600_000, now + 1, 15_000)
            peers.push(base, {
                (("__name__", "requests"),): [(t, (t - times[0]) / 10.0) for t in times],
                (("__name__", "errors"),): [(t, (t - times[0]) / 2000.0) for t in times]})
            check_figures(base, slo_file)
            check_reload(process, base, config, log)
    check_other_servers()
    print("PASSED")


main()
